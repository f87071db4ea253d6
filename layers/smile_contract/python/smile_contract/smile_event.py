"""The smile event. The device makes it once, with its id; everything after that is idempotent.

To add a field, declare it in `SmileEvent` and in ``schemas/smile_event.schema.json``. A new field
is optional: ``name: Score | None = None``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, ClassVar, Final, Literal

from smile_contract.codecs import Count, Numbers, Score, Sha256, Time, Version
from smile_contract.errors import ContractError
from smile_contract.ids import DeviceId, EventId, uuid7_time
from smile_contract.record import Record

SCHEMA_VERSION: Final = 1
MAX_SCORE_HISTORY: Final = 32


@dataclass(frozen=True, slots=True)
class Face(Record):
    """Where the face is in the event's last frame, and how sure the detector is of it."""

    PATH: ClassVar[str] = "face"

    score: Score
    """Confidence of the face detector, 0 to 1."""
    box: Annotated[tuple[float, float, float, float], Numbers(4, 4)]
    """``(x, y, width, height)`` relative to the frame, each 0 to 1."""


@dataclass(frozen=True, slots=True)
class Model(Record):
    """The model and the thresholds that made the decision, so that it can be reviewed."""

    PATH: ClassVar[str] = "model"

    sha256: Sha256
    """Checksum of the model file."""
    threshold_on: Score
    """A smile starts at this score."""
    threshold_off: Score
    """A smile ends below this score; less than `threshold_on`."""

    def _check_together(self) -> None:
        if self.threshold_off >= self.threshold_on:
            raise ContractError(
                "model.threshold_off",
                f"expected less than threshold_on ({self.threshold_on:g}), "
                f"got {self.threshold_off:g}",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class SmileEvent(Record):
    """One smile of one face: it started, or it ended.

    Both messages of a smile carry the same `event_id`. ``ended`` holds the final values and may
    arrive first or alone.
    """

    schema_version: Annotated[int, Version(SCHEMA_VERSION)] = SCHEMA_VERSION
    event_id: EventId
    """UUIDv7 whose time part is `started_at`."""
    device_id: DeviceId
    """Equals the device id of the topic."""
    seq: Count
    """Counts the device's messages. A gap is a loss."""
    phase: Literal["started", "ended"]
    started_at: Time
    """UTC, whole milliseconds."""
    ended_at: Time | None = None
    """Only when ended."""
    duration_ms: Count
    """So far, or final: then exactly `ended_at` - `started_at`."""
    peak_score: Score
    """Highest smile score so far, or final."""
    mean_score: Score
    """Mean smile score so far, or final; at most `peak_score`."""
    face: Face
    track_id: Count
    """Stays the same while the device follows the face."""
    model: Model
    score_history: Annotated[tuple[float, ...], Numbers(0, MAX_SCORE_HISTORY)] = ()
    """Smile scores over the time of the smile, oldest first."""
    clock: Literal["corrected"] | None = None
    """``corrected`` when the device's clock was wrong at first and the times were corrected."""

    def _check_together(self) -> None:
        if self.mean_score > self.peak_score:
            raise ContractError("mean_score", f"expected at most peak_score ({self.peak_score:g})")
        if uuid7_time(self.event_id) != self.started_at:
            raise ContractError("event_id", "expected a UUIDv7 whose time part is started_at")
        if (self.ended_at is None) == (self.phase == "ended"):
            expected = "expected when phase is ended" if self.ended_at is None else "not expected"
            raise ContractError("ended_at", f"{expected}, phase is {self.phase}")
        if self.ended_at is None:
            return
        if self.ended_at < self.started_at:
            raise ContractError("ended_at", "expected started_at or later")
        between_ms = (self.ended_at - self.started_at) // timedelta(milliseconds=1)
        if between_ms != self.duration_ms:
            raise ContractError(
                "duration_ms",
                f"expected ended_at - started_at = {between_ms}, got {self.duration_ms}",
            )
