"""The notebooks run from top to bottom, with what is installed, and hold no output."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((REPOSITORY / "training" / "notebooks").glob("*.ipynb"))
TRAINING_PYTHON = REPOSITORY / ".venv-train" / "bin" / "python"
NEEDS_TRAINING = "needs-training-environment"  # tag of the cells that need TensorFlow or matplotlib
SAMPLE = "600"

pytestmark = pytest.mark.system


def _cells(path: Path) -> list[dict[str, Any]]:
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def _environment(data: str | None) -> dict[str, str]:
    # Jupyter's kernel gives its streams no file number when it believes to be a test of its own.
    here = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    return {**here, "SMILE_SAMPLE": SAMPLE, **({"SMILE_DATA": data} if data else {})}


def test_all_three_parts_are_there() -> None:
    assert [path.name[:2] for path in NOTEBOOKS] == ["01", "02", "03"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_holds_no_output(path: Path) -> None:
    for cell in _cells(path):
        assert cell["outputs"] == []
        assert cell["execution_count"] is None


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_cells_run_in_order_without_the_training_environment(path: Path) -> None:
    cells = [
        cell for cell in _cells(path) if NEEDS_TRAINING not in cell["metadata"].get("tags", ())
    ]
    program = "\n".join("".join(cell["source"]) for cell in cells)
    result = subprocess.run(
        [sys.executable, "-c", program],
        cwd=REPOSITORY,
        env=_environment(None),
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert result.returncode == 0, result.stderr


@pytest.mark.skipif(not TRAINING_PYTHON.exists(), reason="no .venv-train: make train sets it up")
def test_notebooks_run_in_a_kernel_when_the_training_environment_is_there(tmp_path: Path) -> None:
    probe = [str(TRAINING_PYTHON), "-c", "import nbclient, ipykernel, tensorflow, matplotlib"]
    if subprocess.run(probe, capture_output=True, check=False, timeout=120).returncode:
        pytest.skip("an older .venv-train without Jupyter's parts: make train renews it")
    command = [str(TRAINING_PYTHON), "-m", "training.notebooks", "--out", str(tmp_path)]
    result = subprocess.run(
        command,
        cwd=REPOSITORY,
        env=_environment("drawn"),
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert result.returncode == 0, result.stderr
    for path in NOTEBOOKS:
        shown = [cell for cell in _cells(tmp_path / path.name) if cell["outputs"]]
        assert len(shown) >= 3, f"{path.name} shows what it does"
