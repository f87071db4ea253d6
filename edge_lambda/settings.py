"""The settings of each part of the device; a section forbids keys it does not know."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    field_validator,
)
from pydantic_core import PydanticCustomError

RULE_PATTERN = r"^[a-zA-Z0-9_]{1,128}$"
TOKEN_PATTERN = re.compile(r"[a-zA-Z0-9_-]{16,128}")


def _at_home(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError:
        raise PydanticCustomError("home", "~ is used, but there is no home directory") from None


# A leading ~ is the home directory; TOML has no paths, so text does.
FilePath = Annotated[Path, Field(strict=False), AfterValidator(_at_home)]


class Section(BaseModel):
    """A group of settings; a misspelt key is an error that names it."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class CameraSettings(Section):
    """Where frames come from."""

    start_time: AwareDatetime | None = Field(
        default=None,
        strict=False,
        ge=datetime(1970, 1, 1, tzinfo=UTC),
        lt=datetime(9000, 1, 1, tzinfo=UTC),
        description="Time of a file's first frame, with time zone; the time of the start "
        "when left out. Files only.",
    )
    realtime: bool = Field(default=False, description="Play a file at its own speed.")
    open_timeout_s: float = Field(
        default=5.0, gt=0, le=60, description="How long a stream may take to answer."
    )
    reconnect_max_s: float = Field(
        default=30.0,
        ge=1,
        le=3600,
        description="Longest wait between tries to reopen a lost camera.",
    )


class VisionSettings(Section):
    """How faces are found."""

    detector: Literal["short", "full", "back"] = Field(
        default="full",
        description="Face detector: near faces, all round, or slow and for far faces.",
    )
    min_face_score: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="Least confidence of the face detector; each one's own when left out.",
    )
    min_face_px: int = Field(
        default=24,
        ge=8,
        le=1000,
        description="Faces with a shorter side, in px of the video, are left out.",
    )
    detect_every: int = Field(
        default=1,
        ge=1,
        le=30,
        description="Search every so many frames; between them faces are predicted.",
    )


class TrackSettings(Section):
    """How faces are followed."""

    min_iou: float = Field(
        default=0.25, gt=0, lt=1, description="Least overlap of a face with where it was expected."
    )
    max_missed_ms: float = Field(
        default=1000.0,
        ge=0,
        le=60_000,
        description="A face unseen for longer is lost, its smile ended.",
    )


class SmileSettings(Section):
    """When a smile counts."""

    threshold_on: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="Smoothed score at which a smile starts; the model card's when left out.",
    )
    threshold_off: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="Smoothed score below which it ends; less than "
        "`threshold_on`; the model card's when left out.",
    )
    smoothing_ms: float = Field(
        default=250.0, ge=0, le=10_000, description="Time constant of the smoothing of scores."
    )
    min_duration_ms: float = Field(
        default=500.0, ge=0, le=60_000, description="Shorter smiles are not told."
    )
    max_gap_ms: float = Field(
        default=500.0, ge=0, le=60_000, description="A shorter break does not end a smile."
    )


class OutboxSettings(Section):
    """Where events wait."""

    path: FilePath | None = Field(
        default=None,
        description="SQLite file; `~/.local/state/smile-edge/<device_id>.sqlite` with an "
        "mqtt sink, memory without, when left out.",
    )
    max_mb: float = Field(
        default=64.0,
        gt=0,
        le=10_000,
        description="Size of all waiting events above which the oldest go.",
    )


class MqttSettings(Section):
    """How to reach the broker."""

    url: str = Field(
        default="mqtt://127.0.0.1:1883",
        description="`mqtt://[user:password@]host[:port]`, or `mqtts://` for TLS.",
    )
    ca_file: FilePath | None = Field(
        default=None, description="Authorities to trust, PEM; the system's when left out."
    )
    cert_file: FilePath | None = Field(default=None, description="The device's certificate, PEM.")
    key_file: FilePath | None = Field(default=None, description="The device's private key, PEM.")
    basic_ingest_rule: Annotated[str, StringConstraints(pattern=RULE_PATTERN)] | None = Field(
        default=None,
        description="Rule of AWS IoT that takes the events at `$aws/rules/<rule>/…`, free of the "
        "messaging fee and for nobody else.",
    )
    keepalive_s: int = Field(
        default=30, ge=5, le=1200, description="Longest silence before a ping."
    )
    max_publishes_per_s: float = Field(
        default=100.0, gt=0, le=100, description="AWS IoT Core's limit for one connection is 100."
    )


class StreamSettings(Section):
    """Who may watch, on the spot."""

    address: str | None = Field(
        default=None,
        description="`host:port` where annotated frames can be watched; nowhere when left out.",
    )
    token: SecretStr | None = Field(
        default=None,
        description="16 to 128 of `a-z A-Z 0-9 _ -`, asked for in the address; needed where "
        "others than this machine can reach it. `SMILE_STREAM_TOKEN` does as well.",
    )
    fifo: FilePath | None = Field(
        default=None,
        description="FIFO for the same pictures; `/tmp/results.mjpeg` on a DeepLens.",
    )
    max_px: int = Field(
        default=960, ge=160, le=3840, description="Longer side of the pictures, at most."
    )
    max_frames_per_s: float = Field(
        default=25.0, gt=0, le=60, description="Pictures made in a second, at most."
    )

    @field_validator("token")
    @classmethod
    def _is_hard_to_guess(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None and not TOKEN_PATTERN.fullmatch(token.get_secret_value()):
            raise PydanticCustomError("token", "expected 16 to 128 of a-z A-Z 0-9 _ -")
        return token
