"""The gate accepts the shipped model and rejects one that is worse or different."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from smile_vision.smiles.model_card import ModelCard
from tests.helpers.training import make_crops, save_clip_photos
from training import gate
from training.data.crops import Crops
from training.data.splits import Split
from training.errors import TrainingError
from training.evaluation import interpreters
from training.evaluation.minimum_metrics import check_minimum_metrics, read_minimum_metrics
from training.evaluation.predict import int8_logits, logit_step
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
    sha256_of_file,
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
    for name, (group, metric) in MEASURED.items():
        assert 0 <= measured[group][metric] - minimum[name] < 0.015, name
    for pipeline, name in (
        ("whole_photos", "photos_accuracy"), ("whole_photos_as_video", "photos_accuracy_in_video"),
    ):  # fmt: skip
        assert 0 <= measured[pipeline]["accuracy_all_photos"] - minimum[name] < 0.015, name
    assert measured["whole_photos"]["found_faces"]["auc"] - minimum["photos_auc"] < 0.015


def test_synthetic_faces_are_the_same_on_every_machine() -> None:
    faces = synthetic_faces()
    assert faces.shape == (36, 64, 64)
    weights = np.arange(faces.size, dtype=np.int64).reshape(faces.shape) % 1009
    assert int(faces.astype(np.int64).sum()) == PIXEL_SUM
    assert int((faces * weights).sum()) == WEIGHTED_SUM


@pytest.fixture
def crops_of_the_gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Crops:
    """The data of the gate: labels follow the model's own logits, but not its threshold."""
    grey = np.tile(synthetic_faces(), (2, 1, 1))
    logits = int8_logits(MODEL, grey)
    crops = make_crops(
        logits > np.quantile(logits, 0.25), grey=grey, splits=["validation"] * 36 + ["test"] * 36
    )
    crops.save(tmp_path / "crops.npz")
    monkeypatch.setattr(gate, "CROPS", tmp_path / "crops.npz")
    monkeypatch.setattr(gate, "OLDER_PYTHON", tmp_path / "absent")
    return crops


def test_limited_metrics_are_those_of_the_test_set(crops_of_the_gate: Crops) -> None:
    logits = {
        split: int8_logits(MODEL, crops_of_the_gate.part(split).grey)
        for split in (Split.VALIDATION, Split.TEST)
    }
    card = ModelCard.load(CARD)
    limited = gate.limited_metrics(logits, crops_of_the_gate, card)
    assert set(limited) == set(MEASURED)
    assert limited["test_auc"] == limited["test_agreed_auc"] == 1.0
    assert limited["test_accuracy_at_validation_threshold"] == 1.0
    assert limited["test_accuracy"] < 1
    single = make_crops(
        crops_of_the_gate.smile,
        tiers=["none, one annotator"] * 72,
        splits=crops_of_the_gate.split.tolist(),
    )
    assert "test_agreed_auc" not in gate.limited_metrics(logits, single, card)


def _run_gate(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    gate.main(["--photos", *(arguments or ("none",))])
    return capsys.readouterr().out


def test_gate_says_what_it_skipped_when_there_are_no_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(gate, "CROPS", tmp_path / "absent.npz")
    monkeypatch.setattr(gate, "OLDER_PYTHON", tmp_path / "absent")
    shown = _run_gate(capsys)
    assert "sha256 as in the model card" in shown
    assert "bytes 139,896, at most 200,000" in shown
    assert "skipped tflite-runtime: .venv-tflite is missing" in shown
    assert "skipped the test set: absent.npz is missing" in shown
    assert (
        f"logits of synthetic faces as recorded, within one step ({logit_step(MODEL):.3f})" in shown
    )
    assert "skipped whole photos: none given" in shown
    assert shown.endswith("all checks passed\n")


def test_gate_fails_when_the_test_set_misses_a_minimum(crops_of_the_gate: Crops) -> None:
    with pytest.raises(TrainingError, match="below the minimum metrics: test_accuracy 0"):
        gate.main(["--photos", "none"])


def test_gate_lists_the_metrics_that_reach_their_minimum(
    crops_of_the_gate: Crops, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lower = dict.fromkeys(read_minimum_metrics(), 0.1) | {"bytes_max": 200_000}
    monkeypatch.setattr(gate, "read_minimum_metrics", lambda: lower)
    shown = _run_gate(capsys)
    assert "LiteRT: test_agreed_auc 1.0000, at least 0.1" in shown
    assert shown.count("LiteRT: test_") == 5
    assert "skipped the test set" not in shown


def test_gate_checks_both_pipelines_on_whole_photos(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(gate, "CROPS", tmp_path / "absent.npz")
    monkeypatch.setattr(gate, "OLDER_PYTHON", tmp_path / "absent")
    save_clip_photos(tmp_path)
    lower = {**read_minimum_metrics(), "photos_calibration_error_max": 0.5}
    monkeypatch.setattr(gate, "read_minimum_metrics", lambda: lower)
    shown = _run_gate(capsys, str(tmp_path))
    assert "whole photos: photos_accuracy 1.0000, at least 0.95" in shown
    assert "whole photos: photos_accuracy_in_video 1.0000, at least 0.945" in shown
    assert "whole photos: photos_auc 1.0000" in shown
    assert "whole photos: photos_calibration_error 0." in shown


def test_gate_fails_when_the_recorded_scores_belong_to_another_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, card = tmp_path / MODEL.name, tmp_path / CARD.name
    model.write_bytes(MODEL.read_bytes() + b" ")
    content = {**json.loads(CARD.read_text()), "sha256": sha256_of_file(model)}
    card.write_text(json.dumps(content))
    monkeypatch.setattr(gate, "MODEL", model)
    monkeypatch.setattr(gate, "CARD", card)
    with pytest.raises(TrainingError, match="belongs to another model file"):
        gate.main(["--photos", "none"])


@pytest.mark.parametrize("damage", ["card", "file"])
def test_gate_fails_when_the_file_is_not_the_one_of_its_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    other = tmp_path / "other"
    if damage == "card":
        other.write_text(json.dumps({**json.loads(CARD.read_text()), "sha256": "0" * 64}))
        monkeypatch.setattr(gate, "CARD", other)
    else:
        other.write_bytes(MODEL.read_bytes()[:-1])
        monkeypatch.setattr(gate, "MODEL", other)
    with pytest.raises(TrainingError, match=r"does not match its .*expected sha256"):
        gate.main(["--photos", "none"])


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
