"""The gate checks the shipped model against card, recorded scores and minimum metrics."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from smile_vision.smiles.model_card import ModelCard
from tests.helpers.training import make_crops, save_clip_photos, save_crops, see_every_mouth
from training import gate
from training.data.crops import Crops
from training.data.splits import Split
from training.errors import TrainingError
from training.evaluation.minimum_metrics import read_minimum_metrics
from training.evaluation.predict import int8_logits, logit_step
from training.evaluation.synthetic_faces import synthetic_faces
from training.workspace import CARD, MODEL, sha256_of_file


@pytest.fixture
def crops_of_the_gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Crops:
    """The data of the gate: labels follow the model's own logits, but not its threshold."""
    grey = np.tile(synthetic_faces(), (2, 1, 1))
    logits = int8_logits(MODEL, grey)
    crops = make_crops(
        logits > np.quantile(logits, 0.25), grey=grey, splits=["validation"] * 36 + ["test"] * 36
    )
    save_crops(crops, tmp_path / "crops.npz")
    monkeypatch.setattr(gate, "CROPS", tmp_path / "crops.npz")
    monkeypatch.setattr(gate, "OLDER_PYTHON", tmp_path / "absent")
    see_every_mouth(monkeypatch)
    return crops


def test_limited_metrics_are_those_of_the_test_set(crops_of_the_gate: Crops) -> None:
    logits = {
        split: int8_logits(MODEL, crops_of_the_gate.part(split).grey)
        for split in (Split.VALIDATION, Split.TEST)
    }
    card = ModelCard.load(CARD)
    limited = gate.limited_metrics(logits, crops_of_the_gate, card)
    assert set(limited) == {
        "test_accuracy", "test_accuracy_at_validation_threshold", "test_auc",
        "test_agreed_accuracy", "test_agreed_auc",
    }  # fmt: skip
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
    assert f"bytes {MODEL.stat().st_size:,}, at most 200,000" in shown
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


@pytest.fixture
def no_limits(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    limits = {name: 1e6 if name.endswith("_max") else 0.0 for name in read_minimum_metrics()}
    monkeypatch.setattr(gate, "read_minimum_metrics", lambda: limits)
    return limits


def test_gate_lists_the_metrics_that_reach_their_minimum(
    crops_of_the_gate: Crops, no_limits: dict[str, float], capsys: pytest.CaptureFixture[str]
) -> None:
    shown = _run_gate(capsys)
    assert "LiteRT: test_agreed_auc 1.0000, at least 0.0" in shown
    assert shown.count("LiteRT: test_") == 5
    assert "skipped the test set" not in shown
    assert re.search(r"\ncovered_mouths_refused \d\.\d+, at least", shown)
    assert re.search(r"\nclear_faces_refused \d\.\d+, at most", shown)
    assert re.search(r"\nferplus_accuracy \d\.\d+, at least", shown)
    assert "skipped FER+" not in shown


def test_gate_says_that_it_skipped_ferplus_when_it_was_not_prepared(
    crops_of_the_gate: Crops, no_limits: dict[str, float], capsys: pytest.CaptureFixture[str]
) -> None:
    crops_of_the_gate.save(gate.CROPS)
    shown = _run_gate(capsys)
    assert "skipped FER+: it was not prepared (make train FERPLUS=…)" in shown
    assert "ferplus_accuracy" not in shown
    assert "covered_mouths_refused" in shown


@pytest.mark.parametrize(
    ("limit", "value"), [("ferplus_accuracy", 1.1), ("covered_mouths_refused", 1.1),
                         ("clear_faces_refused_max", -0.1)],
)  # fmt: skip
def test_gate_fails_when_ferplus_or_covered_mouths_miss_a_limit(
    crops_of_the_gate: Crops, no_limits: dict[str, float], limit: str, value: float
) -> None:
    no_limits[limit] = value
    with pytest.raises(TrainingError, match=f"minimum metrics: {limit.removesuffix('_max')}"):
        gate.main(["--photos", "none"])


def test_gate_checks_both_pipelines_on_whole_photos(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(gate, "CROPS", tmp_path / "absent.npz")
    monkeypatch.setattr(gate, "OLDER_PYTHON", tmp_path / "absent")
    labels = save_clip_photos(tmp_path)
    lower = {**read_minimum_metrics(), "photos_calibration_error_max": 0.5}
    monkeypatch.setattr(gate, "read_minimum_metrics", lambda: lower)
    shown = _run_gate(capsys, str(tmp_path))
    assert "skipped the clear photos: these are not the photos" in shown
    assert "whole photos: photos_accuracy 1.0000, at least 0.95" in shown
    monkeypatch.setattr(gate, "clear_photos", lambda: dict(labels))
    shown = _run_gate(capsys, str(tmp_path))
    assert "whole photos: photos_clear_accuracy 1.0000, at least 0.9" in shown
    assert "skipped the clear photos" not in shown
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
