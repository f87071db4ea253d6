"""The smile event: made once on the device, with its id; idempotent from there on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, cast

from smile_contract import _check
from smile_contract.errors import ContractError
from smile_contract.ids import uuid7_time
from smile_contract.times import format_time, parse_time, truncate_to_ms

SCHEMA_VERSION: Final = 1
MAX_SCORE_HISTORY: Final = 32

Phase = Literal["started", "ended"]

_SHA256 = re.compile(r"[0-9a-f]{64}")
_OPTIONAL = frozenset({"ended_at"})


@dataclass(frozen=True, slots=True)
class Face:
    """Where the face was and how sure the detector was of it, at the event's last frame.

    Attributes
    ----------
    score : float
        Detector confidence, 0 to 1.
    box : tuple of float
        ``(x, y, width, height)`` relative to the frame, each 0 to 1.
    """

    score: float
    box: tuple[float, float, float, float]

    def __post_init__(self) -> None:
        _check.number(self.score, "face.score")
        _check.numbers(self.box, "face.box", 4, 4)

    @classmethod
    def from_dict(cls, value: object) -> Face:
        """Return the face that the JSON object `value` describes."""
        fields = _check.mapping(value, "face")
        _check.only_fields(fields, frozenset({"score", "box"}), frozenset(), "face")
        x, y, width, height = _check.numbers(fields["box"], "face.box", 4, 4)
        return cls(_check.number(fields["score"], "face.score"), (x, y, width, height))


@dataclass(frozen=True, slots=True)
class Model:
    """Which judge gave the verdict, so that it can be reviewed later.

    Attributes
    ----------
    sha256 : str
        Of the model file, 64 lower-case hexadecimal digits.
    threshold_on, threshold_off : float
        A smile starts at the first and ends below the second; ``off < on``.
    """

    sha256: str
    threshold_on: float
    threshold_off: float

    def __post_init__(self) -> None:
        if not isinstance(self.sha256, str) or _SHA256.fullmatch(self.sha256) is None:
            raise ContractError("model.sha256", "expected 64 lower-case hexadecimal digits")
        _check.number(self.threshold_on, "model.threshold_on")
        _check.number(self.threshold_off, "model.threshold_off")
        if self.threshold_off >= self.threshold_on:
            raise ContractError(
                "model.threshold_off",
                f"expected less than threshold_on ({self.threshold_on:g}), "
                f"got {self.threshold_off:g}",
            )

    @classmethod
    def from_dict(cls, value: object) -> Model:
        """Return the model that the JSON object `value` describes."""
        fields = _check.mapping(value, "model")
        names = frozenset({"sha256", "threshold_on", "threshold_off"})
        _check.only_fields(fields, names, frozenset(), "model")
        return cls(
            cast("str", fields["sha256"]),
            _check.number(fields["threshold_on"], "model.threshold_on"),
            _check.number(fields["threshold_off"], "model.threshold_off"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SmileEvent:
    """One smile of one face: that it started, or that it ended.

    Both messages of a smile carry the same `event_id`; ``ended`` holds the final figures
    and may arrive first or alone.

    Attributes
    ----------
    event_id : str
        UUIDv7 whose time part is `started_at`.
    device_id : str
        1 to 128 of ``a-z A-Z 0-9 : _ -``; equals the topic's.
    seq : int
        Counts the device's messages; a gap is a loss.
    phase : {"started", "ended"}
    started_at : datetime
        UTC, whole milliseconds.
    ended_at : datetime or None
        Only when ended; `duration_ms` is then exactly the difference.
    duration_ms : int
        So far, or final.
    peak_score, mean_score : float
        Smile scores so far, or final; 0 to 1, mean at most peak.
    face : Face
    track_id : int
        One face as long as it is followed.
    model : Model
    score_history : tuple of float
        At most 32 smile scores over the smile's time, oldest first.

    Raises
    ------
    ContractError
        When a value breaks the contract; the error names the field.
    """

    event_id: str
    device_id: str
    seq: int
    phase: Phase
    started_at: datetime
    ended_at: datetime | None = None
    duration_ms: int
    peak_score: float
    mean_score: float
    face: Face
    track_id: int
    model: Model
    score_history: tuple[float, ...] = ()
    schema_version: int = SCHEMA_VERSION

    def __post_init__(self) -> None:
        _check.schema_version(self.schema_version, SCHEMA_VERSION)
        _check.device_id(self.device_id)
        _check.integer(self.seq, "seq")
        _check.one_of(self.phase, "phase", ("started", "ended"))
        _check.integer(self.duration_ms, "duration_ms")
        _check.number(self.peak_score, "peak_score")
        _check.number(self.mean_score, "mean_score")
        if self.mean_score > self.peak_score:
            raise ContractError("mean_score", f"expected at most peak_score ({self.peak_score:g})")
        _check.integer(self.track_id, "track_id")
        _check.numbers(self.score_history, "score_history", 0, MAX_SCORE_HISTORY)
        self._check_times()

    def _check_times(self) -> None:
        for name in ("started_at", "ended_at"):
            at = getattr(self, name)
            if at is not None and truncate_to_ms(at) != at:
                raise ContractError(name, "expected whole milliseconds")
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

    def to_dict(self) -> dict[str, Any]:
        """Return the event as JSON-ready types, as ``smile_event.schema.json`` describes."""
        fields: dict[str, Any] = {
            "schema_version": self.schema_version,
            "event_id": self.event_id,
            "device_id": self.device_id,
            "seq": self.seq,
            "phase": self.phase,
            "started_at": format_time(self.started_at),
        }
        if self.ended_at is not None:
            fields["ended_at"] = format_time(self.ended_at)
        return fields | {
            "duration_ms": self.duration_ms,
            "peak_score": self.peak_score,
            "mean_score": self.mean_score,
            "face": {"score": self.face.score, "box": list(self.face.box)},
            "track_id": self.track_id,
            "model": {
                "sha256": self.model.sha256,
                "threshold_on": self.model.threshold_on,
                "threshold_off": self.model.threshold_off,
            },
            "score_history": list(self.score_history),
        }

    @classmethod
    def from_dict(cls, value: object) -> SmileEvent:
        """Return the event that the JSON object `value` describes.

        Raises
        ------
        ContractError
            On a missing, unknown, mistyped or impossible field; names the field.
        """
        given = cast("Mapping[str, Any]", _check.mapping(value, "event"))
        if "schema_version" in given:  # first, so that a newer device gets the useful error
            _check.schema_version(given["schema_version"], SCHEMA_VERSION)
        _check.only_fields(given, _check.field_names(cls) - _OPTIONAL, _OPTIONAL, "")
        has_ended = "ended_at" in given
        return cls(
            event_id=given["event_id"],
            device_id=given["device_id"],
            seq=_check.integer(given["seq"], "seq"),
            phase=given["phase"],
            started_at=parse_time(given["started_at"], "started_at"),
            ended_at=parse_time(given["ended_at"], "ended_at") if has_ended else None,
            duration_ms=_check.integer(given["duration_ms"], "duration_ms"),
            peak_score=_check.number(given["peak_score"], "peak_score"),
            mean_score=_check.number(given["mean_score"], "mean_score"),
            face=Face.from_dict(given["face"]),
            track_id=_check.integer(given["track_id"], "track_id"),
            model=Model.from_dict(given["model"]),
            score_history=_check.numbers(
                given["score_history"], "score_history", 0, MAX_SCORE_HISTORY
            ),
        )
