"""Recorded logits of the shipped model on synthetic faces; they detect a changed model file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from smile_vision.smiles.model_card import ModelCard
from training.errors import TrainingError
from training.evaluation.predict import int8_logits
from training.evaluation.synthetic_faces import synthetic_faces
from training.workspace import (
    MODEL,
    RECORDED_SCORES,
    display_path,
    read_json,
    sha256_of_file,
    write_json,
)

__all__ = ["check_recorded_for", "check_recorded_scores", "record_scores"]

_DIGITS = 4
_ROUNDING = 1e-4  # of the recorded logits
_STEPS = 1.01  # of the output's quantisation: interpreters round differently
_RECORDED_BY = "python -m training.evaluate"

Logits = NDArray[np.float64]


def record_scores(model: Path = MODEL, record: Path = RECORDED_SCORES) -> None:
    """Record a model's logits on the synthetic faces, for `check_recorded_scores`."""
    logits = int8_logits(model, synthetic_faces())
    content = {
        "sha256": sha256_of_file(model),
        "logits": [round(logit, _DIGITS) for logit in logits.tolist()],
    }
    write_json(record, content)


def check_recorded_scores(logits: Logits, step: float, record: Path = RECORDED_SCORES) -> None:
    """Compare logits on the synthetic faces with the recorded ones.

    Parameters
    ----------
    logits
        (N,), measured on this machine.
    step
        The output's quantisation step; it is the tolerance.
    record
        A file that `record_scores` wrote.

    Raises
    ------
    TrainingError
        When a logit differs by more than a step, or the record is damaged.
    """
    content = read_json(record, made_by=_RECORDED_BY)
    try:
        recorded = np.array(content["logits"], dtype=np.float64)
    except (KeyError, TypeError, ValueError) as error:
        raise TrainingError(f"{display_path(record)}: logits: expected numbers") from error
    if len(recorded) != len(logits):
        raise TrainingError(
            f"{display_path(record)}: logits: expected {len(logits)}, got {len(recorded)}"
        )
    largest = float(np.abs(recorded - logits).max())
    if largest > step * _STEPS + _ROUNDING:
        raise TrainingError(
            f"the logit of a synthetic face differs by {largest:.3f} from the recorded one:"
            f" expected at most one quantisation step, {step:.3f}"
        )


def check_recorded_for(card: ModelCard, record: Path = RECORDED_SCORES) -> None:
    """Check that the recorded logits are those of the model card's file.

    Raises
    ------
    TrainingError
        When they belong to another file.
    """
    recorded = read_json(record, made_by=_RECORDED_BY).get("sha256")
    if recorded != card.sha256:
        raise TrainingError(
            f"{display_path(record)} belongs to another model file: expected sha256"
            f" {card.sha256}, got {recorded}"
        )
