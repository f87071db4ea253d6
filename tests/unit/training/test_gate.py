"""The gate passes with the shipped model and stops one that is worse or another."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from smile_vision.smiles.model_card import ModelCard
from training.errors import TrainingError
from training.evaluation.minimum_metrics import (
    MINIMUM_METRICS,
    check_minimum_metrics,
    read_minimum_metrics,
)
from training.evaluation.predict import int8_logits
from training.evaluation.recorded_scores import (
    RECORDED_SCORES,
    check_recorded_for,
    check_recorded_scores,
    record_scores,
)
from training.evaluation.synthetic_faces import synthetic_faces
from training.workspace import CARD, MODEL

STEP = 0.05


def test_shipped_model_answers_as_recorded() -> None:
    logits = int8_logits(MODEL, synthetic_faces())
    assert np.ptp(logits) > 3, "the drawn faces smile and do not"
    check_recorded_scores(logits, STEP)
    check_recorded_for(ModelCard.load(CARD))


def test_answers_are_refused_when_they_are_another_models(tmp_path: Path) -> None:
    record_scores(expected=tmp_path / "recorded_scores.json")
    logits = int8_logits(MODEL, synthetic_faces())
    check_recorded_scores(logits + 0.9 * STEP, STEP, tmp_path / "recorded_scores.json")
    with pytest.raises(TrainingError, match="differs by"):
        check_recorded_scores(logits + 3 * STEP, STEP, tmp_path / "recorded_scores.json")
    with pytest.raises(TrainingError, match="answers to 3"):
        check_recorded_scores(logits[:3], STEP, tmp_path / "recorded_scores.json")


def test_answers_are_refused_when_they_were_recorded_for_another_file(tmp_path: Path) -> None:
    expected = tmp_path / "recorded_scores.json"
    expected.write_text(json.dumps({**json.loads(RECORDED_SCORES.read_text()), "sha256": "0" * 64}))
    with pytest.raises(TrainingError, match="holds the answers of another file"):
        check_recorded_for(ModelCard.load(CARD), expected)


@pytest.mark.parametrize("content", ["{}", '{"logits": "many"}', '{"logits": [[1], 2]}'])
def test_answers_are_refused_when_the_record_is_damaged(tmp_path: Path, content: str) -> None:
    (tmp_path / "recorded_scores.json").write_text(content)
    with pytest.raises(TrainingError, match=r"recorded_scores\.json: logits: expected numbers"):
        check_recorded_scores(np.zeros(2), STEP, tmp_path / "recorded_scores.json")


@pytest.mark.parametrize("value", [None, "0.97", True])
def test_floors_are_refused_when_one_is_no_number(tmp_path: Path, value: object) -> None:
    floors = {**read_minimum_metrics(), "people_auc": value}
    (tmp_path / "minimum_metrics.json").write_text(json.dumps(floors))
    with pytest.raises(TrainingError, match="people_auc: expected a number"):
        read_minimum_metrics(tmp_path / "minimum_metrics.json")


def test_floors_are_refused_when_one_was_taken_out(tmp_path: Path) -> None:
    floors = json.loads(MINIMUM_METRICS.read_text())
    for name in floors:
        less = {other: value for other, value in floors.items() if other != name}
        (tmp_path / "minimum_metrics.json").write_text(json.dumps(less))
        with pytest.raises(TrainingError, match=f"{name}: expected a number, got None"):
            read_minimum_metrics(tmp_path / "minimum_metrics.json")


def test_floor_is_named_when_a_figure_is_below_it() -> None:
    floors = {"accuracy": 0.9, "error_most": 0.03}
    assert check_minimum_metrics({"accuracy": 0.9, "error": 0.03, "other": 0.0}, floors) == [
        "accuracy 0.9000, at least 0.9",
        "error 0.0300, at most 0.03",
    ]
    with pytest.raises(TrainingError, match=r"accuracy 0\.8000.*; error 0\.0400, at most 0\.03"):
        check_minimum_metrics({"accuracy": 0.8, "error": 0.04}, floors)


def test_drawn_faces_are_the_same_everywhere() -> None:
    faces = synthetic_faces()
    assert faces.shape == (36, 64, 64)
    assert int(faces.astype(np.int64).sum()) == DRAWN_SUM


DRAWN_SUM = 21_385_224
