"""Convert JSON-ready values to DynamoDB attribute values and back.

DynamoDB numbers are decimal. Floats are written in their shortest decimal form, so you read
exactly what you wrote. boto3 has converters too, but they refuse floats, and importing boto3 takes
a tenth of a cold start; see `smile_cloud.clients`.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

# DynamoDB refuses numbers closer to 0 than this:
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
_SMALLEST: Final = 1e-130


def to_attributes(fields: Mapping[str, Any]) -> dict[str, AttributeValueTypeDef]:
    """Return JSON-ready `fields` as DynamoDB attribute values.

    Raises
    ------
    TypeError
        When a value is not JSON-ready.
    """
    return {name: _attribute(value) for name, value in fields.items()}


def from_attributes(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON-ready fields of a DynamoDB item; whole numbers become ``int``.

    Raises
    ------
    TypeError
        When a value has a type that `to_attributes` does not write, such as a set.
    """
    return {name: _value(attribute) for name, attribute in item.items()}


def _attribute(value: Any) -> AttributeValueTypeDef:
    if value is None:
        return {"NULL": True}
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, bool):  # before int, of which bool is a subclass
        return {"BOOL": value}
    if isinstance(value, int | float):
        return {"N": _number(value)}
    if isinstance(value, Mapping):
        return {"M": {key: _attribute(item) for key, item in value.items()}}
    if isinstance(value, list | tuple):
        return {"L": [_attribute(item) for item in value]}
    raise TypeError(f"expected a JSON-ready value, got {type(value).__name__}")


def _number(value: float) -> str:
    return "0" if isinstance(value, float) and abs(value) < _SMALLEST else str(value)


def _value(attribute: Mapping[str, Any]) -> Any:
    [(kind, value)] = attribute.items()
    if kind in {"S", "BOOL"}:
        return value
    if kind == "N":
        number = Decimal(value)
        return int(number) if number == number.to_integral_value() else float(number)
    if kind == "NULL":
        return None
    if kind == "M":
        return {key: _value(item) for key, item in value.items()}
    if kind == "L":
        return [_value(item) for item in value]
    raise TypeError(f"expected S, N, BOOL, NULL, M or L, got {kind}")
