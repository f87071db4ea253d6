"""The size of an item, which decides what a write costs."""

from __future__ import annotations

from typing import Any


def size_of(value: Any) -> int:
    """Return the bytes of an item or value, as DynamoDB counts them.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
    """
    [(kind, inner)] = value.items() if len(value) == 1 else [("item", value)]
    if kind == "S":
        return len(inner)
    if kind == "N":
        return len(inner.strip("-0.").replace(".", "")) // 2 + 2
    if kind in {"BOOL", "NULL"}:
        return 1
    if kind == "L":
        return 3 + sum(1 + size_of(one) for one in inner)
    overhead = 0 if kind == "item" else 3 + len(inner)
    return overhead + sum(len(name) + size_of(one) for name, one in inner.items())
