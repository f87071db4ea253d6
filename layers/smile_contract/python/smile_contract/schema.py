"""The published JSON Schemas of the contract (draft 2020-12)."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any, Literal

SchemaName = Literal["smile_event", "smile_message", "heartbeat"]


@cache
def schema(name: SchemaName) -> dict[str, Any]:
    """Return the JSON Schema called `name`; treat it as read-only."""
    text = files("smile_contract").joinpath("schemas", f"{name}.schema.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded
