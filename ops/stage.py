"""The stages of ``samconfig.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from ops.errors import CommandError

CONFIG = Path(__file__).parents[1] / "samconfig.toml"


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage.

    Attributes
    ----------
    name, stack_name : str
        What it and its stack are called.
    region : str or None
        Where it lives, when the file says so.
    parameters : tuple of str
        ``NAME=VALUE`` for the template.
    """

    name: str
    stack_name: str
    region: str | None
    parameters: tuple[str, ...]


def load_stage(name: str, config: Path = CONFIG) -> Stage:
    """Return a stage.

    Raises
    ------
    CommandError
        When there is no such stage; the message names those there are.
    """
    try:
        sections = tomllib.loads(config.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise CommandError(f"{config.name} cannot be read: {error}") from error
    found = {
        stage: section["deploy"]["parameters"]
        for stage, section in sections.items()
        if stage != "default" and isinstance(section, dict) and "deploy" in section
    }
    if name not in found:
        given = f"there is no stage {name!r}" if name else "no stage is named"
        raise CommandError(f"{given}: give STAGE={'|'.join(found)}")
    parameters = found[name].get("parameter_overrides", [])
    if isinstance(parameters, str):
        parameters = parameters.split()
    return Stage(
        name,
        str(found[name]["stack_name"]),
        found[name].get("region"),
        tuple(map(str, parameters)),
    )
