"""An event as the API shows it: the contract's fields and when the cloud received it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

# Listed, and not "all but the keys", so that nothing stored later leaks out by accident.
_FIELDS: Final = (
    "schema_version",
    "event_id",
    "device_id",
    "seq",
    "phase",
    "started_at",
    "ended_at",
    "duration_ms",
    "peak_score",
    "mean_score",
    "face",
    "track_id",
    "model",
    "score_history",
    "received_at",
)


def event_view(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a stored event that the API shows, in the contract's order."""
    return {name: item[name] for name in _FIELDS if name in item}
