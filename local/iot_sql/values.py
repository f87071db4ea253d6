"""Values of AWS IoT SQL and how its operators compare them.

Source: "Data types" and "Operators", AWS IoT SQL reference, AWS IoT Core Developer Guide.
"""

from __future__ import annotations

import json
import math
import operator
import re
from collections.abc import Callable
from decimal import Decimal
from enum import Enum
from typing import Any, Final

from local.errors import PayloadError


class Undefined(Enum):
    """SQL's "not a value": what a missing field or a wrong operand gives."""

    UNDEFINED = "Undefined"


UNDEFINED: Final = Undefined.UNDEFINED

_DECIMAL = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
_ORDERINGS: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def parse_payload(payload: bytes) -> Any:
    """Read a payload as the rules engine does with SQL version 2016-03-23.

    Whole numbers such as ``10.0`` become integers ("Data types").

    Raises
    ------
    PayloadError
        When the payload is no JSON text in UTF-8.
    """
    try:
        return json.loads(payload.decode("utf-8"), parse_float=_number, parse_constant=_refuse)
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise PayloadError("the payload is not JSON") from None


def compare(symbol: str, left: Any, right: Any) -> bool | Undefined:
    """Apply a comparison operator.

    Parameters
    ----------
    symbol : str
        ``=``, ``<>``, ``>``, ``>=``, ``<`` or ``<=``.
    left, right : object
        JSON values or ``UNDEFINED``.
    """
    if symbol in _ORDERINGS:
        first, second = to_decimal(left), to_decimal(right)
        if first is None or second is None:
            return UNDEFINED
        return bool(_ORDERINGS[symbol](first, second))
    if isinstance(left, Undefined) or isinstance(right, Undefined):
        return UNDEFINED
    equal: bool = _kind(left) == _kind(right) and _equal(left, right)
    return equal is (symbol == "=")


def to_decimal(value: Any) -> Decimal | None:
    """Convert to Decimal as orderings do; None where the reference says Undefined."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return Decimal(repr(value))
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        return Decimal(value)
    return None


def to_boolean(value: Any) -> bool | None:
    """Convert to Boolean as AND, OR and NOT do; None where the reference says Undefined."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    return None


def _equal(left: Any, right: Any) -> bool:
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(
            compare("=", left[key], right[key]) is True for key in left
        )
    if isinstance(left, list):
        return len(left) == len(right) and all(
            compare("=", a, b) is True for a, b in zip(left, right, strict=True)
        )
    return bool(left == right)


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"  # True == 1 in Python, not in SQL
    return "number" if isinstance(value, int | float) else type(value).__name__


def _number(text: str) -> int | float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("outside the range of a number")
    return int(number) if number.is_integer() else number


def _refuse(_: str) -> None:
    raise ValueError("NaN and Infinity are no JSON")
