"""The notebooks run from top to bottom and are committed without output."""

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
needs_training_python = pytest.mark.skipif(
    not TRAINING_PYTHON.exists(), reason="no .venv-train: make train sets it up"
)


def _cells(path: Path) -> list[dict[str, Any]]:
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def _environment(data: str | None) -> dict[str, str]:
    # Under pytest, Jupyter's kernel gives its streams no file number.
    here = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    return {**here, "SMILE_SAMPLE": SAMPLE, **({"SMILE_DATA": data} if data else {})}


def test_all_three_notebooks_are_there() -> None:
    assert [path.name[:2] for path in NOTEBOOKS] == ["01", "02", "03"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_committed_without_output(path: Path) -> None:
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


def _run_notebooks(program: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(TRAINING_PYTHON), *program],
        cwd=REPOSITORY,
        env=_environment("synthetic"),
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )


@needs_training_python
def test_notebooks_run_in_a_kernel_and_keep_their_output(tmp_path: Path) -> None:
    result = _run_notebooks(["-m", "training.notebooks", "--out", str(tmp_path)])
    assert result.returncode == 0, result.stderr
    for path in NOTEBOOKS:
        outputs = [
            output["data"] for cell in _cells(tmp_path / path.name) for output in cell["outputs"]
        ]
        assert any("text/html" in data for data in outputs), f"{path.name} shows a table"
        assert any("image/png" in data for data in outputs), f"{path.name} shows pictures"


@needs_training_python
def test_error_of_a_cell_is_reported_with_the_notebook(tmp_path: Path) -> None:
    notebook = json.loads(NOTEBOOKS[0].read_text(encoding="utf-8"))
    broken = next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    notebook["cells"] = [{**broken, "source": ["raise ValueError('no data')"]}]
    (tmp_path / "broken.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    program = (
        "import sys; from pathlib import Path\n"
        "from training.notebooks.__main__ import run_notebook\n"
        "run_notebook(Path(sys.argv[1]), Path(sys.argv[2]))"
    )
    result = _run_notebooks(["-c", program, str(tmp_path / "broken.ipynb"), str(tmp_path / "out")])
    assert "TrainingError: broken.ipynb: ValueError: no data" in result.stderr
    assert not (tmp_path / "out").exists()
