"""The SAM CLI, which has a virtual environment of its own."""

from __future__ import annotations

from pathlib import Path

from ops.command_line import CommandParser
from ops.errors import CommandError

_SAM = Path(".venv-sam/bin/sam")


def add_sam_option(parser: CommandParser) -> None:
    """Add ``--sam``, the path of the program."""
    parser.add_argument("--sam", type=Path, default=_SAM, help=f"default: {_SAM}")


def check_sam(sam: Path) -> None:
    """Check that the program exists.

    Raises
    ------
    CommandError
    """
    if not sam.exists():
        raise CommandError(f"{sam} is missing: run make .venv-sam/.done")
