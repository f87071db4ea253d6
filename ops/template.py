"""``template.yaml`` as written: ``!Ref X`` becomes ``{"!Ref": "X"}``, and nothing is resolved."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import yaml

from ops.errors import CommandError

TEMPLATE: Final = Path(__file__).parents[1] / "template.yaml"


class _Loader(yaml.CSafeLoader):
    """Reads the short form of the intrinsic functions."""


def _intrinsic(loader: yaml.CSafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        return {f"!{suffix}": loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {f"!{suffix}": loader.construct_sequence(node, deep=True)}
    raise CommandError(f"template: !{suffix}: expected a text or a list")


_Loader.add_multi_constructor("!", _intrinsic)


def load_template(path: Path = TEMPLATE) -> dict[str, Any]:
    """Return a template.

    Raises
    ------
    CommandError
        When the file cannot be read.
    """
    try:
        loaded: dict[str, Any] = yaml.load(path.read_text("utf-8"), _Loader)  # noqa: S506 - it is safe
    except (OSError, yaml.YAMLError) as error:
        raise CommandError(f"{path.name} cannot be read: {error}") from error
    return loaded
