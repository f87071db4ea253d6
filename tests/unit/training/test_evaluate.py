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
from tests.helpers.training import make_crops, save_clip_photos, save_crops, see_every_mouth
from training import evaluate as module
from training import evaluate_photos, finetune, gate, robustness
from training.data.crops import SMILESMILED, Crops
from training.errors import TrainingError
from training.evaluation import recorded_scores
from training.evaluation.calibration import Calibration
from training.evaluation.card_document import card_text, limits_text
from training.evaluation.metrics_document import metrics_text
from training.evaluation.model_document import markers
from training.evaluation.predict import int8_logits
from training.evaluation.synthetic_faces import synthetic_faces
from training.workspace import CARD, METRICS, MODEL

OUTPUTS = ("model.tflite", "card.json", "metrics.json", "recorded.json", "model.md")


def _empty_blocks(*names: str) -> str:
    return "\n".join(line for name in names for line in markers(name))


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
    save_crops(crops, tmp_path / "crops.npz")
    (tmp_path / "trained.keras").touch()
    (tmp_path / "quantized.tflite").write_bytes(MODEL.read_bytes())
    history = [{"epoch": 1, "loss": 0.5}]
    state = {"seed": 3, "epochs_done": 7, "spent_s": 100, "date": "2026-01-31", "history": history}
    (tmp_path / "state.json").write_text(json.dumps(state))
    prepared = {
        "data": "faces.zip",
        "second_annotator": "second.csv",
        "skipped": {"b": "damaged", "a": "damaged"},
        "collections": {"ferplus": {"skipped": {"x": "face not found", "y": "face not found"}}},
        "duplicates": [{"name": "z"}],
    }
    (tmp_path / "prepare.json").write_text(json.dumps(prepared))
    (tmp_path / "model.md").write_text(_empty_blocks("card", "metrics", "limits"))
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
    see_every_mouth(monkeypatch)
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
        "seed": 3, "epochs": 7, "date": "2026-01-31", "minutes": 1.7,
        "tensorflow": "2.0", "keras": "3.0",
    }  # fmt: skip
    assert metrics["history"] == [{"epoch": 1, "loss": 0.5}]
    assert list(metrics["data"]["skipped"]) == ["a", "b"]
    assert metrics["data"]["collections"] == {"ferplus": {"skipped": {"face not found": 2}}}
    assert metrics["data"]["duplicates"] == 1
    assert metrics["model"]["threshold"] == 0.5
    assert metrics["validation"]["pictures"] == 35
    assert metrics["test"]["pictures"] == 36
    assert metrics["test_where_annotators_agree"]["pictures"] == 35
    card = ModelCard.load(workspace / "card.json")
    card.check((workspace / "model.tflite").read_bytes())
    written = json.loads((workspace / "card.json").read_text())
    assert written["date"] == "2026-01-31"
    assert list(written["training_data"]) == [
        "SMILEsmileD", "second annotator's labels of SMILEsmileD", "FER+",
    ]  # fmt: skip
    document = (workspace / "model.md").read_text()
    for text in (metrics_text(metrics), card_text(written), limits_text(written)):
        assert text in document
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


