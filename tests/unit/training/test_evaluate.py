"""Evaluation ships a good model with card, metrics and document, and keeps the last one else."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from smile_vision.errors import ModelError
from smile_vision.smiles.classifier import SmileClassifier
from smile_vision.smiles.model_card import ModelCard
from tests.helpers.training import make_crops, save_clip_photos
from training import evaluate as module
from training import evaluate_photos, finetune, gate, robustness
from training.errors import TrainingError
from training.evaluation import recorded_scores
from training.evaluation.metrics_document import metrics_text
from training.evaluation.model_document import markers
from training.evaluation.predict import int8_logits
from training.evaluation.synthetic_faces import synthetic_faces
from training.workspace import CARD, METRICS, MODEL

OUTPUTS = ("model.tflite", "card.json", "metrics.json", "recorded.json", "model.md")


class FloatNetwork:
    """Stands in for the Keras model: the int8 file's logits, one of them changed."""

    def predict(self, pictures: np.ndarray, **options: Any) -> np.ndarray:
        grey = np.rint((pictures[..., 0] + 1) * 128).astype(np.uint8)
        logits = int8_logits(MODEL, grey)
        logits[0] = -5.0 if logits[0] > 0 else 5.0
        return logits[:, np.newaxis]


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A trained run whose labels follow the model's logits; TensorFlow is not needed."""
    grey = np.tile(synthetic_faces(), (3, 1, 1))
    logits = int8_logits(MODEL, grey)
    tiers = np.where(logits > np.median(logits), "clear", "none")
    tiers[1::36] = "faint"
    splits = ["train"] * 36 + ["validation"] * 36 + ["test"] * 36
    crops = make_crops(logits > np.median(logits), grey=grey, tiers=tiers.tolist(), splits=splits)
    crops.save(tmp_path / "crops.npz")
    (tmp_path / "trained.keras").touch()
    (tmp_path / "quantized.tflite").write_bytes(MODEL.read_bytes())
    history = [{"epoch": 1, "loss": 0.5}]
    state = {"seed": 3, "epochs_done": 7, "spent_s": 100, "history": history}
    (tmp_path / "state.json").write_text(json.dumps(state))
    prepared = {"data": "faces.zip", "skipped": {"b": "damaged", "a": "damaged"}}
    (tmp_path / "prepare.json").write_text(json.dumps(prepared))
    (tmp_path / "model.md").write_text("\n".join(markers("metrics")))
    for name, file in {
        "CROPS": "crops.npz", "TRAINED": "trained.keras", "QUANTIZED": "quantized.tflite",
        "STATE": "state.json", "PREPARED": "prepare.json", "MODEL": "model.tflite",
        "CARD": "card.json", "METRICS": "metrics.json",
    }.items():  # fmt: skip
        monkeypatch.setattr(module, name, tmp_path / file)
    record = recorded_scores.record_scores
    write = module.write_block
    monkeypatch.setattr(module, "record_scores", lambda: record(MODEL, tmp_path / "recorded.json"))
    monkeypatch.setattr(
        module, "write_block", lambda name, text: write(name, text, tmp_path / "model.md")
    )
    monkeypatch.setattr(module, "load_network", lambda path, made_by: FloatNetwork())
    monkeypatch.setattr(module, "import_keras", lambda: SimpleNamespace(__version__="3.0"))
    monkeypatch.setitem(sys.modules, "tensorflow", SimpleNamespace(__version__="2.0"))
    return tmp_path


