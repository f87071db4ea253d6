"""The shipped model's logits on both interpreters: LiteRT and the older tflite-runtime."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from smile_vision.smiles.classifier import smile_logits
from training.errors import TrainingError
from training.evaluation.predict import int8_logits
from training.workspace import MODEL, REPOSITORY

__all__ = ["OLDER_PYTHON", "litert_logits", "tflite_runtime_logits"]

OLDER_PYTHON = REPOSITORY / ".venv-tflite" / "bin" / "python"
_VISION = REPOSITORY / "layers" / "smile_vision" / "python"
_OLDER_LOGITS = """
import sys
import numpy as np
from smile_vision.smiles.classifier import SmileClassifier
np.save(sys.argv[2], SmileClassifier.load().logits(np.load(sys.argv[1])))
assert "tflite_runtime" in sys.modules
"""
_TIMEOUT_S = 300

Logits = NDArray[np.float64]


def litert_logits(crops: NDArray[np.uint8]) -> Logits:
    """Return the shipped model's logits on LiteRT."""
    return int8_logits(MODEL, crops)


def tflite_runtime_logits(crops: NDArray[np.uint8]) -> Logits:
    """Return the shipped model's logits on tflite-runtime, which has its own environment.

    Raises
    ------
    TrainingError
        When tflite-runtime cannot run the model.
    """
    with tempfile.TemporaryDirectory() as folder:
        crops_file, logits_file = Path(folder, "crops.npy"), Path(folder, "logits.npy")
        np.save(crops_file, crops)
        result = subprocess.run(
            [OLDER_PYTHON, "-c", _OLDER_LOGITS, crops_file, logits_file],
            env=os.environ | {"PYTHONPATH": str(_VISION)},
            capture_output=True,
            text=True,
            check=False,
            timeout=_TIMEOUT_S,
        )
        if result.returncode:
            last = (result.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise TrainingError(f"tflite-runtime cannot run the model: {last}")
        return smile_logits(np.load(logits_file)).astype(np.float64)
