"""Settings of each part of the device. The command line and the settings file derive from them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, SecretStr, StringConstraints, field_validator
from pydantic_core import PydanticCustomError

from edge_lambda.polygon_setting import Polygons
from edge_lambda.settings_section import FilePath, Section, StrippedText
from smile_contract.device_settings import (
    HEARTBEAT_INTERVAL_S,
    MAX_FACES,
    MIN_DURATION_MS,
    MIN_FACE_PX,
    THRESHOLD,
)

_RULE_PATTERN = r"^[a-zA-Z0-9_]{1,128}$"
_TOKEN_PATTERN = re.compile(r"[a-zA-Z0-9_-]{16,128}")


class CameraSettings(Section):
    """How frames are read."""

    start_time: AwareDatetime | None = Field(
        default=None,
        strict=False,
        ge=datetime(1970, 1, 1, tzinfo=UTC),
        lt=datetime(9000, 1, 1, tzinfo=UTC),
        description="Time of a file's first frame, with time zone: `2026-01-01T00:00:00Z`. "
        "Video files and folders of images only. Defaults to the current time.",
    )
    realtime: bool = Field(default=False, description="Play a file at its own speed.")
    rotate: Literal[0, 90, 180, 270] = Field(
        default=0,
        description="How far to turn the picture, in degrees clockwise: 0, 90, 180 or 270. For a "
        "camera that hangs upside down or on its side.",
    )
    open_timeout_s: float = Field(
        default=5.0, gt=0, le=60, description="How long a stream may take to respond."
    )
    reconnect_max_s: float = Field(
        default=30.0,
        ge=1,
        le=3600,
        description="Longest pause between attempts to reopen a lost camera.",
    )
    images_per_s: float = Field(
        default=25.0, gt=0, le=1000, description="Frame rate of a folder of images."
    )


class VisionSettings(Section):
    """How faces are found."""

    min_face_px: int = Field(
        default=24,
        ge=MIN_FACE_PX.low,
        le=MIN_FACE_PX.high,
        description="Minimum shorter side of a face in the video. Smaller faces are ignored.",
    )
    min_face_score: float = Field(
        default=0.7,
        gt=0,
        lt=1,
        description="Minimum confidence of a face.",
    )
    cpu_ms_per_s: float = Field(
        default=250.0,
        gt=0,
        le=1000,
        description="Processor time for finding and following faces, in ms per second of video. "
        "With less, faces are looked at less often.",
    )
    max_faces: int = Field(
        default=32,
        ge=MAX_FACES.low,
        le=MAX_FACES.high,
        description="Maximum faces followed at once. While so many are followed, new ones are "
        "ignored.",
    )


class ZoneSettings(Section):
    """Where faces count, for a settings file or the device shadow."""

    include: Polygons = Field(
        default=(),
        description="Polygons `[[x, y], …]`, relative to the upright picture, 0 to 1 from its "
        "upper left corner. A face counts only when the centre of its box is in one of them. "
        "Without any, the whole picture counts.",
    )
    ignore: Polygons = Field(
        default=(),
        description="Polygons in which no face counts, also where `include` has them.",
    )


class TrackSettings(Section):
    """How faces are followed from frame to frame."""

    max_missed_ms: float = Field(
        default=1000.0,
        ge=0,
        le=60_000,
        description="A face that stays unseen for longer is lost, and its smile ends.",
    )


class SmileSettings(Section):
    """When a smile starts and ends."""

    threshold_on: float | None = Field(
        default=None,
        gt=THRESHOLD.low,
        lt=THRESHOLD.high,
        description="Smoothed score at which a smile starts. Defaults to the model card's.",
    )
    threshold_off: float | None = Field(
        default=None,
        gt=THRESHOLD.low,
        lt=THRESHOLD.high,
        description="Smoothed score below which a smile ends; less than `threshold_on`. "
        "Defaults to the model card's.",
    )
    smoothing_ms: float = Field(
        default=200.0, ge=0, le=10_000, description="Time constant of the score smoothing."
    )
    min_duration_ms: float = Field(
        default=500.0,
        ge=MIN_DURATION_MS.low,
        le=MIN_DURATION_MS.high,
        description="Smiles shorter than this are ignored.",
    )
    max_gap_ms: float = Field(
        default=250.0,
        ge=0,
        le=60_000,
        description="A break shorter than this does not end a smile.",
    )
    max_duration_s: float = Field(
        default=3600.0,
        ge=60,
        le=86_400,
        description="A smile that lasts longer ends, and goes on as another event. At most the "
        "stack's `LongestSmileSeconds`, or AWS rejects the events.",
    )
    correct_talking: bool = Field(
        default=True,
        description="Lower the scores of open and talking mouths, so that talk is not reported.",
    )


class OutboxSettings(Section):
    """Where undelivered events wait."""

    path: FilePath = Field(
        default=None,
        description="SQLite file. Defaults to `~/.local/state/smile-edge/<device_id>.sqlite` with "
        "an `mqtt` or `greengrass` sink, else to memory.",
    )
    max_mb: float = Field(
        default=64.0,
        gt=0,
        le=10_000,
        description="Maximum size of all waiting events. Beyond it, the oldest are dropped.",
    )


class MqttSettings(Section):
    """How the device connects to the broker."""

    url: StrippedText = Field(
        default="mqtt://127.0.0.1:1883",
        description="Broker: `mqtt://[user:password@]host[:port]`, or `mqtts://…` for TLS. "
        "Also read from `SMILE_MQTT_URL`.",
    )
    ca_file: FilePath = Field(
        default=None, description="Root CAs to trust (PEM). Defaults to the system's."
    )
    cert_file: FilePath = Field(default=None, description="Certificate of the device (PEM).")
    key_file: FilePath = Field(default=None, description="Private key of the device (PEM).")
    basic_ingest_rule: Annotated[str, StringConstraints(pattern=_RULE_PATTERN)] | None = Field(
        default=None,
        description="AWS IoT rule that gets the events directly, at `$aws/rules/<rule>/…`. This "
        "saves the messaging fee, but no other client can subscribe to the events.",
    )
    keepalive_s: int = Field(
        default=30, ge=5, le=1200, description="Longest silence before a ping."
    )
    max_publishes_per_s: float = Field(
        default=100.0,
        gt=0,
        le=100,
        description="Maximum messages per second. AWS IoT Core allows 100 per connection.",
    )


class StreamSettings(Section):
    """Live view of the annotated frames."""

    address: StrippedText | None = Field(
        default=None,
        description="`host:port` of the web page, such as `127.0.0.1:8080`. Off by default.",
    )
    token: SecretStr | None = Field(
        default=None,
        description="Token that visitors of the page need: 16 to 128 of `a-z A-Z 0-9 _ -`. "
        "Required if other machines can reach the address. Also read from `SMILE_STREAM_TOKEN`.",
    )
    fifo: FilePath = Field(
        default=None,
        description="FIFO for the same pictures, such as `/tmp/results.mjpeg` on an AWS DeepLens.",
    )
    max_px: int = Field(
        default=960, ge=160, le=3840, description="Maximum longer side of a picture."
    )
    max_frames_per_s: float = Field(
        default=25.0, gt=0, le=60, description="Maximum pictures per second."
    )

    @field_validator("token")
    @classmethod
    def _is_hard_to_guess(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None and not _TOKEN_PATTERN.fullmatch(token.get_secret_value()):
            raise PydanticCustomError("token", "expected 16 to 128 of a-z A-Z 0-9 _ -")
        return token


class HealthSettings(Section):
    """How the device says how it is."""

    interval_s: float = Field(
        default=300.0,
        ge=HEARTBEAT_INTERVAL_S.low,
        le=HEARTBEAT_INTERVAL_S.high,
        description="Time between heartbeats, on the topic `smile/<device_id>/status`. Another "
        "state of the camera, a pause and its end are reported within a minute.",
    )


class ControlSettings(Section):
    """Settings that are changed while the device runs."""

    shadow: bool = Field(
        default=True,
        description="Take settings from the device shadow named `settings` of AWS IoT, with an "
        "`mqtt` or `greengrass` sink.",
    )
