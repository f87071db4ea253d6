"""The heartbeat: whether a device is alive and how it does; also its last will."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from smile_contract.codecs import Count, Flag, Number, Score, Sha256, Text, Time, Version
from smile_contract.ids import DeviceId
from smile_contract.record import Record

SCHEMA_VERSION: Final = 1

CameraState = Literal[
    "starting", "ok", "unplugged", "frozen", "too_dark", "too_bright", "covered", "out_of_focus"
]
ClockState = Literal["synchronized", "unsynchronized", "unknown"]
_Milliseconds = Annotated[float, Number(0, 3_600_000)]
_Configuration = Annotated[
    str, Text(re.compile("[0-9a-f]{16}"), "16 lower-case hexadecimal digits")
]
_ProgramVersion = Annotated[str, Text(re.compile("[0-9A-Za-z.+-]{1,64}"), "a version")]


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
    interval_s: Annotated[float, Number(0, 3600)] | None = None
    """Time between heartbeats."""
    connected_at: Time | None = None
    """When the device opened its latest connection: `sent_at` of its last will."""
    latency_p50_ms: _Milliseconds | None = None
    """Median time from the capture of a frame to its events, since the last heartbeat."""
    latency_p95_ms: _Milliseconds | None = None
    """95 % of the frames took less."""
    damaged_frames: Count | None = None
    """Frames that could not be decoded, since the start."""
    faces: Count | None = None
    """Faces that the device follows now."""
    best_smile_score: Score | None = None
    """Largest score of a face in a single frame, since the last heartbeat."""
    camera: CameraState | None = None
    """What is wrong with the picture."""
    paused: Flag | None = None
    """Whether the device is paused: it looks for no faces."""
    restarts: Count | None = None
    """Threads that failed and were started again, since the start."""
    outbox_oldest_ms: Count | None = None
    """How long the oldest event in the outbox has been waiting."""
    dropped_events: Count | None = None
    """Events that a full outbox dropped, since the start."""
    lost_events: Count | None = None
    """Events that could not be stored or dated, since the start."""
    refused_events: Count | None = None
    """Events that the broker refuses. The device keeps them apart."""
    cpu_share: Annotated[float, Number(0, 1024)] | None = None
    """Processor time per time since the last heartbeat; 1 is one busy core."""
    memory_mb: Annotated[float, Number(0, 1e9)] | None = None
    """Resident memory of the program in MB (10^6 bytes)."""
    temperature_c: Annotated[float, Number(-100, 200)] | None = None
    """Temperature of the processor in degrees Celsius, where the device measures it."""
    clock: ClockState | None = None
    """Whether a time server keeps the system clock right."""
    model_sha256: Sha256 | None = None
    """Checksum of the model file."""
    configuration: _Configuration | None = None
    """Changes with the settings in effect; secrets do not count."""
    program_version: _ProgramVersion | None = None
    """Version of the device's program."""
