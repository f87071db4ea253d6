"""Settings by dotted key, such as ``smile.threshold_on``, and by section, as shadows hold them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def flattened(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings by dotted key."""
    flat: dict[str, Any] = {}
    for key, value in document.items():
        if isinstance(value, Mapping):
            flat |= {f"{key}.{name}": inner for name, inner in value.items()}
        else:
            flat[key] = value
    return flat


def nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings by section."""
    document: dict[str, Any] = {}
    for key, value in flat.items():
        section, _, name = key.rpartition(".")
        (document.setdefault(section, {}) if section else document)[name] = value
    return document
