"""The stages in ``samconfig.toml``."""

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
    region : str or None
        The stage's region if the file sets one.
    parameters : tuple of str
        Template parameters, ``NAME=VALUE``.
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
        If the file has no such stage; the message lists the stages that exist.
    """
    try:
        sections = tomllib.loads(config.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise CommandError(f"{config.name} cannot be read: {error}") from error
    stages = {
        stage: section["deploy"]["parameters"]
        for stage, section in sections.items()
        if stage != "default" and isinstance(section, dict) and "deploy" in section
    }
    if name not in stages:
        problem = f"stage {name!r} does not exist" if name else "the stage is missing"
        raise CommandError(f"{problem}: set STAGE={'|'.join(stages)}")
    settings = stages[name]
    parameters = settings.get("parameter_overrides", [])
    if isinstance(parameters, str):
        parameters = parameters.split()
    return Stage(
        name,
        str(settings["stack_name"]),
        settings.get("region"),
        tuple(map(str, parameters)),
    )
