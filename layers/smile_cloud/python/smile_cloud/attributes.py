"""Convert JSON-ready values to DynamoDB attribute values and back.

DynamoDB numbers are decimal. Floats are written in their shortest decimal form, so you read
exactly what you wrote.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

# DynamoDB refuses numbers closer to 0 than this:
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
_SMALLEST: Final = 1e-130
_SERIALIZER: Final = TypeSerializer()
_DESERIALIZER: Final = TypeDeserializer()


def _decimal(value: Any) -> Any:
    if isinstance(value, float):
        return Decimal(repr(value)) if abs(value) >= _SMALLEST else Decimal(0)
    if isinstance(value, Mapping):
        return {key: _decimal(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_decimal(item) for item in value]
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def to_attributes(fields: Mapping[str, Any]) -> dict[str, AttributeValueTypeDef]:
    """Return JSON-ready `fields` as DynamoDB attribute values."""
    return {name: _SERIALIZER.serialize(_decimal(value)) for name, value in fields.items()}


def from_attributes(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON-ready fields of a DynamoDB item; whole numbers become ``int``."""
    return {name: _plain(_DESERIALIZER.deserialize(value)) for name, value in item.items()}
