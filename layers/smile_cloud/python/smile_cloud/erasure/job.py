"""A job that erases events of a device, or everything about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from smile_cloud.keys import erasure_job_key
from smile_contract import format_time, parse_time

# When the job starts to delete, no function may still write what it has read before the request:
# longer than the slowest function that writes about a device (50 s), than the request itself (10 s)
# and 10 s for a call that is under way. A test compares it with the template.
WAIT: Final = timedelta(seconds=75)
_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Scope(StrEnum):
    """What a job erases."""

    EVENTS = "events"
    DEVICE = "device"


class State(StrEnum):
    """How far a job is."""

    ACCEPTED = "accepted"
    DELETING = "deleting"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class ErasureRequest:
    """What someone asks to erase.

    Attributes
    ----------
    device_id : str
    scope : Scope
    start, end : datetime or None
        The events that started in ``start <= started_at < end``; None for a whole device.
    """

    device_id: str
    scope: Scope
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A job, as it is stored.

    Attributes
    ----------
    job_id : str
        UUIDv7.
    request : ErasureRequest
    requested_at : datetime
        UTC, in whole milliseconds.
    expires_at : int
        When the job is forgotten, in seconds since 1970.
    state : State
    step : int
        The step that comes next. Messages of earlier steps are repetitions.
    events, other_items : int
        What is deleted so far.
    finished_at : datetime or None
    """

    job_id: str
    request: ErasureRequest
    requested_at: datetime
    expires_at: int
    state: State = State.ACCEPTED
    step: int = 0
    events: int = 0
    other_items: int = 0
    finished_at: datetime | None = None

    @property
    def start(self) -> datetime:
        """The start of what is erased."""
        return self.request.start or _EARLIEST

    @property
    def until(self) -> datetime:
        """The end of what is erased, never after the request: what comes later stays."""
        end = self.request.end
        return self.requested_at if end is None else min(end, self.requested_at)

    @property
    def starts_at(self) -> datetime:
        """When it may start to delete."""
        return self.requested_at + WAIT

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Job:
        """Return the job in a stored item."""
        fields = {name: parse_time(item[name]) for name in ("start", "end") if name in item}
        finished = item.get("finished_at")
        return cls(
            job_id=item["job_id"],
            request=ErasureRequest(item["device_id"], Scope(item["scope"]), **fields),
            requested_at=parse_time(item["requested_at"]),
            expires_at=item["expires_at"],
            state=State(item["job_state"]),
            step=item["step"],
            events=item["events"],
            other_items=item["other_items"],
            finished_at=parse_time(finished) if finished is not None else None,
        )

    def item(self) -> dict[str, Any]:
        """Return the item to store."""
        pk, sk = erasure_job_key(self.request.device_id, self.job_id)
        times = {"start": self.request.start, "end": self.request.end}
        times["finished_at"] = self.finished_at
        return {
            "pk": pk,
            "sk": sk,
            "job_id": self.job_id,
            "device_id": self.request.device_id,
            "scope": self.request.scope,
            "requested_at": format_time(self.requested_at),
            "job_state": self.state,
            "step": self.step,
            "events": self.events,
            "other_items": self.other_items,
            "expires_at": self.expires_at,
            **{name: format_time(at) for name, at in times.items() if at is not None},
        }
