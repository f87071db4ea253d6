"""Paths that the commands read and write, and safe file access.

Work files go to build/ (git-ignored).
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from training.errors import TrainingError

REPOSITORY = Path(__file__).resolve().parent.parent

# The data set when no --data is given: an archive or a folder. `make … DATA=…` sets the variable.
DATA_VARIABLE = "SMILE_DATA"
DEFAULT_DATA = Path(
    os.environ.get(DATA_VARIABLE) or REPOSITORY / "data" / "SMILEsmileD.tar.gz"
).expanduser()

_MODELS = REPOSITORY / "layers" / "smile_vision" / "python" / "smile_vision" / "models"
MODEL = _MODELS / "smile_classifier.tflite"
CARD = _MODELS / "smile_classifier.json"
FACE_CHECK_MODEL = _MODELS / "face_check.tflite"
FACE_CHECK_CARD = _MODELS / "face_check.json"

WORK = REPOSITORY / "build" / "training"
CROPS = WORK / "crops.npz"
FOUND_FACES = WORK / "faces"  # found in pictures before; see training.data.cache
SHEETS = WORK / "sheets"
PREPARED = WORK / "prepare.json"
RUN = WORK / "run"
TRAINED = RUN / "trained.keras"
STATE = RUN / "state.json"
QUANTIZED = RUN / MODEL.name
FACE_CHECK_RUN = WORK / "face_check"
FINETUNED = WORK.with_name("finetune")

_RESULTS = REPOSITORY / "training" / "results"
METRICS = _RESULTS / "metrics.json"
METRICS_BEFORE = _RESULTS / "metrics_before_ferplus.json"
ROBUSTNESS = _RESULTS / "robustness.json"
MINIMUM_METRICS = _RESULTS / "minimum_metrics.json"
RECORDED_SCORES = _RESULTS / "recorded_scores.json"
DOCUMENT = REPOSITORY / "docs" / "model.md"


def sha256_of_file(path: Path) -> str:
    """Return the hexadecimal SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_atomically(path: Path, content: bytes | memoryview) -> None:
    """Write a file; after a kill it holds either the old or the new content."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".part")
    partial.write_bytes(content)
    partial.replace(path)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a dict as indented JSON, atomically."""
    write_atomically(path, (json.dumps(content, indent=2) + "\n").encode())


def read_json(path: Path, *, made_by: str) -> dict[str, Any]:
    """Read a JSON object that an earlier step wrote.

    Parameters
    ----------
    path
        The file.
    made_by
        The command that writes it, for the error message.

    Raises
    ------
    TrainingError
        When the file is missing or damaged; the message names the command to run.
    """
    try:
        content = json.loads(path.read_text())
    except FileNotFoundError as error:
        raise TrainingError(f"{display_path(path)} is missing: run {made_by} first") from error
    except ValueError as error:
        raise TrainingError(f"{display_path(path)} is damaged: run {made_by} again") from error
    if not isinstance(content, dict):
        raise TrainingError(f"{display_path(path)} is damaged: run {made_by} again")
    return content


def display_path(path: Path) -> str:
    """Return a path for messages and reports: relative to the repository, else the file name."""
    try:
        return str(path.resolve().relative_to(REPOSITORY))
    except ValueError:
        return path.name
