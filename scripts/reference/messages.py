"""The reference of the messages: the JSON Schemas of devices and alerts as tables."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from scripts.reference.tables import cell

ROOT: Final = Path(__file__).resolve().parents[2]
SCHEMAS: Final = (
    "layers/smile_contract/python/smile_contract/schemas/smile_event.schema.json",
    "layers/smile_contract/python/smile_contract/schemas/smile_message.schema.json",
    "layers/smile_contract/python/smile_contract/schemas/heartbeat.schema.json",
    "docs/alert.schema.json",
)
_EXAMPLES: Final = {
    "SmileEvent": "events/messages/ended.json",
    "SmileMessage": "events/messages/batch.json",
}
_HEAD: Final = """# Messages

This page is made from the JSON Schemas that the code and its tests check messages against. A
message of a device with a field that is not listed here is rejected. [The
architecture](../architecture.md#the-path-of-an-event) shows where each message travels.
"""
Schema = Mapping[str, Any]


def messages_reference() -> str:
    """Return the page as Markdown."""
    parts = [_HEAD]
    for path in SCHEMAS:
        schema = json.loads((ROOT / path).read_text("utf-8"))
        parts += [f"\n## {schema['title']}\n", schema["description"], ""]
        parts += list(_described(schema, schema))
        parts.append(f"Schema: `{path}`, `$id` `{schema['$id']}`\n")
        if example := _EXAMPLES.get(schema["title"]):
            text = (ROOT / example).read_text("utf-8").strip()
            parts.append(f"Example, `{example}`:\n\n```json\n{text}\n```\n")
    return "\n".join(parts)


def fields(schema: Schema, root: Schema, prefix: str = "") -> Iterator[tuple[str, bool, Schema]]:
    """Yield path, whether it is required, and schema of each field, also of inner objects."""
    for name, given in schema.get("properties", {}).items():
        found = _resolved(given, root)
        yield f"{prefix}{name}", name in schema.get("required", ()), found
        inner = _resolved(found["items"], root) if isinstance(found.get("items"), dict) else found
        dots = "[]." if inner is not found else "."
        yield from fields(inner, root, f"{prefix}{name}{dots}")


def _described(schema: Schema, root: Schema) -> Iterator[str]:
    if "oneOf" in schema:
        for given in schema["oneOf"]:
            one = _resolved(given, root)
            if "properties" not in one:
                yield f"* {_type(one)}\n"
                continue
            kinds = one["properties"].get("kind", {}).get("enum", [])
            title = ", ".join(f"`{kind}`" for kind in kinds) or "an object"
            yield f"**{title}**\n"
            yield from _table(one, root)
    else:
        yield from _table(schema, root)


def _table(schema: Schema, root: Schema) -> Iterator[str]:
    yield "| field | type | required | meaning |\n|---|---|---|---|"
    for path, is_required, found in fields(schema, root):
        meaning = cell(found.get("description", ""))
        yield f"| `{path}` | {_type(found)} | {'yes' if is_required else ''} | {meaning} |"
    yield ""


def _type(schema: Schema) -> str:
    """Return type and bounds in words."""
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    if "enum" in schema:
        return ", ".join(f"`{one}`" for one in schema["enum"])
    if "oneOf" in schema:
        return " or ".join(_type(one) for one in schema["oneOf"])
    if reference := schema.get("$ref"):
        return f"`{reference.rpartition('/')[2]}`"
    kinds = schema.get("type", "any")
    text = " or ".join([kinds] if isinstance(kinds, str) else kinds)
    bounds = [
        f"{word} {schema[name]}"
        for name, word in (
            ("minimum", "from"), ("maximum", "to"),
            ("minItems", "at least"), ("maxItems", "at most"), ("maxLength", "at most"),
        )
        if name in schema
    ]  # fmt: skip
    if "pattern" in schema:
        bounds.append(f"<code>{cell(schema['pattern'])}</code>")
    return ", ".join([text, *bounds])


def _resolved(schema: Schema, root: Schema) -> Schema:
    """Follow a reference inside a schema; what stands beside the reference goes before it."""
    reference = schema.get("$ref", "")
    if not reference.startswith("#/"):
        return schema
    found: Any = root
    for name in reference.removeprefix("#/").split("/"):
        found = found[name]
    return {**found, **{name: value for name, value in schema.items() if name != "$ref"}}
