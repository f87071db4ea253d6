"""Configuration of the device: a settings file, with flags that override it."""

from __future__ import annotations

import math
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
from edge_lambda.redaction import without_addresses
from edge_lambda.settings import (
    CameraSettings,
    ControlSettings,
    HealthSettings,
    MqttSettings,
    OutboxSettings,
    SmileSettings,
    StreamSettings,
    TrackSettings,
    VisionSettings,
    ZoneSettings,
)
from edge_lambda.settings_section import Section, StrippedText, iterate_settings, value_types
from smile_contract import DEVICE_ID_PATTERN


def _host_name() -> str:
    """Return the host name as a device id, with ``-`` for other characters."""
    return re.sub(r"[^a-zA-Z0-9:_-]", "-", socket.gethostname())[:128] or "camera"


class EdgeConfig(Section):
    """All settings of the device."""

    source: StrippedText = Field(
        min_length=1,
        description="Video file, folder of images, webcam (`0`, `/dev/video0`) or stream "
        "(`rtsp://…`). Also read from `SMILE_SOURCE`.",
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
    paused: bool = Field(
        default=False, description="Look for no faces until the device shadow sets this to false."
    )
    camera: CameraSettings = CameraSettings()
    vision: VisionSettings = VisionSettings()
    zones: ZoneSettings = ZoneSettings()
    track: TrackSettings = TrackSettings()
    smile: SmileSettings = SmileSettings()
    outbox: OutboxSettings = OutboxSettings()
    mqtt: MqttSettings = MqttSettings()
    stream: StreamSettings = StreamSettings()
    health: HealthSettings = HealthSettings()
    control: ControlSettings = ControlSettings()

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


_SECRETS = {
    "SMILE_SOURCE": "source",
    "SMILE_MQTT_URL": "mqtt.url",
    "SMILE_STREAM_TOKEN": "stream.token",
}


def read_environment(environment: Mapping[str, str]) -> dict[str, object]:
    """Return the settings that may contain a password, by key, from the environment.

    ``SMILE_SOURCE`` is the source, ``SMILE_SOURCE_FILE`` the path of a file that contains it; so
    with ``SMILE_MQTT_URL`` and ``SMILE_STREAM_TOKEN``. Empty variables do not count.

    Raises
    ------
    ConfigError
        When a variable and its file are both given, or the file cannot be read.
    """
    found: dict[str, object] = {}
    for name, key in _SECRETS.items():
        value, file = environment.get(name), environment.get(f"{name}_FILE")
        if value and file:
            raise ConfigError(f"{key}: {name} and {name}_FILE are both set, expected one of them")
        if value or file:
            found[key] = value or _read_secret(f"{name}_FILE", Path(str(file)))
    return found


def _read_secret(variable: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig").strip()
    except OSError as error:
        raise ConfigError(f"{variable}: {path}: {str(error.strerror).lower()}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{variable}: {path}: expected text in UTF-8") from None


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
        raise ConfigError("; ".join(f"{key}: {text}" for key, text in problems(error))) from None


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        # Notepad and PowerShell begin a file with a byte order mark.
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"config: {path}: {str(error.strerror).lower()}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"config: {path}: expected text in UTF-8") from None
    except ValueError as error:  # no TOML, or a number that is too long for Python
        text = str(error)
        raise ConfigError(f"config: {path}: {text[:1].lower()}{text[1:]}") from None
    except RecursionError:
        raise ConfigError(f"config: {path}: lists or tables are nested too deep") from None


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
    "string_unicode": "text in UTF-8",
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


# The only setting without a default.
_HOW_TO_SET = {
    "source": "give the flag --source, the variable SMILE_SOURCE, "
    'or source = "…" at the top of the settings file'
}
_REMOVED = frozenset({"vision.detector", "vision.detect_every", "track.min_iou"})


def problems(error: ValidationError) -> list[tuple[str, str]]:
    """Return the dotted key of each wrong setting, and what is wrong with it."""
    return [_problem(details) for details in error.errors()]


def _problem(error: Mapping[str, Any]) -> tuple[str, str]:
    key = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return key, "no longer used: remove it" if key in _REMOVED else "unknown key"
    if error["type"] == "missing":
        return key, f"expected, but missing: {_HOW_TO_SET.get(key, 'set it')}"
    if key == "device_id":
        return key, "expected 1 to 128 of a-z A-Z 0-9 : _ -"
    if isinstance(error["input"], float) and not math.isfinite(error["input"]):
        return key, f"expected {_range(key)}, got {error['input']}"
    if error["type"] in _EXPECTED:
        got = error["input"]
        got = without_addresses(got) if isinstance(got, str) else got
        expected = _EXPECTED[error["type"]].format(**error.get("ctx", {}), got=got)
        return key, f"expected {expected}"
    return key, f"{error['msg'][0].lower()}{error['msg'][1:]}"


def _range(key: str) -> str:
    """Return the range of a number: every number has one."""
    limits = dict(iterate_settings(EdgeConfig))[key].metadata
    low, high = (
        next(getattr(one, name) for one in limits for name in names if hasattr(one, name))
        for names in (("ge", "gt"), ("le", "lt"))
    )
    return f"a number from {low:g} to {high:g}"
