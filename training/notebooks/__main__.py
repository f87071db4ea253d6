"""Run the notebooks and write copies with their output to build/notebooks.

    python -m training.notebooks [--data …] [--sample N] [--photos a.jpg b.jpg] [--out FOLDER]

To edit the notebooks, open them with a Jupyter that runs in .venv-train.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from training.command_line import run_command
from training.errors import TrainingError
from training.notebooks.notebook_data import DATA_VARIABLE, SAMPLE_VARIABLE
from training.notebooks.own_photos import PHOTOS_VARIABLE
from training.workspace import REPOSITORY, display_path, write_atomically

__all__ = ["NOTEBOOKS", "main", "run_notebook"]

NOTEBOOKS = sorted(Path(__file__).parent.glob("*.ipynb"))
OUT = REPOSITORY / "build" / "notebooks"
_CELL_TIMEOUT_S = 600


def run_notebook(path: Path, out: Path) -> Path:
    """Run one notebook in a kernel of this Python and write a copy with its output.

    Raises
    ------
    TrainingError
        When nbclient is not installed, or a cell fails; the message holds the cell's error.
    """
    try:
        import nbformat  # noqa: PLC0415 - only the training environment has it
        from nbclient import NotebookClient  # noqa: PLC0415
        from nbclient.exceptions import CellExecutionError  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise TrainingError(
            f"{error.name} is not installed here: use make notebooks, or .venv-train/bin/python"
        ) from error
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=_CELL_TIMEOUT_S,
        kernel_name="python3",
        extra_arguments=["--IPKernelApp.log_level=ERROR"],  # hides a warning about TCP transport
        resources={"metadata": {"path": str(REPOSITORY)}},
    )
    try:
        client.execute()
    except CellExecutionError as error:
        raise TrainingError(f"{path.name}: {error.ename}: {error.evalue}") from error
    written = out / path.name
    write_atomically(written, nbformat.writes(notebook).encode())
    return written


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m training.notebooks",
        description="Run the notebooks, and save their output.",
    )
    parser.add_argument("--data", help="folder, archive or git URL of SMILEsmileD, or synthetic")
    parser.add_argument("--sample", type=int, help="size of a random sample (default: all)")
    parser.add_argument("--photos", nargs="+", type=Path, help="your own photos for notebook 03")
    parser.add_argument("--out", type=Path, default=OUT, help="default: build/notebooks")
    options = parser.parse_args(arguments)
    if options.data:
        os.environ[DATA_VARIABLE] = _absolute(options.data)
    if options.sample:
        os.environ[SAMPLE_VARIABLE] = str(options.sample)
    if options.photos:
        photos = (str(path.resolve()) for path in options.photos)
        os.environ[PHOTOS_VARIABLE] = os.pathsep.join(photos)
    for path in NOTEBOOKS:
        print(f"{path.name} → {display_path(run_notebook(path, options.out))}", flush=True)


def _absolute(data: str) -> str:
    """Return a path as an absolute one, because the notebooks run in the repository's folder."""
    path = Path(data).expanduser()
    return str(path.resolve()) if path.exists() else data


if __name__ == "__main__":
    run_command(main)
