"""All settings of the device, in one model; each section forbids keys it does not know."""

from __future__ import annotations

import os
import re
import socket
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    field_validator,
)
from pydantic_core import PydanticCustomError

from edge_lambda.errors import ConfigError

DEVICE_ID_PATTERN = r"^[a-zA-Z0-9:_-]{1,128}$"
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


_PATHS = (
    ("outbox", "path"),
    ("mqtt", "ca_file"),
    ("mqtt", "cert_file"),
    ("mqtt", "key_file"),
    ("stream", "fifo"),
)


def _host_name() -> str:
    """Return the host's name as a device id: other characters become ``-``."""
    return re.sub(r"[^a-zA-Z0-9:_-]", "-", socket.gethostname())[:128] or "camera"


class EdgeConfig(Section):
    """The whole configuration."""

    source: str = Field(
        min_length=1,
        description="Video file, webcam (`0`, `/dev/video0`) or stream (`rtsp://…`).",
    )
    device_id: Annotated[str, StringConstraints(pattern=DEVICE_ID_PATTERN)] = Field(
        default_factory=_host_name,
        description="1 to 128 of `a-z A-Z 0-9 : _ -`; also the MQTT client id. By default the "
        "host's name.",
    )
    sinks: tuple[Literal["stdout", "mqtt", "greengrass"], ...] = Field(
        default=("stdout",),
        strict=False,
        min_length=1,
        max_length=2,
        description="Where events go.",
    )
    drain_timeout_s: float = Field(
        default=10.0,
        ge=0,
        le=3600,
        description="At the end of a file, how long to wait for the broker.",
    )
    progress: bool = Field(default=False, description="Log the position twice a second.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severity that is logged."
    )
    camera: CameraSettings = CameraSettings()
    vision: VisionSettings = VisionSettings()
    track: TrackSettings = TrackSettings()
    smile: SmileSettings = SmileSettings()
    outbox: OutboxSettings = OutboxSettings()
    mqtt: MqttSettings = MqttSettings()
    stream: StreamSettings = StreamSettings()

    @field_validator("sinks")
    @classmethod
    def _has_one_that_confirms(cls, sinks: tuple[str, ...]) -> tuple[str, ...]:
        if {"mqtt", "greengrass"} <= set(sinks):
            raise PydanticCustomError("sinks", "expected mqtt or greengrass, not both")
        return sinks

    @property
    def outbox_path(self) -> Path | None:
        """Where the outbox lies; None for memory.

        Raises
        ------
        ConfigError
            When there is no home directory to put it in.
        """
        if self.outbox.path is not None or not {"mqtt", "greengrass"} & set(self.sinks):
            return self.outbox.path
        state = os.environ.get("XDG_STATE_HOME")
        try:
            state = state or str(Path.home() / ".local" / "state")
        except RuntimeError:
            raise ConfigError("outbox.path: expected, for there is no home directory") from None
        return Path(state) / "smile-edge" / f"{self.device_id}.sqlite"


def load_config(path: Path | None, overrides: Mapping[str, object]) -> EdgeConfig:
    """Read a TOML file and let flags win over it.

    Parameters
    ----------
    path : Path or None
    overrides : mapping
        Values by dotted key, such as ``smile.threshold_on``.

    Raises
    ------
    ConfigError
        Names every key that is wrong, and what was expected.
    """
    values = {} if path is None else _beside(path, _read_toml(path))
    for dotted, value in overrides.items():
        *sections, name = dotted.split(".")
        target = values
        for section in sections:
            target = target.setdefault(section, {})
            if not isinstance(target, dict):
                raise ConfigError(f"{section}: expected a table of settings")
        target[name] = value
    try:
        return EdgeConfig.model_validate(values)
    except ValidationError as error:
        raise ConfigError("; ".join(map(_problem, error.errors()))) from None


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"config: {path}: {(error.strerror or 'unreadable').lower()}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"config: {path}: {error}") from None


def _beside(path: Path, values: dict[str, Any]) -> dict[str, Any]:
    """Let relative paths in a file count from its folder, so that the folder can be moved."""
    for section, name in _PATHS:
        table = values.get(section)
        if isinstance(table, dict) and isinstance(table.get(name), str):
            if table[name].startswith("~"):
                continue
            table[name] = str(path.parent / table[name])
    return values


# Where pydantic speaks of Python's types.
_EXPECTED = {
    "tuple_type": 'a list such as ["stdout"]',
    "model_type": "a table of settings",
    "path_type": "a path",
    "string_type": "text",
    "bool_type": "true or false",
    "float_type": "a number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
}


def _problem(error: Mapping[str, Any]) -> str:
    key = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"{key}: unknown key"
    if error["type"] == "missing":
        return f"{key}: expected, but missing"
    if key == "device_id":
        return f"{key}: expected 1 to 128 of a-z A-Z 0-9 : _ -"
    if error["type"] in _EXPECTED:
        return f"{key}: expected {_EXPECTED[error['type']]}"
    return f"{key}: {error['msg'][0].lower()}{error['msg'][1:]}"


def as_time(text: str) -> datetime | str:
    """Return the instant that `text` names, or `text` for the model to refuse."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return text
