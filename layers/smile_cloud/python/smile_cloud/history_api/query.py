"""Which events a list holds, and in which order."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any

from smile_contract import format_time


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """The events to list.

    Attributes
    ----------
    device_id : str or None
        None means all devices.
    start, end : datetime or None
        ``start <= started_at < end``, UTC; None means no limit on that side.
    min_score : float or None
        ``peak_score`` is at least this.
    min_duration_ms : int or None
        ``duration_ms`` is at least this; for a smile that goes on, it is the duration so far.
    in_progress : bool or None
        Whether the end of the smile is not known yet.
    oldest_first : bool
    """

    device_id: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    min_score: float | None = None
    min_duration_ms: int | None = None
    in_progress: bool | None = None
    oldest_first: bool = False

    def fingerprint(self) -> bytes:
        """Return a text that only equal queries share."""
        return "\n".join(_text(value) for value in astuple(self)).encode()

    def condition(self) -> tuple[list[str], dict[str, Any]]:
        """Return the filters as parts of a DynamoDB condition, and the values in them."""
        parts: list[str] = []
        values: dict[str, Any] = {}
        for name, least in (("peak_score", self.min_score), ("duration_ms", self.min_duration_ms)):
            if least is not None:
                parts.append(f"{name} >= :{name}")
                values[f":{name}"] = least
        if self.in_progress is not None:
            parts.append("phase = :phase")
            values[":phase"] = "started" if self.in_progress else "ended"
        return parts, values


def _text(value: object) -> str:
    return format_time(value) if isinstance(value, datetime) else repr(value)
