"""The gate passes with the shipped model and stops one that is worse or another."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from smile_vision.card import ModelCard
from training.drawn import drawn_faces
from training.errors import TrainingError
from training.gate import EXPECTED, check_answers, check_floors, record_answers
from training.judge import int8_logits
from training.workspace import CARD, MODEL

STEP = 0.05


def test_shipped_model_answers_as_recorded() -> None:
    logits = int8_logits(MODEL, drawn_faces())
    assert np.ptp(logits) > 3, "the drawn faces smile and do not"
    check_answers(logits, STEP)
    assert json.loads(EXPECTED.read_text())["sha256"] == ModelCard.load(CARD).sha256


def test_answers_are_refused_when_they_are_another_models(tmp_path: Path) -> None:
    record_answers(expected=tmp_path / "expected.json")
    logits = int8_logits(MODEL, drawn_faces())
    check_answers(logits + 0.9 * STEP, STEP, tmp_path / "expected.json")
    with pytest.raises(TrainingError, match="differs by"):
        check_answers(logits + 3 * STEP, STEP, tmp_path / "expected.json")
    with pytest.raises(TrainingError, match="answers to 3"):
        check_answers(logits[:3], STEP, tmp_path / "expected.json")


def test_floor_is_named_when_a_figure_is_below_it() -> None:
    floors = {"accuracy": 0.9, "error_most": 0.03}
    assert check_floors({"accuracy": 0.9, "error": 0.03, "other": 0.0}, floors) == [
        "accuracy 0.9000, at least 0.9",
        "error 0.0300, at most 0.03",
    ]
    with pytest.raises(TrainingError, match=r"accuracy 0\.8000.*; error 0\.0400, at most 0\.03"):
        check_floors({"accuracy": 0.8, "error": 0.04}, floors)


def test_drawn_faces_are_the_same_everywhere() -> None:
    faces = drawn_faces()
    assert faces.shape == (36, 64, 64)
    assert int(faces.astype(np.int64).sum()) == DRAWN_SUM


DRAWN_SUM = 21_385_224
