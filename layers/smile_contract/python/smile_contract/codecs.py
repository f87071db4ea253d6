"""Codecs: how the contract checks one kind of value, reads it from JSON and writes it to JSON.

A field's annotation names its codec, for example ``Annotated[float, Number(0, 1)]``;
`smile_contract.record` derives everything else from it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from smile_contract.errors import ContractError, describe
from smile_contract.times import format_time, parse_time, truncate_to_ms

# The largest integer that every JSON reader keeps exact (RFC 8259, section 6).
MAX_SAFE_INTEGER = (1 << 53) - 1


class Codec:
    """One kind of value. `check` and `encode` suit values that JSON and Python share."""

    __slots__ = ()

    def decode(self, value: object, path: str) -> Any:
        """Return the Python value of a JSON value.

        Raises
        ------
        ContractError
            When `value` is not of this kind. The error names `path`.
        """
        raise NotImplementedError

    def check(self, value: object, path: str) -> None:
        """Raise `ContractError` when a Python value is not of this kind."""
        self.decode(value, path)

    def encode(self, value: Any) -> Any:
        """Return the JSON value of a Python value."""
        return value


@dataclass(frozen=True, slots=True)
class Version(Codec):
    """The one version of a message that this code knows."""

    known: int

    def decode(self, value: object, path: str) -> int:
        """Return the known version."""
        if isinstance(value, bool) or value != self.known:
            raise ContractError(path, f"expected {self.known}, got {describe(value)}")
        return self.known


@dataclass(frozen=True, slots=True)
class Integer(Codec):
    """A whole number from `low` to `high`."""

    low: int = 0
    high: int = MAX_SAFE_INTEGER

    def decode(self, value: object, path: str) -> int:
        """Return the number as an int: 3.0 is the same JSON number as 3."""
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        is_integer = isinstance(value, int) and not isinstance(value, bool)
        if not is_integer or not self.low <= value <= self.high:  # type: ignore[operator]
            expected = f"from {self.low} to {self.high}"
            if self.high == MAX_SAFE_INTEGER:
                expected = f"{self.low} or more"
            raise ContractError(path, f"expected a whole number, {expected}, got {describe(value)}")
        return value  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class Number(Codec):
    """A number from `low` to `high`."""

    low: float
    high: float

    def decode(self, value: object, path: str) -> float:
        """Return the number as a float."""
        # The comparison is False for NaN, and exact for integers that no float can hold.
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not self.low <= value <= self.high:  # type: ignore[operator]
            raise ContractError(
                path,
                f"expected a number from {self.low:g} to {self.high:g}, got {describe(value)}",
            )
        return float(value)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Items(Codec):
    """A list of `least` to `most` items. The codec checks its length only."""

    least: int
    most: int
    noun: str = "items"
    """What errors call the items."""

    def decode(self, value: object, path: str) -> Sequence[Any]:
        """Return the list."""
        if not isinstance(value, list | tuple) or not self.least <= len(value) <= self.most:
            length = f"{self.least}" if self.least == self.most else f"{self.least} to {self.most}"
            got = f"{len(value)}" if isinstance(value, list | tuple) else describe(value)
            raise ContractError(path, f"expected a list of {length} {self.noun}, got {got}")
        return value

    def encode(self, value: Sequence[Any]) -> list[Any]:
        """Return the items as a list."""
        return list(value)


@dataclass(frozen=True, slots=True)
class Numbers(Items):
    """A list of `least` to `most` numbers from 0 to 1."""

    noun: str = "numbers"
    item: Number = Number(0, 1)

    def decode(self, value: object, path: str) -> tuple[float, ...]:
        """Return the numbers as a tuple of floats."""
        numbers = Items.decode(self, value, path)
        return tuple(self.item.decode(one, f"{path}[{index}]") for index, one in enumerate(numbers))


@dataclass(frozen=True, slots=True)
class Truth(Codec):
    """True or false."""

    def decode(self, value: object, path: str) -> bool:
        """Return the value."""
        if not isinstance(value, bool):
            raise ContractError(path, f"expected true or false, got {describe(value)}")
        return value


@dataclass(frozen=True, slots=True)
class OneOf(Codec):
    """One of a few texts."""

    choices: tuple[str, ...]

    def decode(self, value: object, path: str) -> str:
        """Return the text."""
        if not isinstance(value, str) or value not in self.choices:
            expected = " or ".join(f'"{choice}"' for choice in self.choices)
            raise ContractError(path, f"expected {expected}, got {describe(value)}")
        return value


@dataclass(frozen=True, slots=True)
class Text(Codec):
    """A text that matches `pattern` as a whole; errors call it `expected`."""

    pattern: re.Pattern[str]
    expected: str

    def decode(self, value: object, path: str) -> str:
        """Return the text."""
        if not isinstance(value, str) or self.pattern.fullmatch(value) is None:
            raise ContractError(path, f"expected {self.expected}, got {describe(value)}")
        return value


@dataclass(frozen=True, slots=True)
class UtcTime(Codec):
    """An instant in whole milliseconds."""

    def decode(self, value: object, path: str) -> datetime:
        """Return the instant that the text names."""
        return parse_time(value, path)

    def check(self, value: object, path: str) -> None:
        """Raise `ContractError` unless `value` is an instant in whole milliseconds."""
        if not isinstance(value, datetime):
            raise ContractError(path, f"expected a time, got {describe(value)}")
        if truncate_to_ms(value, path) != value:
            raise ContractError(path, "expected whole milliseconds")

    def encode(self, value: datetime) -> str:
        """Return the instant as text."""
        return format_time(value)


Count = Annotated[int, Integer()]
Flag = Annotated[bool, Truth()]
Score = Annotated[float, Number(0, 1)]
Sha256 = Annotated[str, Text(re.compile("[0-9a-f]{64}"), "64 lower-case hexadecimal digits")]
Time = Annotated[datetime, UtcTime()]
