"""The recorded scores of the shipped model on synthetic faces, to notice a changed file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from smile_vision.smiles.model_card import ModelCard
from training.errors import TrainingError
from training.evaluation.predict import int8_logits
from training.evaluation.synthetic_faces import synthetic_faces
from training.workspace import METRICS, MODEL, display_path, read_json, sha256_of_file, write_json

__all__ = ["RECORDED_SCORES", "check_recorded_for", "check_recorded_scores", "record_scores"]

RECORDED_SCORES = METRICS.with_name("recorded_scores.json")
_ONE_STEP = 1.01  # of the output's quantisation: interpreters round differently
_RECORDED_BY = "python -m training.evaluate"

Logits = NDArray[np.float64]


def record_scores(model: Path = MODEL, expected: Path = RECORDED_SCORES) -> None:
    """Keep a model's answers to the drawn faces, for `check_recorded_scores`."""
    logits = int8_logits(model, synthetic_faces())
    content = {"sha256": sha256_of_file(model), "logits": [round(x, 4) for x in logits.tolist()]}
    write_json(expected, content)


def check_recorded_scores(logits: Logits, step: float, expected: Path = RECORDED_SCORES) -> None:
    """Compare answers to the drawn faces with those recorded.

    Parameters
    ----------
    logits
        (N,), of this machine.
    step
        The output's quantisation step, the tolerance.
    expected
        What `record_scores` wrote.

    Raises
    ------
    TrainingError
        When one differs by more than a step, or the record cannot be used.
    """
    content = read_json(expected, made_by=_RECORDED_BY)
    try:
        recorded = np.array(content["logits"], dtype=np.float64)
    except (KeyError, TypeError, ValueError) as error:
        raise TrainingError(f"{display_path(expected)}: logits: expected numbers") from error
    if len(recorded) != len(logits):
        raise TrainingError(f"{display_path(expected)}: {len(recorded)} answers to {len(logits)}")
    worst = float(np.abs(recorded - logits).max())
    if worst > step * _ONE_STEP + 1e-4:  # they are rounded in the file
        raise TrainingError(
            f"an answer to a drawn face differs by {worst:.3f} from the recorded one:"
            f" expected one quantisation step, {step:.3f}, at most"
        )


def check_recorded_for(card: ModelCard, expected: Path = RECORDED_SCORES) -> None:
    """Make sure that the recorded answers are those of the card's file.

    Raises
    ------
    TrainingError
        When they are another file's.
    """
    recorded = read_json(expected, made_by=_RECORDED_BY).get("sha256")
    if recorded != card.sha256:
        raise TrainingError(
            f"{display_path(expected)} holds the answers of another file: expected sha256"
            f" {card.sha256}, found {recorded}"
        )
