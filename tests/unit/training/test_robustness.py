"""Accuracy under corruptions, for groups of people and for small faces; the minimum is enforced."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from smile_vision.smiles.classifier import Classified, SmileClassifier
from tests.helpers.training import make_crops, save_clip_photos, save_crops, see_every_mouth
from training import robustness as module
from training.data.crops import SMILESMILED, Crops
from training.errors import TrainingError
from training.evaluation import corruptions as corruptions_module
from training.evaluation.corruptions import corruptions
from training.evaluation.groups import picture_groups
from training.evaluation.metric_summary import score_metrics
from training.evaluation.model_document import markers
from training.evaluation.predict import int8_logits
from training.evaluation.synthetic_faces import synthetic_faces
from training.robustness import (
    MIN_ACCURACY,
    check_minimum,
    corruption_metrics,
    small_face_metrics,
)
from training.workspace import CARD, MODEL, ROBUSTNESS


@pytest.fixture(autouse=True)
def mouths(monkeypatch: pytest.MonkeyPatch) -> None:
    see_every_mouth(monkeypatch)


@pytest.fixture(scope="module")
def classifier() -> SmileClassifier:
    return SmileClassifier.load()


def test_only_pictures_on_which_both_annotators_agree_are_corrupted(
    classifier: SmileClassifier,
) -> None:
    rng = np.random.default_rng(1)
    grey = rng.integers(0, 256, (6, 64, 64), dtype=np.uint8)
    tiers = ["clear", "none", "faint", "none", "smile, one annotator", "faint"]
    crops = make_crops([True, False, True, False, True, False], grey=grey, tiers=tiers)
    rows = corruption_metrics(classifier, crops)
    assert {row["pictures"] for row in rows} == {3}
    assert [(row["corruption"], row["setting"], row["required"]) for row in rows] == [
        (corruption.kind, corruption.setting, corruption.required) for corruption in corruptions()
    ]
    scores = classifier.smile_scores(grey[[0, 1, 3]]).astype(np.float64)
    expected = score_metrics(
        scores, np.array([True, False, False]), classifier.model_card.threshold
    )
    assert rows[0] | expected == rows[0]
    assert rows == corruption_metrics(classifier, crops), "the same each time"


def _attributes(folder: Path, rows: str) -> Path:
    path = folder / "attributes.csv"
    path.write_text(f"number,smilesmiled,glasses,covered\n{rows}")
    return path


def test_groups_are_compared_with_and_without_an_attribute(
    classifier: SmileClassifier, tmp_path: Path
) -> None:
    grey = synthetic_faces()[:8]
    crops = make_crops(
        [True, True, True, False, False, False, True, False],
        grey=grey,
        adjudicated=["clear", "none", "clear", "none", "none", "clear", "faint", "none"],
    )
    # Number 6 is faint, number 7 has no row, 9 is not in the test set.
    table = _attributes(
        tmp_path, "0,1,1,0\n1,1,1,0\n2,1,0,0\n3,0,0,0\n4,0,0,1\n5,0,0,1\n6,1,1,1\n9,1,1,1\n"
    )
    rows = {
        (row["attribute"], row["present"]): (row["pictures"], row["smile"])
        for row in picture_groups(classifier, crops, table)
    }
    assert rows == {
        ("glasses", True): (2, 1),
        ("glasses", False): (4, 2),
        ("covered", True): (2, 1),
        ("covered", False): (4, 2),
    }


def test_group_is_left_out_when_all_or_none_of_it_smile(
    classifier: SmileClassifier, tmp_path: Path
) -> None:
    crops = make_crops([True, True, False, False], grey=synthetic_faces()[:4])
    table = _attributes(tmp_path, "0,1,1,0\n1,1,1,0\n2,0,0,0\n3,0,0,0\n")
    rows = picture_groups(classifier, crops, table)
    assert [(row["attribute"], row["present"]) for row in rows] == [("covered", False)]
    assert picture_groups(classifier, crops, _attributes(tmp_path, "9,1,1,1\n")) == []


def test_single_annotations_count_in_the_groups(
    classifier: SmileClassifier, tmp_path: Path
) -> None:
    tiers = ["smile, one annotator", "none, one annotator"]
    crops = make_crops([True, False], grey=synthetic_faces()[:2], tiers=tiers)
    (row,) = picture_groups(classifier, crops, _attributes(tmp_path, "0,1,1,1\n1,0,1,1\n"))[:1]
    assert (row["pictures"], row["smile"]) == (2, 1)


def test_attributes_are_rejected_when_one_is_not_0_or_1(
    classifier: SmileClassifier, tmp_path: Path
) -> None:
    with pytest.raises(TrainingError, match=r"attributes\.csv, line 2: covered: expected 0 or 1"):
        picture_groups(classifier, make_crops([True]), _attributes(tmp_path, "0,1,1,maybe\n"))


def test_small_faces_are_scaled_down_from_whole_photos(
    classifier: SmileClassifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = save_clip_photos(tmp_path)
    assert module.FACE_SIZES_PX == (80, 48, 32, 24, 16, 12)
    monkeypatch.setattr(module, "FACE_SIZES_PX", (10_000, 80, 12))
    kept: list[np.ndarray] = []

    class Recording:
        model_card = classifier.model_card

        def classify(self, crops: np.ndarray) -> Classified:
            kept.append(crops)
            return classifier.classify(crops)

    rows = small_face_metrics(Recording(), tmp_path)  # type: ignore[arg-type]
    assert [(row["face_px"], row["pictures"]) for row in rows] == [(10_000, 3), (80, 3), (12, 3)]
    assert rows[0]["smile"] == sum(labels.values())
    assert rows[0]["accuracy"] == rows[1]["accuracy"] == 1.0
    original, small, tiny = (crops.astype(float) for crops in kept)
    detail = [np.abs(np.diff(crops, axis=2)).mean() for crops in (original, small, tiny)]
    assert detail[0] > detail[1] > 1.3 * detail[2]
    # Still the same face at the same place: only the detail is missing.
    assert np.abs(original - small).mean() < 8
    assert np.abs(original - tiny).mean() < 25


def test_photo_without_a_face_is_left_out(classifier: SmileClassifier, tmp_path: Path) -> None:
    from PIL import Image

    save_clip_photos(tmp_path)
    Image.new("RGB", (200, 200), "green").save(tmp_path / "lawn.png")
    with (tmp_path / "labels.csv").open("a") as table:
        table.write("lawn.png,0\n")
    assert {row["pictures"] for row in small_face_metrics(classifier, tmp_path)} == {3}


def test_accuracy_is_that_of_the_scored_faces_when_some_are_refused(
    classifier: SmileClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    classify = SmileClassifier.classify
    hidden = np.array([False, False, True, False, True])
    monkeypatch.setattr(
        SmileClassifier,
        "classify",
        lambda self, crops: classify(self, crops)._replace(is_mouth_visible=~hidden[: len(crops)]),
    )
    grey = synthetic_faces()[:5]
    crops = make_crops([True, False, True, False, True], grey=grey)
    row = corruption_metrics(classifier, crops)[0]
    seen = score_metrics(
        classifier.smile_scores(grey)[[0, 1, 3]].astype(np.float64),
        np.array([True, False, False]),
        classifier.model_card.threshold,
    )
    assert row | seen == row
    assert (row["refused"]["count"], row["refused"]["pictures"]) == (2, 5)
    assert row["refused"]["share"] == 0.4
    row = corruption_metrics(classifier, make_crops([True, True, False, True, True], grey=grey))[0]
    assert (row["accuracy"], row["pictures"]) == (None, 3)


def _row(accuracy: float | None, required: bool, setting: str = "1 px") -> dict[str, Any]:
    return {
        "corruption": "blur", "setting": setting, "required": required, "accuracy": accuracy,
    }  # fmt: skip


def test_error_names_the_required_corruption_that_is_below_the_minimum() -> None:
    with pytest.raises(TrainingError, match=r"blur: 2 px: accuracy 0\.949, expected 0\.95 or more"):
        check_minimum([_row(0.99, True), _row(0.9494, True, "2 px")])
    check_minimum([_row(0.95, True)])


def test_error_names_the_required_corruption_that_hides_too_many_mouths() -> None:
    with pytest.raises(TrainingError, match=r"blur: 2 px: too few faces are scored"):
        check_minimum([_row(0.99, True), _row(None, True, "2 px")])
    refused = check_minimum([_row(0.99, True), _row(None, False, "2 px")])
    assert refused["does_not_hold_for"] == ["blur: 2 px"]


def test_result_lists_where_the_minimum_holds() -> None:
    rows = [_row(0.99, True), _row(0.96, True, "2 px"), _row(0.5, False, "3 px"),
            _row(0.97, False, "4 px")]  # fmt: skip
    assert check_minimum(rows) == {
        "accuracy": MIN_ACCURACY,
        "lowest_measured": 0.96,
        "holds_for": ["blur: 1 px", "blur: 2 px"],
        "does_not_hold_for": ["blur: 3 px"],
    }


def test_minimum_is_the_one_of_the_committed_result() -> None:
    committed = json.loads(ROBUSTNESS.read_text())
    assert check_minimum(committed["grid"]) == committed["minimum"]


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A test set on which the model is right, and files of its own to write."""
    grey = synthetic_faces()
    smile = int8_logits(MODEL, grey) > 0.2
    save_crops(make_crops(smile, grey=grey), tmp_path / "crops.npz")
    monkeypatch.setattr(module, "CROPS", tmp_path / "crops.npz")
    monkeypatch.setattr(module, "ROBUSTNESS", tmp_path / "robustness.json")
    (tmp_path / "card.json").write_bytes(CARD.read_bytes())
    monkeypatch.setattr(module, "CARD", tmp_path / "card.json")
    document = tmp_path / "model.md"
    document.write_text("\n".join(markers("robustness")))
    write = module.write_block
    monkeypatch.setattr(module, "write_block", lambda name, text: write(name, text, document))
    monkeypatch.setattr(module, "corruptions", lambda: list(corruptions_module.corruptions())[:2])
    return tmp_path


