"""Command line of ``python -m edge_lambda``, with a flag for every setting."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NoReturn, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from edge_lambda.config import EdgeConfig, load_config, read_environment
from edge_lambda.errors import ConfigError
from edge_lambda.redaction import without_addresses
from edge_lambda.settings_section import iterate_settings, value_types

_SETTINGS_FILE = """\
A settings file (--config) can set everything that has a flag, and the zones in which faces count.
A flag wins over an environment variable, and both win over the file. See docs/edge.md.
Other users of this machine can see flags. So give passwords and tokens in the file or in variables:
SMILE_SOURCE, SMILE_MQTT_URL and SMILE_STREAM_TOKEN contain the value itself, SMILE_SOURCE_FILE,
SMILE_MQTT_URL_FILE and SMILE_STREAM_TOKEN_FILE the path of a file with the value.
"""
_EPILOG = f"""\
{_SETTINGS_FILE}
Events go to standard output as JSON lines, logs to standard error.
Exit codes: 0 the file ended, or a signal stopped the program; 2 it cannot start or continue;
3 events were lost or stay in the outbox; 4 most frames of the file could not be used.
"""
_DOCTOR_EPILOG = f"""\
Each line says ok, warning, failed or skipped, what was found, and what to do. The doctor changes
nothing on this machine. It publishes that the device is offline, unless the device runs.

{_SETTINGS_FILE}
Exit codes: 0 the device can work; 1 a check failed; 2 there is no such flag.
"""
# A flag is the key of its setting, but without these sections and with these keys shortened.
_UNNAMED_SECTIONS = {"camera", "vision", "track", "smile"}
_SHORT_KEYS = {
    "sinks": "sink",
    "outbox.path": "outbox",
    "mqtt.ca_file": "mqtt.ca",
    "mqtt.cert_file": "mqtt.cert",
    "mqtt.key_file": "mqtt.key",
    "stream.address": "stream",
}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        # It repeats words of the command line. An address without --source is one of them.
        shown = without_addresses(message)
        raise ConfigError(f"{shown}; {self.prog} --help lists all flags")


def parse_arguments(argv: Sequence[str] | None = None) -> EdgeConfig:
    """Return the configuration from the flags, the environment and the settings file.

    Raises
    ------
    ConfigError
        Names the flag, variable or key.
    """
    return read_config(vars(device_parser().parse_args(argv)))[0]


def read_config(given: Mapping[str, object]) -> tuple[EdgeConfig, Path | None]:
    """Return the configuration and the path of the settings file.

    Parameters
    ----------
    given : mapping
        Values of flags by dotted key, and the path of the settings file as ``config``.

    Raises
    ------
    ConfigError
        Names the variable or key.
    """
    flags = dict(given)
    path = flags.pop("config", None)
    file = path if isinstance(path, Path) else None
    return load_config(file, read_environment(os.environ) | flags), file


def device_parser() -> argparse.ArgumentParser:
    """Return the parser of ``python -m edge_lambda``."""
    return _parser(
        "python -m edge_lambda",
        usage="python -m edge_lambda --source SOURCE [flags]\n"
        "       python -m edge_lambda doctor --source SOURCE [flags]",
        description="Watch a video file, webcam or stream and report when people smile.\n"
        'With "doctor" before the flags, check this machine, the camera and the broker, and say\n'
        "what to do.",
        epilog=_EPILOG,
    )


def doctor_parser() -> argparse.ArgumentParser:
    """Return the parser of ``python -m edge_lambda doctor``."""
    parser = _parser(
        "python -m edge_lambda doctor",
        usage="python -m edge_lambda doctor --source SOURCE [--json] [flags]",
        description="Check this machine, the camera and the broker with the flags of the device,\n"
        "and say what to do.",
        epilog=_DOCTOR_EPILOG,
    )
    parser.add_argument("--json", action="store_true", help="Print the report as JSON.")
    return parser


def _parser(name: str, *, usage: str, description: str, epilog: str) -> argparse.ArgumentParser:
    parser = _Parser(
        prog=name,
        usage=usage,
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    parser.add_argument("--config", type=Path, metavar="PATH", help="Settings file (TOML).")
    groups: dict[str, argparse._ActionsContainer] = {"": parser}
    for key, field in iterate_settings(EdgeConfig):
        section = key.rpartition(".")[0]
        if section == "zones":  # too long for a command line
            continue
        if section not in groups:
            doc = EdgeConfig.model_fields[section].annotation.__doc__
            groups[section] = parser.add_argument_group(section, doc)
        if SecretStr not in value_types(field):
            options = _options(key, field)
            groups[section].add_argument(_flag(key), dest=key, help=_help(field), **options)
    return parser


def _flag(key: str) -> str:
    section, _, name = key.rpartition(".")
    shown = name if section in _UNNAMED_SECTIONS else _SHORT_KEYS.get(key, key)
    return "--" + re.sub("[._]", "-", shown)


def _help(field: FieldInfo) -> str:
    text = (field.description or "").replace("`", "").replace("%", "%%")
    default = field.default
    if default is None or default is False or default is PydanticUndefined:
        return text
    if default is True:
        return f"{text} On by default."
    if isinstance(default, tuple):
        default = ", ".join(default)
    return f"{text} Default: {f'{default:g}' if isinstance(default, float) else default}."


def _options(key: str, field: FieldInfo) -> dict[str, Any]:
    """Return how argparse reads a flag. The configuration checks the value."""
    types = value_types(field)
    if bool in types:
        return {"action": argparse.BooleanOptionalAction}
    choices = [word for kind in types if get_origin(kind) is Literal for word in get_args(kind)]
    if choices:
        is_list = get_origin(field.annotation) is tuple
        options = {"metavar": "|".join(map(str, choices))}
        if isinstance(choices[0], int):
            return options | {"type": _number(int)}
        return options | {"action": "append" if is_list else "store"}
    for number in (int, float):
        if number in types:
            return {"metavar": "N", "type": _number(number)}
    last_word = re.split("[._]", key)[-1].upper()
    return {"metavar": "PATH" if Path in types else last_word}


def _number(kind: Callable[[str], object]) -> Callable[[str], object]:
    def read(text: str) -> object:
        try:
            return kind(text)
        except ValueError:
            return text  # the configuration rejects it by the name of its setting

    return read
