"""The heartbeat: that a device lives and how it fares; also its last will."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, cast

from smile_contract import _check
from smile_contract.errors import ContractError
from smile_contract.times import format_time, parse_time, truncate_to_ms

SCHEMA_VERSION: Final = 1
_MAX_FRAME_RATE: Final = 1000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """One sign of life.

    Attributes
    ----------
    device_id : str
    sent_at : datetime
        UTC, whole milliseconds; of a last will, when the device connected.
    status : {"online", "offline"}
        ``offline`` in the last will, or at an orderly stop.
    next_seq : int
        The `seq` that the device's next event will carry, so that losses can be counted.
    uptime_ms : int
    frame_rate : float
        Frames judged per second since the last heartbeat.
    skipped_frames : int
        Since the start; a live source drops old frames for the newest.
    outbox_events : int
        Events made, but not yet acknowledged by the broker.
    """

    device_id: str
    sent_at: datetime
    status: Literal["online", "offline"]
    next_seq: int
    uptime_ms: int
    frame_rate: float
    skipped_frames: int
    outbox_events: int
    schema_version: int = SCHEMA_VERSION

    def __post_init__(self) -> None:
        _check.schema_version(self.schema_version, SCHEMA_VERSION)
        _check.device_id(self.device_id)
        if truncate_to_ms(self.sent_at) != self.sent_at:
            raise ContractError("sent_at", "expected whole milliseconds")
        _check.one_of(self.status, "status", ("online", "offline"))
        for name in ("next_seq", "uptime_ms", "skipped_frames", "outbox_events"):
            _check.integer(getattr(self, name), name)
        _check.number(self.frame_rate, "frame_rate", 0.0, _MAX_FRAME_RATE)

    def to_dict(self) -> dict[str, Any]:
        """Return the heartbeat as JSON-ready types, as ``heartbeat.schema.json`` describes."""
        return {
            "schema_version": self.schema_version,
            "device_id": self.device_id,
            "sent_at": format_time(self.sent_at),
            "status": self.status,
            "next_seq": self.next_seq,
            "uptime_ms": self.uptime_ms,
            "frame_rate": self.frame_rate,
            "skipped_frames": self.skipped_frames,
            "outbox_events": self.outbox_events,
        }

    @classmethod
    def from_dict(cls, value: object) -> Heartbeat:
        """Return the heartbeat that the JSON object `value` describes.

        Raises
        ------
        ContractError
            On a missing, unknown, mistyped or impossible field; names the field.
        """
        fields = cast("Mapping[str, Any]", _check.mapping(value, "heartbeat"))
        if "schema_version" in fields:
            _check.schema_version(fields["schema_version"], SCHEMA_VERSION)
        _check.only_fields(fields, _check.field_names(cls), frozenset(), "")
        counts = ("next_seq", "uptime_ms", "skipped_frames", "outbox_events")
        return cls(
            device_id=fields["device_id"],
            sent_at=parse_time(fields["sent_at"], "sent_at"),
            status=fields["status"],
            frame_rate=_check.number(fields["frame_rate"], "frame_rate", 0.0, _MAX_FRAME_RATE),
            **{name: _check.integer(fields[name], name) for name in counts},
        )
