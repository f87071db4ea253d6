"""Run a program in the training environment, which has TensorFlow."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PYTHON = REPOSITORY / ".venv-train" / "bin" / "python"
SOURCES = (".", "layers/smile_contract/python", "layers/smile_vision/python")

needs_training_python = pytest.mark.skipif(
    not PYTHON.exists(), reason="no .venv-train: make train sets it up"
)


def run_training_python(
    program: str, *arguments: str | Path, timeout_s: float = 280
) -> subprocess.CompletedProcess[str]:
    """Run a program with `PYTHON` in the repository and return its output."""
    sources = os.pathsep.join(str(REPOSITORY / source) for source in SOURCES)
    return subprocess.run(
        [PYTHON, "-c", program, *arguments],
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": sources},
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout_s,
    )
