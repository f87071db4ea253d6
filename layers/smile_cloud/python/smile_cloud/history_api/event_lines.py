"""Events as lines of text: CSV for spreadsheets, NDJSON for programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from typing import Any, Final, Protocol

from smile_cloud.history_api.event_view import FIELDS
from smile_cloud.history_api.media_types import CSV, NDJSON
from smile_contract import schema

# The fields in fields. Who gave feedback is free text, which a spreadsheet could run as a formula.
_PARTS: Final[Mapping[str, tuple[str | None, ...]]] = {
    "feedback": ("verdict", "at"),
    **{
        name: tuple(field["properties"])
        for name, field in schema("smile_event")["properties"].items()
        if "properties" in field
    },
}


class EventLines(Protocol):
    """A format in which each event is a line."""

    def content_type(self, *, is_first: bool) -> str:
        """Return the value of ``Content-Type`` for the first part or a later one."""

    def head(self) -> str:
        """Return what stands before the first event of the first part."""

    def line(self, event: Mapping[str, Any]) -> str:
        """Return the line of an event, with its end."""


class Ndjson:
    """Each event is a JSON object in a line."""

    def content_type(self, *, is_first: bool) -> str:  # noqa: ARG002 - all parts are alike
        """Return the value of ``Content-Type``."""
        return NDJSON

    def head(self) -> str:
        """Return nothing: there is no header."""
        return ""

    def line(self, event: Mapping[str, Any]) -> str:
        """Return the line of an event, with its end."""
        return json.dumps(event, separators=(",", ":")) + "\n"


class Csv:
    """RFC 4180: a header, then a record for each event. Lists hold their numbers, with spaces.

    No value starts a formula that calls anything. Of the characters that start one, only ``-`` is
    allowed, in a device id, and ``(``, ``|`` and ``!`` are not.
    """

    COLUMNS: Final = tuple((name, part) for name in FIELDS for part in _PARTS.get(name, (None,)))

    def content_type(self, *, is_first: bool) -> str:
        """Return the value of ``Content-Type``, which says whether a header comes first."""
        return f"{CSV}; charset=utf-8; header={'present' if is_first else 'absent'}"

    def head(self) -> str:
        """Return the header."""
        return _record([name if part is None else f"{name}.{part}" for name, part in self.COLUMNS])

    def line(self, event: Mapping[str, Any]) -> str:
        """Return the record of an event, with its end."""
        return _record([_text(_value(event, name, part)) for name, part in self.COLUMNS])


LINES: Final[Mapping[str, EventLines]] = {CSV: Csv(), NDJSON: Ndjson()}


def _value(event: Mapping[str, Any], name: str, part: str | None) -> Any:
    value = event.get(name)
    return value if part is None or value is None else value.get(part)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return " ".join(map(str, value))
    return str(value)


def _record(cells: list[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()
