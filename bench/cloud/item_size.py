"""The size of a DynamoDB item, from which the units of a request follow.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

_READ_UNIT_BYTES = 4096


def item_bytes(item: Mapping[str, Any]) -> int:
    """Return the bytes of an item, given its attribute values."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def read_units(items: Iterable[Mapping[str, Any]]) -> float:
    """Return the units of one eventually consistent query that reads these items."""
    return math.ceil(max(1, sum(map(item_bytes, items))) / _READ_UNIT_BYTES) / 2


def _value_bytes(value: Mapping[str, Any]) -> int:
    [(kind, inner)] = value.items()
    if kind == "S":
        return len(inner.encode())
    if kind == "N":
        return len(inner.strip("-0.").replace(".", "")) // 2 + 2
    if kind in {"BOOL", "NULL"}:
        return 1
    if kind == "L":
        return 3 + sum(1 + _value_bytes(one) for one in inner)
    if kind == "M":
        return 3 + len(inner) + item_bytes(inner)
    raise TypeError(f"expected S, N, BOOL, NULL, L or M, got {kind}")
