"""The notebooks of the training as pages, with the output that ``make notebooks`` has saved."""

from __future__ import annotations

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
SOURCES: Final = ROOT / "training" / "notebooks"
RUN: Final = ROOT / "build" / "notebooks"
MOST_BYTES: Final = 1_000_000
_COMMAND: Final = "make notebooks DATA=synthetic"
_WITH: Final = (
    f"`{_COMMAND}` ran this notebook with synthetic faces, because photos of people are not "
    "published. So its numbers say nothing about the model: [those are here](../../docs/model.md)."
)
_WITHOUT: Final = f"This build has not run the notebook; `{_COMMAND}` before `make docs` does."


class NotebookError(Exception):
    """The output of a notebook is not fit to be published."""


def notebook_names() -> list[str]:
    """Return the names of the notebooks, without their endings."""
    return sorted(path.stem for path in SOURCES.glob("*.ipynb"))


def notebook_page(name: str) -> tuple[str, dict[str, bytes]]:
    """Return a notebook as Markdown, and the pictures that it shows, by file name.

    Raises
    ------
    NotebookError
        When text and pictures are larger than 1 MB.
    """
    from nbconvert import MarkdownExporter  # noqa: PLC0415 - only .venv-docs has it

    saved = RUN / f"{name}.ipynb"
    source = saved if saved.exists() else SOURCES / f"{name}.ipynb"
    text, resources = MarkdownExporter().from_filename(
        str(source), resources={"output_files_dir": name, "unique_key": "picture"}
    )
    # Some are saved in two formats, and the page shows one of them.
    outputs = resources["outputs"].items()
    pictures = {Path(path).name: data for path, data in outputs if path in text}
    size = len(text.encode()) + sum(map(len, pictures.values()))
    if size > MOST_BYTES:
        raise NotebookError(f"{name}: expected at most {MOST_BYTES:,} bytes, found {size:,}")
    return with_note(text, _WITH if saved.exists() else _WITHOUT), pictures


def with_note(markdown: str, note: str) -> str:
    """Return a document with a note below its title."""
    title, _, rest = markdown.lstrip().partition("\n")
    return f"{title}\n\n> {note}\n{rest}"
