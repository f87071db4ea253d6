"""The formats of the list of events."""

from __future__ import annotations

from typing import Final

JSON: Final = "application/json"
CSV: Final = "text/csv"
NDJSON: Final = "application/x-ndjson"
MEDIA_TYPES: Final = (JSON, CSV, NDJSON)  # the first is sent to clients that like all alike