def test_ferplus_needs_no_accuracy_when_its_faces_are_refused(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    classify = SmileClassifier.classify
    monkeypatch.setattr(
        SmileClassifier,
        "classify",
        lambda self, crops: classify(self, crops)._replace(
            is_mouth_visible=np.zeros(len(crops), dtype=bool)
        ),
    )
    module.main([])
    assert "0 scored faces with clear votes:\n" in capsys.readouterr().out
    assert "voted for each face" not in (workspace / "model.md").read_text()


def test_covered_mouths_and_ferplus_are_measured_on_the_new_file(workspace: Path) -> None:
    module.main([])
    metrics = json.loads((workspace / "metrics.json").read_text())
    assert metrics["ferplus"]["pictures"] == 2
    assert metrics["covered_mouths"]["clear_faces"]["pictures"] == 35
    card = json.loads((workspace / "card.json").read_text())
    assert card["metrics"]["ferplus"] == metrics["ferplus"]
    new = module.new_classifier(
        workspace / "quantized.tflite",
        Calibration(**card["calibration"], threshold=card["threshold"]),
    )
    assert new.model_card == ModelCard.load(workspace / "card.json")


def test_ferplus_is_skipped_when_it_was_not_prepared(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Crops.load(workspace / "crops.npz").of(SMILESMILED).save(workspace / "crops.npz")
    module.main([])
    shown = capsys.readouterr().out
    assert "skipped FER+: it was not prepared" in shown
    assert "test split of FER+" not in shown
    metrics = json.loads((workspace / "metrics.json").read_text())
    assert "ferplus" not in metrics
    assert "covered_mouths" in metrics
    assert "FER+ was skipped" in (workspace / "model.md").read_text()


def test_recorded_groups_in_photos_stay_when_a_new_model_is_evaluated(workspace: Path) -> None:
    groups = {"evaluated_on": "x", "model_sha256": "0" * 64, "rows": []}
    (workspace / "metrics.json").write_text(json.dumps({"photo_groups": groups, "other": 1}))
    module.main([])
    metrics = json.loads((workspace / "metrics.json").read_text())
    assert metrics["photo_groups"] == groups
    assert "other" not in metrics


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
    del card["evaluation_data"]["whole photos"]
    (tmp_path / "metrics.json").write_text(json.dumps(metrics))
    (tmp_path / "card.json").write_text(json.dumps(card))
    document = tmp_path / "model.md"
    document.write_text(_empty_blocks("card", "metrics"))
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
        "accuracy_95": metrics["whole_photos"]["accuracy_all_photos_95"],
        "auc": 1.0,
        "calibration_error": found["calibration_error"],
    }
    assert "tuned on them" in card["evaluation_data"]["whole photos"]
    document = (photo_workspace / "model.md").read_text()
    assert "| 3 whole photos of other people" in document
    assert card_text(card) in document
    shown = capsys.readouterr().out
    assert "3 photos, photo pipeline: accuracy 1.0000 (0 without a face and 0 without" in shown
    assert "3 photos, video pipeline: accuracy 1.0000" in shown
    assert "clear" not in metrics["whole_photos"]
    assert metrics["photo_groups"] == json.loads(METRICS.read_text())["photo_groups"]


def test_groups_and_clear_photos_are_added_when_there_are_tables(
    photo_workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    table = photo_workspace / "mine.csv"
    table.write_text("path,glasses\nNoor.png,1\nRobin.png,1\nSam.png,1\n")
    clear = {"Noor.png": False, "Robin.png": True, "Sam.png": None}
    monkeypatch.setattr(evaluate_photos, "clear_photos", lambda: clear)
    photos = ["--photos", str(photo_workspace / "photos")]
    evaluate_photos.main([*photos, "--attributes", str(table)])
    metrics = json.loads((photo_workspace / "metrics.json").read_text())
    assert metrics["whole_photos"]["clear"]["photos"] == 2
    groups = metrics["photo_groups"]
    assert groups["model_sha256"] == json.loads(CARD.read_text())["sha256"]
    assert [(row["attribute"], row["present"], row["pictures"]) for row in groups["rows"]] == [
        ("glasses", True, 3)
    ]
    card = json.loads((photo_workspace / "card.json").read_text())
    assert list(card["groups_in_photos"]["results"]) == ["glasses"]
    assert "2 photos on which two looks agree, photo pipeline: accuracy 1.0000" in (
        capsys.readouterr().out
    )
    evaluate_photos.main(photos)
    again = json.loads((photo_workspace / "metrics.json").read_text())
    assert again["photo_groups"] == groups


def test_groups_are_skipped_when_they_were_never_measured(
    photo_workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    metrics = json.loads((photo_workspace / "metrics.json").read_text())
    del metrics["photo_groups"]
    (photo_workspace / "metrics.json").write_text(json.dumps(metrics))
    evaluate_photos.main(["--photos", str(photo_workspace / "photos")])
    assert "skipped groups of people: give --attributes a table" in capsys.readouterr().out


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
