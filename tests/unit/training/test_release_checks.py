"""Recorded scores and minimum metrics accept the shipped model and reject another one."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from smile_vision.smiles.model_card import ModelCard
from training.errors import TrainingError
from training.evaluation import interpreters
from training.evaluation.covered_mouths import limited_covered_metrics
from training.evaluation.ferplus_metrics import limited_ferplus_metrics
from training.evaluation.minimum_metrics import check_minimum_metrics, read_minimum_metrics
from training.evaluation.photo_metrics import limited_photo_metrics
from training.evaluation.predict import int8_logits
from training.evaluation.recorded_scores import (
    check_recorded_for,
    check_recorded_scores,
    record_scores,
)
from training.evaluation.synthetic_faces import synthetic_faces
from training.workspace import (
    CARD,
    METRICS,
    MINIMUM_METRICS,
    MODEL,
    RECORDED_SCORES,
)

STEP = 0.05
MEASURED = {  # of the shipped model, by name of its minimum
    "test_accuracy": ("test", "accuracy"),
    "test_accuracy_at_validation_threshold": ("test_at_validation_threshold", "accuracy"),
    "test_auc": ("test", "auc"),
    "test_agreed_accuracy": ("test_where_annotators_agree", "accuracy"),
    "test_agreed_auc": ("test_where_annotators_agree", "auc"),
}


def test_shipped_model_has_the_recorded_logits() -> None:
    logits = int8_logits(MODEL, synthetic_faces())
    assert np.ptp(logits) > 3, "the synthetic faces include smiles and others"
    check_recorded_scores(logits, STEP)
    check_recorded_for(ModelCard.load(CARD))


def test_logits_are_rejected_when_they_differ_by_more_than_a_step(tmp_path: Path) -> None:
    record = tmp_path / "recorded_scores.json"
    record_scores(record=record)
    assert record.read_text() == RECORDED_SCORES.read_text()
    logits = np.array(json.loads(record.read_text())["logits"])
    check_recorded_scores(logits + STEP, STEP, record)
    check_recorded_scores(logits - STEP, STEP, record)
    one_off = logits.copy()
    one_off[7] -= 1.05 * STEP
    with pytest.raises(TrainingError, match=r"differs by 0\.05.*at most one .* step, 0\.050"):
        check_recorded_scores(one_off, STEP, record)
    with pytest.raises(TrainingError, match="logits: expected 3, got 36"):
        check_recorded_scores(logits[:3], STEP, record)


def test_logits_are_accepted_when_only_rounding_makes_them_differ_by_more_than_a_step(
    tmp_path: Path,
) -> None:
    record = tmp_path / "recorded_scores.json"
    record.write_text('{"logits": [0.0]}')
    check_recorded_scores(np.array([0.00105]), 0.001, record)
    with pytest.raises(TrainingError, match="differs by"):
        check_recorded_scores(np.array([0.00113]), 0.001, record)


def test_record_is_rejected_when_it_belongs_to_another_file(tmp_path: Path) -> None:
    record = tmp_path / "recorded_scores.json"
    record.write_text(json.dumps({**json.loads(RECORDED_SCORES.read_text()), "sha256": "0" * 64}))
    with pytest.raises(TrainingError, match=r"belongs to another model file.*got 0000"):
        check_recorded_for(ModelCard.load(CARD), record)


@pytest.mark.parametrize("content", ["{}", '{"logits": "many"}', '{"logits": [[1], 2]}'])
def test_record_is_rejected_when_it_is_damaged(tmp_path: Path, content: str) -> None:
    (tmp_path / "recorded_scores.json").write_text(content)
    with pytest.raises(TrainingError, match=r"recorded_scores\.json: logits: expected numbers"):
        check_recorded_scores(np.zeros(2), STEP, tmp_path / "recorded_scores.json")


@pytest.mark.parametrize("value", [None, "0.97", True])
def test_minimum_metrics_are_rejected_when_one_is_not_a_number(
    tmp_path: Path, value: object
) -> None:
    minimum = {**read_minimum_metrics(), "test_auc": value}
    (tmp_path / "minimum_metrics.json").write_text(json.dumps(minimum))
    with pytest.raises(TrainingError, match="test_auc: expected a number"):
        read_minimum_metrics(tmp_path / "minimum_metrics.json")


def test_command_to_run_is_named_when_there_are_no_minimum_metrics(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"is missing: run git checkout minimum.*\.json first$"):
        read_minimum_metrics(tmp_path / "minimum_metrics.json")


def test_minimum_metrics_are_rejected_when_one_is_missing(tmp_path: Path) -> None:
    minimum = json.loads(MINIMUM_METRICS.read_text())
    for name in minimum:
        less = {other: value for other, value in minimum.items() if other != name}
        (tmp_path / "minimum_metrics.json").write_text(json.dumps(less))
        with pytest.raises(TrainingError, match=f"{name}: expected a number, got None"):
            read_minimum_metrics(tmp_path / "minimum_metrics.json")


def test_metric_is_named_when_it_misses_its_limit() -> None:
    minimum = {"accuracy": 0.9, "error_max": 0.03, "bytes_max": 1000}
    passing = {"accuracy": 0.9, "error": 0.03, "bytes": 1000, "other": 0.0}
    assert check_minimum_metrics(passing, minimum) == [
        "accuracy 0.9000, at least 0.9",
        "error 0.0300, at most 0.03",
        "bytes 1,000, at most 1,000",
    ]
    with pytest.raises(TrainingError, match=r"accuracy 0\.8000.*; error 0\.0400, at most 0\.03"):
        check_minimum_metrics({"accuracy": 0.8, "error": 0.04}, minimum)


def test_minimum_metrics_are_close_to_those_of_the_shipped_model() -> None:
    minimum, measured = read_minimum_metrics(), json.loads(METRICS.read_text())
    limited = {name: measured[group][metric] for name, (group, metric) in MEASURED.items()}
    limited |= limited_photo_metrics(measured["whole_photos"], measured["whole_photos_as_video"])
    limited |= limited_ferplus_metrics(measured["ferplus"])
    limited |= limited_covered_metrics(measured["covered_mouths"])
    limited |= {"bytes": measured["model"]["bytes"]}
    assert {name for name in minimum if name.removesuffix("_max") not in limited} == set()
    check_minimum_metrics(limited, minimum)
    for name, value in limited.items():
        if name in minimum:  # an upper limit may be far away
            assert value - minimum[name] < 0.1, name
    for name in (*MEASURED, "photos_accuracy", "photos_accuracy_in_video", "photos_auc",
                 "photos_clear_accuracy", "ferplus_accuracy"):  # fmt: skip
        assert limited[name] - minimum[name] < 0.015, name


def test_synthetic_faces_are_the_same_on_every_machine() -> None:
    faces = synthetic_faces()
    assert faces.shape == (36, 64, 64)
    weights = np.arange(faces.size, dtype=np.int64).reshape(faces.shape) % 1009
    assert int(faces.astype(np.int64).sum()) == PIXEL_SUM
    assert int((faces * weights).sum()) == WEIGHTED_SUM


@pytest.mark.parametrize(
    ("stderr", "reason"), [("Traceback…\nno such op\n", "no such op"), ("", "no reason given")]
)
def test_reason_is_given_when_the_older_interpreter_fails(
    monkeypatch: pytest.MonkeyPatch, stderr: str, reason: str
) -> None:
    def fail(command: Any, **options: Any) -> subprocess.CompletedProcess[str]:
        assert options["timeout"] == 300
        return subprocess.CompletedProcess(command, 1, "", stderr)

    monkeypatch.setattr(subprocess, "run", fail)
    with pytest.raises(TrainingError, match=f"tflite-runtime cannot run the model: {reason}"):
        interpreters.tflite_runtime_logits(synthetic_faces())


PIXEL_SUM = 21_385_224
WEIGHTED_SUM = 10_800_363_736
