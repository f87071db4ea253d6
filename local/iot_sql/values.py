"""Values of AWS IoT SQL and the conversions of its operators.

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

from local.iot_sql.errors import PayloadError


class Undefined(Enum):
    """SQL's "not a value": a missing field, or the result for an operand of the wrong type."""

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
    """Decode a payload as the rules engine does for SQL version 2016-03-23.

    Whole numbers such as ``10.0`` become integers ("Data types").

    Raises
    ------
    PayloadError
        When the payload is not a JSON text in UTF-8.
    """
    try:
        return json.loads(payload.decode("utf-8"), parse_float=_number, parse_constant=_refuse)
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise PayloadError("the payload is not JSON") from None


def compare(symbol: str, left: Any, right: Any) -> bool | Undefined:
    """Apply ``=``, ``<>``, ``>``, ``>=``, ``<`` or ``<=`` to JSON values or ``UNDEFINED``."""
    if symbol in _ORDERINGS:
        first, second = to_decimal(left), to_decimal(right)
        if first is None or second is None:
            return UNDEFINED
        return _ORDERINGS[symbol](first, second)
    if isinstance(left, Undefined) or isinstance(right, Undefined):
        return UNDEFINED
    return _equal(left, right) is (symbol == "=")


def to_decimal(value: Any) -> Decimal | None:
    """Convert an operand of an ordering; None where the reference says Undefined."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return Decimal(repr(value))
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        return Decimal(value)
    return None


def to_boolean(value: Any) -> bool | None:
    """Convert an operand of AND, OR and NOT; None where the reference says Undefined."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    return None


def to_text(value: Any) -> str | None:
    """Convert a value to a text; None for Undefined ("Data types", Conversions)."""
    if isinstance(value, Undefined):
        return None
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _equal(left: Any, right: Any) -> bool:
    """Compare two JSON values; True is not 1, as it is in Python."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_equal(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_equal, left, right))
    return bool(left == right)


def _number(text: str) -> int | float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("outside the range of a number")
    return int(number) if number.is_integer() else number


def _refuse(_: str) -> None:
    raise ValueError("NaN and Infinity are not JSON")
