"""Command line of ``python -m edge_lambda``, with a flag for every setting."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, NoReturn, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from edge_lambda.config import EdgeConfig, load_config
from edge_lambda.errors import ConfigError
from edge_lambda.settings import iterate_settings, value_types

_EPILOG = """\
A file given with --config can set all of these, too; flags override it. See docs/edge.md.
Events go to standard output as JSON lines, logs to standard error.
Exit codes: 0 finished or stopped; 2 cannot start or continue; 3 events were lost or stay in the
outbox; 4 most frames of the file could not be used.
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
        raise ConfigError(f"{message}; --help lists all flags")


def parse_arguments(argv: Sequence[str] | None = None) -> EdgeConfig:
    """Return the configuration from the flags and the settings file.

    Raises
    ------
    ConfigError
        Names the flag or key.
    """
    given = vars(_parser().parse_args(argv))
    path: Path | None = given.pop("config", None)
    # Not a flag, because every user of the machine can read a command line.
    if os.environ.get("SMILE_STREAM_TOKEN"):
        given["stream.token"] = os.environ["SMILE_STREAM_TOKEN"]
    return load_config(path, given)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m edge_lambda",
        usage="python -m edge_lambda --source SOURCE [flags]",
        description="Watch a video file, webcam or stream and report when people smile.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    parser.add_argument("--config", type=Path, metavar="PATH", help="Settings file (TOML).")
    groups: dict[str, argparse._ActionsContainer] = {"": parser}
    for key, field in iterate_settings(EdgeConfig):
        section = key.rpartition(".")[0]
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
