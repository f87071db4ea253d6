"""The heartbeat: whether a device is alive and how it does; also its last will."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from smile_contract.codecs import Count, Number, Time, Version
from smile_contract.ids import DeviceId
from smile_contract.record import Record

SCHEMA_VERSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat(Record):
    """One sign of life, as ``heartbeat.schema.json`` describes it."""

    schema_version: Annotated[int, Version(SCHEMA_VERSION)] = SCHEMA_VERSION
    device_id: DeviceId
    sent_at: Time
    """UTC, whole milliseconds. In a last will: when the device connected."""
    status: Literal["online", "offline"]
    """``offline`` in the last will and after an orderly stop."""
    next_seq: Count
    """The `seq` of the device's next event. It reveals lost events."""
    uptime_ms: Count
    frame_rate: Annotated[float, Number(0, 1000)]
    """Frames analysed per second since the last heartbeat."""
    skipped_frames: Count
    """Since the start. A live source drops old frames in favour of the newest."""
    outbox_events: Count
    """Events that the broker has not acknowledged yet."""
