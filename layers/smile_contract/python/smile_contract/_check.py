"""Checks of one JSON value each; every failure names the field and what was expected."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING

from smile_contract.errors import ContractError
from smile_contract.ids import is_device_id

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

# Largest whole number that every JSON reader keeps exact (RFC 8259, section 6).
MAX_SAFE_INTEGER = (1 << 53) - 1


def describe(value: object) -> str:
    """Return what `value` is, briefly and without spilling its contents."""
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if isinstance(value, int | float):
        return repr(value) if len(repr(value)) <= 24 else "a number out of range"  # noqa: PLR2004
    if isinstance(value, str):
        return repr(value) if len(value) <= 40 else f"text of {len(value)} characters"  # noqa: PLR2004
    if isinstance(value, Mapping):
        return "an object"
    return "a list" if isinstance(value, list | tuple) else type(value).__name__


def field_names(cls: type[DataclassInstance]) -> frozenset[str]:
    """Return the names of a data class's fields."""
    return frozenset(field.name for field in fields(cls))


def mapping(value: object, field: str) -> Mapping[str, object]:
    """Return `value` if it is a JSON object."""
    if not isinstance(value, Mapping):
        raise ContractError(field, f"expected an object, got {describe(value)}")
    return value


def only_fields(
    value: Mapping[str, object], required: frozenset[str], optional: frozenset[str], where: str
) -> None:
    """Refuse missing and unknown fields of the object at `where` (``""`` for the top)."""
    prefix = f"{where}." if where else ""
    for name in sorted(required - value.keys()):
        raise ContractError(prefix + name, "expected, but missing")
    for name in sorted(str(key)[:40] for key in value.keys() - required - optional):
        raise ContractError(prefix + name, "unknown field")


def integer(value: object, field: str, low: int = 0, high: int = MAX_SAFE_INTEGER) -> int:
    """Return `value` if it is a whole number from `low` to `high`."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # 3.0 is the same JSON number as 3
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        expected = f"{low} or more" if high == MAX_SAFE_INTEGER else f"from {low} to {high}"
        raise ContractError(field, f"expected a whole number, {expected}, got {describe(value)}")
    return value


def number(value: object, field: str, low: float = 0.0, high: float = 1.0) -> float:
    """Return `value` as a float if it is a finite number from `low` to `high`."""
    # The comparison is False for NaN, and exact for whole numbers that no float can hold.
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not low <= value <= high:  # type: ignore[operator]
        raise ContractError(
            field, f"expected a number from {low:g} to {high:g}, got {describe(value)}"
        )
    return float(value)  # type: ignore[arg-type]


def numbers(value: object, field: str, least: int, most: int) -> tuple[float, ...]:
    """Return `value` as a tuple of numbers from 0 to 1 if its length fits."""
    if not isinstance(value, list | tuple) or not least <= len(value) <= most:
        length = f"{least}" if least == most else f"{least} to {most}"
        got = f"{len(value)}" if isinstance(value, list | tuple) else describe(value)
        raise ContractError(field, f"expected a list of {length} numbers, got {got}")
    return tuple(number(item, f"{field}[{index}]") for index, item in enumerate(value))


def one_of(value: object, field: str, choices: tuple[str, ...]) -> str:
    """Return `value` if it is one of `choices`."""
    if value not in choices or not isinstance(value, str):
        expected = " or ".join(f'"{choice}"' for choice in choices)
        raise ContractError(field, f"expected {expected}, got {describe(value)}")
    return value


def device_id(value: object, field: str = "device_id") -> str:
    """Return `value` if it may name a device."""
    if not isinstance(value, str) or not is_device_id(value):
        raise ContractError(field, f"expected 1 to 128 of a-z A-Z 0-9 : _ -, got {describe(value)}")
    return value


def schema_version(value: object, known: int) -> int:
    """Return `value` if it is the `known` version of the contract."""
    if isinstance(value, bool) or value != known:
        raise ContractError("schema_version", f"expected {known}, got {describe(value)}")
    return known
