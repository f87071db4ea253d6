"""Configuration of the device: a settings file, with flags that override it."""

from __future__ import annotations

import os
import re
import socket
import tomllib
from collections.abc import Mapping
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
    iterate_settings,
    value_types,
)
from smile_contract import DEVICE_ID_PATTERN


def _host_name() -> str:
    """Return the host name as a device id, with ``-`` for other characters."""
    return re.sub(r"[^a-zA-Z0-9:_-]", "-", socket.gethostname())[:128] or "camera"


class EdgeConfig(Section):
    """All settings of the device."""

    source: str = Field(
        min_length=1,
        description="Video file, webcam (`0`, `/dev/video0`) or stream (`rtsp://…`).",
    )
    device_id: Annotated[str, StringConstraints(pattern=f"^{DEVICE_ID_PATTERN}$")] = Field(
        default_factory=_host_name,
        description="Name of the device, also its MQTT client id: 1 to 128 of "
        "`a-z A-Z 0-9 : _ -`. Defaults to the host name.",
    )
    sinks: tuple[Literal["stdout", "mqtt", "greengrass"], ...] = Field(
        default=("stdout",),
        strict=False,
        description="Where events go: `stdout`, `mqtt` or `greengrass`, or `stdout` and one of the "
        "others (give the flag twice).",
    )
    drain_timeout_s: float = Field(
        default=10.0,
        ge=0,
        le=3600,
        description="How long to wait for the broker at the end of a file.",
    )
    progress: bool = Field(default=False, description="Log the position twice a second.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Minimum level of log records."
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
    def _is_possible(cls, sinks: tuple[str, ...]) -> tuple[str, ...]:
        if not sinks:
            raise PydanticCustomError("sinks", "expected stdout, mqtt or greengrass")
        if {"mqtt", "greengrass"} <= set(sinks):
            raise PydanticCustomError("sinks", "expected mqtt or greengrass, not both")
        return sinks

    @property
    def outbox_path(self) -> Path | None:
        """Path of the outbox file, or None to keep the outbox in memory.

        Raises
        ------
        ConfigError
            When the default needs a home directory and there is none.
        """
        if self.outbox.path is not None or not {"mqtt", "greengrass"} & set(self.sinks):
            return self.outbox.path
        state = os.environ.get("XDG_STATE_HOME")
        try:
            state = state or str(Path.home() / ".local" / "state")
        except RuntimeError:
            raise ConfigError("outbox.path: required, there is no home directory") from None
        return Path(state) / "smile-edge" / f"{self.device_id}.sqlite"


def load_config(path: Path | None, overrides: Mapping[str, object]) -> EdgeConfig:
    """Read a TOML file and override its values.

    Parameters
    ----------
    path : Path or None
    overrides : mapping
        Values by dotted key, such as ``smile.threshold_on``.

    Raises
    ------
    ConfigError
        Names every wrong key and what was expected.
    """
    values = {} if path is None else _resolve_paths(path, _read_toml(path))
    for dotted, value in overrides.items():
        *sections, name = dotted.split(".")
        target = values
        for section in sections:
            target = target.setdefault(section, {})
            if not isinstance(target, dict):
                raise ConfigError(f"{section}: expected {_EXPECTED['model_type']}")
        target[name] = value
    try:
        return EdgeConfig.model_validate(values)
    except ValidationError as error:
        raise ConfigError("; ".join(map(_problem, error.errors()))) from None


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"config: {path}: {str(error.strerror).lower()}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"config: {path}: {error}") from None


def _resolve_paths(file: Path, values: dict[str, Any]) -> dict[str, Any]:
    """Make relative paths start at the folder of `file`, so that the folder can be moved."""
    for key, field in iterate_settings(EdgeConfig):
        section, _, name = key.rpartition(".")
        table = values.get(section)
        if Path not in value_types(field) or not isinstance(table, dict):
            continue
        if isinstance(table.get(name), str) and not table[name].startswith("~"):
            table[name] = str(file.parent / table[name])
    return values


# What to say instead of pydantic's own messages, by type of error.
_EXPECTED = {
    "tuple_type": 'a list such as ["stdout"]',
    "model_type": "a table of settings",
    "path_type": "a path",
    "string_type": "text",
    "bool_type": "true or false",
    "float_type": "a number, got {got!r}",
    "int_type": "a whole number, got {got!r}",
    "int_from_float": "a whole number, got {got!r}",
    "greater_than": "more than {gt}, got {got}",
    "greater_than_equal": "at least {ge}, got {got}",
    "less_than": "less than {lt}, got {got}",
    "less_than_equal": "at most {le}, got {got}",
    "string_too_short": "at least {min_length} character",
    "string_pattern_mismatch": "text that matches {pattern}",
    "literal_error": "{expected}, got {got!r}",
    "datetime_from_date_parsing": "a time such as 2026-01-01T00:00:00Z, got {got!r}",
    "timezone_aware": "a time with time zone, such as 2026-01-01T00:00:00Z",
}


_REMOVED = frozenset({"vision.detector", "vision.detect_every", "track.min_iou"})


def _problem(error: Mapping[str, Any]) -> str:
    key = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"{key}: no longer used: remove it" if key in _REMOVED else f"{key}: unknown key"
    if error["type"] == "missing":
        return f"{key}: expected, but missing"
    if key == "device_id":
        return f"{key}: expected 1 to 128 of a-z A-Z 0-9 : _ -"
    if error["type"] in _EXPECTED:
        expected = _EXPECTED[error["type"]].format(**error.get("ctx", {}), got=error["input"])
        return f"{key}: expected {expected}"
    return f"{key}: {error['msg'][0].lower()}{error['msg'][1:]}"
