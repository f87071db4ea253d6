"""The report measures what it can and falls back on the committed metrics."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from smile_vision.errors import ModelError
from smile_vision.smiles.classifier import SmileClassifier
from tests.helpers.training import make_crops, save_crops, see_every_mouth
from training.baselines import __main__ as baselines
from training.baselines.photo_crops import PhotoCrops
from training.data.collections.collection import Collection
from training.data.collections.smilesmiled import SmileSmileD
from training.data.splits import Split
from training.errors import TrainingError
from training.evaluation.metric_summary import score_metrics
from training.notebooks import load_notebook_data
from training.report import inputs as inputs_module
from training.report.inputs import AGREED, PHOTOS, TEST, ReportInputs, gather_inputs


def test_committed_metrics_are_complete_when_the_repository_is_cloned(
    recorded: ReportInputs,
) -> None:
    assert set(recorded.missing) == {"crops", "photos"}
    assert recorded.baselines is not None
    assert recorded.robustness is not None
    assert not recorded.predictions
    assert {TEST, AGREED, PHOTOS, "test_by_tier", "history", "data"} <= recorded.metrics.keys()


def test_missing_file_is_named_with_its_command(
    without_data: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("BASELINE_METRICS", "ROBUSTNESS"):
        path = getattr(inputs_module, name)
        monkeypatch.setattr(inputs_module, name, path.with_name("absent.json"))
    missing = gather_inputs(photos="none").missing
    assert "Run `python -m training.baselines`" in missing["baselines"]
    assert "Run `python -m training.robustness`" in missing["robustness"]


def test_prepared_crops_are_used_when_no_data_are_given(
    without_data: None, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("work") / "crops.npz"
    save_crops(load_notebook_data("synthetic").crops, path)
    monkeypatch.setattr(inputs_module, "CROPS", path)
    inputs = gather_inputs(photos="none")
    assert "crops" not in inputs.missing
    assert TEST in inputs.predictions


def test_test_set_replaces_the_recorded_metrics(recorded: ReportInputs) -> None:
    crops = load_notebook_data("synthetic").crops
    test = crops.part(Split.TEST)
    agreed = np.isin(test.tier, ["clear", "none"])
    assert 0 < agreed.sum() < len(test)
    classifier = SmileClassifier.load()
    recorded.add_test_set(crops, classifier)
    scores = classifier.smile_scores(test.grey).astype(np.float64)
    threshold = classifier.model_card.threshold
    assert recorded.metrics[TEST] == score_metrics(scores, test.smile, threshold)
    assert recorded.metrics[AGREED] == score_metrics(scores[agreed], test.smile[agreed], threshold)
    assert recorded.metrics["test_by_tier"]["faint"]["pictures"] == (test.tier == "faint").sum()
    assert len(recorded.predictions[AGREED]) == agreed.sum()
    names = recorded.predictions[TEST].names
    assert names[0] == f"{test.name[0]}, {test.tier[0]}"


def test_one_class_has_no_metrics(recorded: ReportInputs) -> None:
    crops = load_notebook_data("synthetic").crops
    before = recorded.metrics[AGREED]
    tier = np.where(crops.smile, "faint", crops.tier)
    recorded.add_test_set(replace(crops, tier=tier), SmileClassifier.load())
    assert AGREED not in recorded.predictions
    assert recorded.metrics[AGREED] == before
    assert TEST in recorded.predictions


def _photos(smile: list[bool], found: list[bool]) -> PhotoCrops:
    count = len(smile)
    rng = np.random.default_rng(0)
    return PhotoCrops(
        name=np.array([f"{number}.jpg" for number in range(count)]),
        smile=np.array(smile),
        found=np.array(found),
        crop=rng.integers(0, 256, (count, 64, 64), dtype=np.uint8),
        frame=np.zeros((count, 150, 150, 3), dtype=np.uint8),
    )


def test_photo_without_a_face_counts_but_has_no_prediction(
    recorded: ReportInputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    see_every_mouth(monkeypatch)
    photos = _photos([True, False, True, False], [True, True, False, True])
    recorded.add_photos(photos, SmileClassifier.load(flip=True))
    assert recorded.metrics[PHOTOS]["photos"] == 4
    assert recorded.metrics[PHOTOS]["no_face_found"] == 1
    assert recorded.metrics[PHOTOS]["found_faces"]["pictures"] == 3
    assert recorded.predictions[PHOTOS].names.tolist() == ["0.jpg", "1.jpg", "3.jpg"]


def test_photo_counts_but_has_no_prediction_when_the_mouth_is_hidden(
    recorded: ReportInputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = _photos([True, False, True, False], [True] * 4)
    classify = SmileClassifier.classify
    hidden = np.array([False, False, True, False])
    monkeypatch.setattr(
        SmileClassifier,
        "classify",
        lambda self, crops: classify(self, crops)._replace(is_mouth_visible=~hidden),
    )
    recorded.add_photos(photos, SmileClassifier.load())
    assert recorded.metrics[PHOTOS]["not_scored"] == 1
    assert recorded.predictions[PHOTOS].names.tolist() == ["0.jpg", "1.jpg", "3.jpg"]


def test_photos_are_refused_when_all_found_faces_have_one_label(recorded: ReportInputs) -> None:
    with pytest.raises(TrainingError, match="with and without a smile"):
        recorded.add_photos(_photos([True, False], [True, False]), SmileClassifier.load())


def test_given_data_are_prepared_and_the_default_is_used_without(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    crops, asked = load_notebook_data("synthetic").crops, []

    def read(reader: SmileSmileD) -> Collection:
        asked.append(reader.data)
        return Collection(crops, {})

    monkeypatch.setattr(SmileSmileD, "read", read)
    monkeypatch.setattr(inputs_module, "DEFAULT_DATA", tmp_path)
    monkeypatch.setattr(inputs_module, "CROPS", tmp_path / "crops.npz")
    gather_inputs(photos="none")
    save_crops(crops, tmp_path / "crops.npz")
    gather_inputs("mine.zip", "none")
    prepared = gather_inputs(photos="none").crops
    assert prepared is not None
    assert len(prepared) == len(crops)
    assert asked == [None, "mine.zip"]


def test_photos_are_predicted_with_their_mirror_image(
    without_data: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    see_every_mouth(monkeypatch)
    photos = _photos([True, False] * 4, [True] * 8)
    monkeypatch.setattr(inputs_module, "crop_photos", lambda _: photos)
    predictions = gather_inputs(photos="photos.zip").predictions[PHOTOS]
    mirrored = SmileClassifier.load(flip=True).smile_scores(photos.crop)
    assert predictions.scores == pytest.approx(mirrored)
    assert predictions.scores != pytest.approx(SmileClassifier.load().smile_scores(photos.crop))


def test_broken_model_is_one_line_for_the_user(
    without_data: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: object) -> SmileClassifier:
        raise ModelError("smile_classifier.tflite: not the file of the model card")

    monkeypatch.setattr(inputs_module, "crop_photos", lambda _: _photos([True], [True]))
    monkeypatch.setattr(SmileClassifier, "load", broken)
    with pytest.raises(TrainingError, match=r"smile_classifier\.tflite: not the file"):
        gather_inputs(photos="photos.zip")


def test_baselines_are_compared_on_smilesmiled_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_crops(make_crops([True, False, True]), tmp_path / "crops.npz")
    written: list[dict[str, Any]] = []
    monkeypatch.setattr(baselines, "CROPS", tmp_path / "crops.npz")
    monkeypatch.setattr(baselines, "import_keras", lambda: None)
    monkeypatch.setattr(baselines, "BASELINES", ())
    monkeypatch.setattr(baselines, "write_json", lambda path, content: written.append(content))
    baselines.main(["--photos", "none"])
    assert written[0]["pictures"] == {"train": 0, "validation": 0, "test": 3}
