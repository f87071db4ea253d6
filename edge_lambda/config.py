"""The whole configuration of the device, and how it is read."""

from __future__ import annotations

import os
import re
import socket
import tomllib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, ValidationError, field_validator
from pydantic_core import PydanticCustomError

from edge_lambda.errors import ConfigError
from edge_lambda.settings import (
    CameraSettings,
    MqttSettings,
    OutboxSettings,
    Section,
    SmileSettings,
    StreamSettings,
    TrackSettings,
    VisionSettings,
)
from smile_contract import DEVICE_ID_PATTERN

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
    device_id: Annotated[str, StringConstraints(pattern=f"^{DEVICE_ID_PATTERN}$")] = Field(
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
