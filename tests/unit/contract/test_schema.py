"""The published JSON Schemas and the declared fields describe the same messages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from smile_contract import Heartbeat, SmileEvent, schema
from smile_contract.codecs import (
    Codec,
    Integer,
    Number,
    Numbers,
    OneOf,
    Text,
    Truth,
    UtcTime,
    Version,
)
from smile_contract.record import Nested, Record, wire_fields

SCHEMAS = Path(__file__).parents[3] / "layers/smile_contract/python/smile_contract/schemas"
TIME_PATTERN = (
    r"^(19[7-9][0-9]|[2-9][0-9]{3})-[0-9]{2}-[0-9]{2}"
    r"T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$"
)


def schema_of(codec: Codec) -> dict[str, Any]:  # noqa: PLR0911 - one for each codec
    match codec:
        case Version(known):
            return {"const": known}
        case Integer(low, high):
            return {"type": "integer", "minimum": low, "maximum": high}
        case Number(low, high):
            return {"type": "number", "minimum": low, "maximum": high}
        case Numbers(least, most, _, item):
            length = {"minItems": least} if least else {}
            return {"type": "array", "items": schema_of(item), **length, "maxItems": most}
        case Truth():
            return {"type": "boolean"}
        case OneOf(choices):
            return {"enum": list(choices)}
        case Text(pattern, _):
            return {"type": "string", "pattern": f"^{pattern.pattern}$"}
        case UtcTime():
            return {"type": "string", "pattern": TIME_PATTERN}
        case Nested(record):
            return schema_of_record(record)
    raise NotImplementedError(f"add the JSON Schema of {codec!r}")


def schema_of_record(record: type[Record]) -> dict[str, Any]:
    declared = wire_fields(record)
    return {
        "type": "object",
        "required": [field.name for field in declared if not field.is_optional],
        "additionalProperties": False,
        "properties": {field.name: schema_of(field.codec) for field in declared},
    }


def expanded(node: Any, definitions: dict[str, Any]) -> Any:
    """Replace ``$ref`` by its target and drop descriptions."""
    if isinstance(node, list):
        return [expanded(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    target = definitions[node["$ref"].removeprefix("#/$defs/")] if "$ref" in node else {}
    return {
        name: expanded(value, definitions)
        for name, value in (node | target).items()
        if name != "$ref" and not (name == "description" and isinstance(value, str))
    }


@pytest.mark.parametrize(
    ("name", "record"), [("smile_event", SmileEvent), ("heartbeat", Heartbeat)]
)
def test_schema_file_equals_the_declared_fields(name: Any, record: type[Record]) -> None:
    published = expanded(schema(name), schema(name)["$defs"])
    declared = schema_of_record(record)
    assert {key: published[key] for key in declared} == declared
    assert list(published["properties"]) == list(declared["properties"])  # in the same order too


def test_no_field_can_hold_an_image() -> None:
    """Every text matches a pattern, and no object accepts unknown fields."""
    for path in SCHEMAS.glob("*.json"):
        for node in _nodes(json.loads(path.read_text())):
            if node.get("type") == "string":
                assert "pattern" in node, (path.name, node)
            if node.get("type") == "object":
                assert node.get("additionalProperties") is False, (path.name, node)


def _nodes(value: object) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        return [value, *(node for child in value.values() for node in _nodes(child))]
    if isinstance(value, list):
        return [node for child in value for node in _nodes(child)]
    return []