def test_command_writes_the_result_and_the_document(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    module.main(["--photos", "none"])
    result = json.loads((workspace / "robustness.json").read_text())
    assert [row["corruption"] for row in result["grid"]] == ["none", "blur"]
    assert result["grid"][0]["pictures"] == 36
    assert result["minimum"]["lowest_measured"] >= 0.95
    assert result["small_faces"] == []
    assert "| blur | Gaussian, 0.7 px of 64: **" in (workspace / "model.md").read_text()
    shown = capsys.readouterr().out
    assert "none: -" in shown
    assert "every required accuracy is 0.95 or more" in shown


def test_recorded_groups_stay_when_there_is_no_table_of_attributes(workspace: Path) -> None:
    module.main(["--photos", "none"])
    result = json.loads((workspace / "robustness.json").read_text())
    assert (result["groups"]["rows"], result["groups"]["model_sha256"]) == ([], None)
    recorded = {
        "rows": [json.loads(ROBUSTNESS.read_text())["groups"]["rows"][0]],
        "evaluated_on": "somebody",
        "model_sha256": "0" * 64,
    }
    (workspace / "robustness.json").write_text(json.dumps({"groups": recorded}))
    module.main(["--photos", "none"])
    result = json.loads((workspace / "robustness.json").read_text())
    assert result["groups"] == recorded
    assert "Model of these groups: sha256 `000000000000`." in (workspace / "model.md").read_text()


def test_groups_are_measured_when_there_is_a_table_of_attributes(workspace: Path) -> None:
    crops = Crops.load(workspace / "crops.npz").of(SMILESMILED)
    rows = "".join(f"{name},{smile:d},{i % 2},0\n" for i, (name, smile) in enumerate(crops.keys))
    table = _attributes(workspace, rows)
    module.main(["--photos", "none", "--attributes", str(table)])
    result = json.loads((workspace / "robustness.json").read_text())
    assert result["groups"]["model_sha256"] == result["model_sha256"]
    assert [row["attribute"] for row in result["groups"]["rows"]] == [
        "glasses",
        "glasses",
        "covered",
    ]


def test_command_adds_the_groups_to_the_card(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = {
        "pictures": 9, "accuracy": 0.9, "accuracy_95": [0.8, 1.0], "auc": 1.0,
        "true_positive": 4, "true_negative": 4,
    }  # fmt: skip
    rows = [{"attribute": "older", "present": present, **row} for present in (True, False)]
    rows.append({"attribute": "masked", "present": True, "accuracy": None})
    monkeypatch.setattr(module, "picture_groups", lambda classifier, crops, table: rows)
    monkeypatch.setattr(module, "_show", lambda result: None)
    monkeypatch.setattr(module, "robustness_text", lambda result: "")
    module.main(["--photos", "none", "--attributes", str(_attributes(workspace, ""))])
    card = json.loads((workspace / "card.json").read_text())
    assert card["groups"]["evaluated_on"].startswith("test set, pictures with attributes")
    assert card["groups"]["results"] == {
        "about 60 or older": {"pictures": 9, "accuracy": 0.9, "accuracy_95": [0.8, 1.0]}
    }
    assert card["sha256"] == json.loads(CARD.read_text())["sha256"]


def test_command_uses_whole_photos_when_they_are_given(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (workspace / "photos").mkdir()
    save_clip_photos(workspace / "photos")
    module.main(["--photos", str(workspace / "photos")])
    result = json.loads((workspace / "robustness.json").read_text())
    assert [row["face_px"] for row in result["small_faces"]] == [80, 48, 32, 24, 16, 12]
    assert "whole photos, face 80 px wide" in capsys.readouterr().out


def test_nothing_is_written_when_the_model_is_below_the_minimum(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MIN_ACCURACY", 1.01)
    with pytest.raises(TrainingError, match=r"none: -: accuracy 1\.000, expected 1\.01 or more"):
        module.main(["--photos", "none"])
    assert not (workspace / "robustness.json").exists()
