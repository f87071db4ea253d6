"""Parts of docs/model.md that commands write, each between two marks."""

from __future__ import annotations

from pathlib import Path

from training.errors import TrainingError
from training.workspace import REPOSITORY, display_path, write_atomically

__all__ = ["DOCUMENT", "marks", "write_block"]

DOCUMENT = REPOSITORY / "docs" / "model.md"


def marks(name: str, command: str) -> tuple[str, str]:
    """Return the lines before and after the block `name`, which `command` writes."""
    return f"<!-- {name}: written by {command} -->", f"<!-- end of {name} -->"


def write_block(around: tuple[str, str], text: str, document: Path = DOCUMENT) -> None:
    """Put `text`, which ends with a line break, between two marks of the document.

    Raises
    ------
    TrainingError
        When the document or its marks are missing.
    """
    start, end = around
    try:
        before, rest = document.read_text(encoding="utf-8").split(start)
        _, after = rest.split(end)
    except (OSError, ValueError) as error:
        raise TrainingError(
            f"{display_path(document)}: expected the lines {start!r} and {end!r}, once each"
        ) from error
    write_atomically(document, f"{before}{start}\n{text}{end}{after}".encode())