def test_good_model_is_shipped_with_its_card_metrics_and_document(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    module.main([])
    assert (workspace / "model.tflite").read_bytes() == MODEL.read_bytes()
    metrics = json.loads((workspace / "metrics.json").read_text())
    assert list(metrics) == list(json.loads(METRICS.read_text()))[: len(metrics)]
    assert metrics["trained_with"] == {
        "seed": 3, "epochs": 7, "minutes": 1.7, "tensorflow": "2.0", "keras": "3.0",
    }  # fmt: skip
    assert metrics["history"] == [{"epoch": 1, "loss": 0.5}]
    assert list(metrics["data"]["skipped"]) == ["a", "b"]
    assert metrics["model"]["threshold"] == 0.5
    assert metrics["validation"]["pictures"] == 35
    assert metrics["test"]["pictures"] == 36
    assert metrics["test_where_annotators_agree"]["pictures"] == 35
    card = ModelCard.load(workspace / "card.json")
    card.check((workspace / "model.tflite").read_bytes())
    assert metrics_text(metrics) in (workspace / "model.md").read_text()
    assert (workspace / "recorded.json").exists()
    shown = capsys.readouterr().out
    assert "int8 file on the test set, 36 pictures:" in shown
    test = metrics["test"]
    for line in (
        f"accuracy {test['accuracy']:.4f} (",
        "at the validation set's best threshold 0.",
        f"calibration error {metrics['calibration']['test_error']:.4f}",
        f"sensitivity {test['sensitivity']:.3f}, specificity {test['specificity']:.3f}",
        "faint                classified as a smile: ",
    ):
        assert f"  {line}" in shown
    assert "int8 and float agree on 97.22%" in shown
    assert "shipped model.tflite with its model card; metrics in metrics.json" in shown


def test_float_network_is_compared_with_the_int8_file(workspace: Path) -> None:
    module.main([])
    agreement = json.loads((workspace / "metrics.json").read_text())["int8_and_float"]
    assert (agreement["same_prediction"], agreement["pictures"]) == (35, 36)
    assert agreement["same_prediction_share"] == 0.9722
    assert 0 < agreement["mean_score_difference"] < 0.03
    assert 0.9 < agreement["float_accuracy"] < 1
    assert 0.9 < agreement["float_auc"] < 1


def test_calibration_error_is_measured_against_both_kinds_of_labels(workspace: Path) -> None:
    module.main([])
    metrics = json.loads((workspace / "metrics.json").read_text())
    calibration = metrics["calibration"]
    original = metrics["test"]["calibration_error"]
    assert calibration["test_error_on_original_labels"] == original
    assert calibration["test_error"] != original
    assert list(metrics["test_by_tier"]) == ["clear", "faint", "none"]
    assert metrics["test_by_tier"]["faint"]["pictures"] == 1


@pytest.mark.parametrize(
    ("test", "good"),
    [
        ({"accuracy": 0.90, "auc": 0.965}, True),
        ({"accuracy": 0.8999, "auc": 0.99}, False),
        ({"accuracy": 0.99, "auc": 0.9649}, False),
    ],
)
def test_model_is_good_enough_from_the_documented_accuracy_and_auc(
    test: dict[str, float], good: bool
) -> None:
    assert module.is_good_enough(test) == good


def test_last_good_model_stays_when_the_new_one_is_too_weak(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "is_good_enough", lambda test: False)
    (workspace / "model.tflite").write_bytes(b"last")
    with pytest.raises(TrainingError, match=r"expected accuracy 0\.9 and AUC 0\.965.*--ship-any"):
        module.main([])
    assert (workspace / "model.tflite").read_bytes() == b"last"
    assert not any((workspace / name).exists() for name in ("card.json", "metrics.json"))
    module.main(["--ship-anyway"])
    assert (workspace / "model.tflite").read_bytes() == MODEL.read_bytes()


@pytest.mark.parametrize(
    ("missing", "step"), [("trained.keras", "train"), ("quantized.tflite", "quantize")]
)
def test_step_to_run_is_named_when_its_file_is_missing(
    workspace: Path, missing: str, step: str
) -> None:
    (workspace / missing).unlink()
    with pytest.raises(TrainingError, match=f"{missing} is missing: run python -m training.{step}"):
        module.main([])


@pytest.fixture
def photo_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copies of the metrics, the card and the document, and three photos."""
    metrics, card = json.loads(METRICS.read_text()), json.loads(CARD.read_text())
    del metrics["whole_photos"], metrics["whole_photos_as_video"], card["metrics"]["whole_photos"]
    (tmp_path / "metrics.json").write_text(json.dumps(metrics))
    (tmp_path / "card.json").write_text(json.dumps(card))
    document = tmp_path / "model.md"
    document.write_text("\n".join(markers("metrics")))
    write = evaluate_photos.write_block
    monkeypatch.setattr(evaluate_photos, "METRICS", tmp_path / "metrics.json")
    monkeypatch.setattr(evaluate_photos, "CARD", tmp_path / "card.json")
    monkeypatch.setattr(
        evaluate_photos, "write_block", lambda name, text: write(name, text, document)
    )
    (tmp_path / "photos").mkdir()
    save_clip_photos(tmp_path / "photos")
    return tmp_path


def test_photos_are_added_to_metrics_card_and_document(
    photo_workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluate_photos.main(["--photos", str(photo_workspace / "photos")])
    metrics = json.loads((photo_workspace / "metrics.json").read_text())
    for name in ("whole_photos", "whole_photos_as_video"):
        assert metrics[name]["data"] == "photos"
        assert metrics[name]["photos"] == 3
    card = json.loads((photo_workspace / "card.json").read_text())
    found = metrics["whole_photos"]["found_faces"]
    assert card["metrics"]["whole_photos"] == {
        "photos": 3,
        "accuracy": 1.0,
        "auc": 1.0,
        "calibration_error": found["calibration_error"],
    }
    assert "| 3 whole photos of other people" in (photo_workspace / "model.md").read_text()
    shown = capsys.readouterr().out
    assert "3 photos, photo pipeline: accuracy 1.0000 (0 without a face count as errors)" in shown
    assert "3 photos, video pipeline: accuracy 1.0000" in shown


@pytest.mark.parametrize("command", [evaluate_photos, gate, robustness, finetune])
def test_one_line_is_shown_when_the_shipped_model_cannot_be_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: Any
) -> None:
    def fail(*arguments: object) -> None:
        raise ModelError("the model is missing")

    make_crops([True]).save(tmp_path / "crops.npz")
    monkeypatch.setattr(robustness, "CROPS", tmp_path / "crops.npz")
    monkeypatch.setattr(SmileClassifier, "load", fail)
    monkeypatch.setattr(ModelCard, "load", fail)
    monkeypatch.setattr(finetune, "finetune", fail)
    with pytest.raises(TrainingError, match=r"^the model is missing$"):
        command.main(["--photos", str(tmp_path)])


def test_step_is_skipped_when_there_are_no_photos(capsys: pytest.CaptureFixture[str]) -> None:
    evaluate_photos.main(["--photos", "none"])
    assert capsys.readouterr().out.startswith("skipped whole photos: give --photos")
