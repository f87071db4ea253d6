"""Where the steps read and write: everything temporary lives in build/training (git-ignored)."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from training.errors import TrainingError

__all__ = [
    "CARD",
    "CROPS",
    "DEFAULT_DATA",
    "METRICS",
    "MODEL",
    "REPOSITORY",
    "WORK",
    "display_path",
    "read_json",
    "sha256_of_file",
    "write_atomically",
    "write_json",
]

REPOSITORY = Path(__file__).resolve().parent.parent
DEFAULT_DATA = REPOSITORY.parent / "shared" / "data" / "SMILEsmileD.tar.gz"
WORK = REPOSITORY / "build" / "training"
CROPS = WORK / "crops.npz"
METRICS = REPOSITORY / "training" / "results" / "metrics.json"
_MODELS = REPOSITORY / "layers" / "smile_vision" / "python" / "smile_vision" / "models"
MODEL = _MODELS / "smile_classifier.tflite"
CARD = _MODELS / "smile_classifier.json"


def sha256_of_file(path: Path) -> str:
    """Return the hexadecimal SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a kill leaves the old one or the new one, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(path.name + ".part")
    half.write_bytes(content)
    os.replace(half, path)  # noqa: PTH105 - says what it relies on: atomic on POSIX


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a dict as readable JSON, atomically."""
    write_atomically(path, (json.dumps(content, indent=2) + "\n").encode())


def read_json(path: Path, *, made_by: str) -> dict[str, Any]:
    """Read what an earlier step wrote.

    Raises
    ------
    TrainingError
        When the file is missing or broken; the message names the step that makes it.
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
    """Return the path relative to the repository where possible, so that reports travel."""
    try:
        return str(path.resolve().relative_to(REPOSITORY))
    except ValueError:
        return path.name
