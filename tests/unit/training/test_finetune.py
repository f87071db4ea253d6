"""What an adapted model trains on, and when it is rejected."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.helpers.training import make_crops, save_crops
from training import finetune as module
from training.data.photos import LabelledPhoto
from training.data.site_photos import SiteFaces
from training.errors import TrainingError
from training.evaluation.predict import int8_logits
from training.evaluation.synthetic_faces import synthetic_faces
from training.finetune import compare, finetune, mixed_epoch, reason_to_reject
from training.workspace import CARD, MODEL


@pytest.fixture
def unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out augmentation, open mouths and preprocessing."""
    monkeypatch.setattr(module, "preprocess", lambda crops: crops[..., None].astype(np.float32))
    monkeypatch.setattr(module, "augment", lambda crops, rng: crops)
    monkeypatch.setattr(module, "open_mouths", lambda crops, targets, rng: crops)


@pytest.mark.usefixtures("unchanged")
def test_a_third_of_each_epoch_are_the_sites_faces_and_the_rest_is_not_repeated() -> None:
    site = SiteFaces(
        np.stack([np.full((64, 64), level, np.uint8) for level in (200, 250)]),
        np.array([True, False]),
    )
    grey = np.zeros((5000, 64, 64), np.uint8)
    grey[:, 0, :2] = np.stack([np.arange(5000) // 256, np.arange(5000) % 256], axis=1)
    crops = make_crops([False] * 5000, grey=grey)
    pictures, targets = mixed_epoch(site, crops, 0)
    assert pictures.shape == (4000, 64, 64, 1)
    assert pictures.dtype == np.float32
    levels = pictures[:, 32, 32, 0]
    of_site = levels > 0
    assert of_site.sum() == 1320
    assert set(targets[levels == levels.max()]) == {np.float32(0.05)}
    assert set(targets[of_site]) == {np.float32(0.95), np.float32(0.05)}
    assert set(targets[~of_site]) == {np.float32(0.02)}
    numbers = {picture.tobytes() for picture in pictures[~of_site]}
    assert len(numbers) == 2680
    assert not of_site[:1320].all(), "they are shuffled"
    again, _ = mixed_epoch(site, crops, 0)
    assert np.array_equal(pictures, again)
    other, _ = mixed_epoch(site, crops, 1)
    assert not np.array_equal(pictures, other)


def test_mouths_are_opened_and_crops_augmented(monkeypatch: pytest.MonkeyPatch) -> None:
    called = []

    def note(name: str) -> Any:
        return lambda crops, *rest: called.append(name) or crops

    monkeypatch.setattr(module, "augment", note("augment"))
    monkeypatch.setattr(module, "open_mouths", note("open_mouths"))
    faces = SiteFaces(synthetic_faces(), np.arange(36) % 2 == 0)
    mixed_epoch(faces, make_crops([True] * 3000, grey=np.zeros((3000, 64, 64), np.uint8)), 0)
    assert called == ["open_mouths", "augment"]


def _result(gained: float, before: float = 0.97, after: float = 0.97) -> dict[str, Any]:
    return {"accuracy_gained": gained, "before": {"auc": before}, "after": {"auc": after}}


@pytest.mark.parametrize(
    ("site", "smilesmiled", "reason"),
    [
        (_result(0.02), _result(-0.004), None),
        (_result(0.02), _result(0.0, after=0.9675), None),
        (_result(0.02, after=0.9685), _result(0.0), None),
        (_result(0.0, after=0.9721), _result(0.0), None),
        (_result(0.0, after=0.9715), _result(0.0), "not better on the site"),
        (_result(0.0), _result(0.0), "not better on the site"),
        (_result(-0.001), _result(0.0), "worse on the site"),
        (_result(0.01, after=0.9675), _result(0.0), "worse on the site"),
        (_result(0.02), _result(-0.006), "worse on SMILEsmileD"),
        (_result(0.02), _result(0.0, after=0.9665), "worse on SMILEsmileD"),
    ],
)
def test_model_is_rejected_when_it_is_worse_anywhere(
    site: dict[str, Any], smilesmiled: dict[str, Any], reason: str | None
) -> None:
    rejected = reason_to_reject(site, smilesmiled)
    assert (rejected is None) if reason is None else (reason in (rejected or ""))


def test_gain_is_that_on_the_same_photos() -> None:
    smile = np.arange(40) % 2 == 0
    after = np.where(smile, 0.9, 0.1)
    before = after.copy()
    before[:4] = 1 - before[:4]
    comparison = compare(before, after, smile, (0.5, 0.5))
    assert comparison["accuracy_gained"] == pytest.approx(0.1)
    assert comparison["before"]["accuracy"] == 0.9
    assert comparison["after"]["accuracy"] == 1.0
    low, high = comparison["accuracy_gained_95"]
    assert 0 <= low < 0.1 < high < 0.3


def test_each_model_has_its_own_threshold() -> None:
    smile = np.array([True, False])
    comparison = compare(np.array([0.3, 0.1]), np.array([0.9, 0.7]), smile, (0.2, 0.8))
    assert comparison["before"]["accuracy"] == comparison["after"]["accuracy"] == 1.0


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site on whose faces the shipped model is poor; adapting is replaced by a new bias.

    The "adapted" file is the shipped one: only its calibration differs.
    """
    grey = np.tile(synthetic_faces(), (3, 1, 1))
    smile = int8_logits(MODEL, grey) > -2.0
    splits = ["train"] * 36 + ["validation"] * 36 + ["test"] * 36
    save_crops(make_crops(smile, grey=grey, splits=splits), tmp_path / "crops.npz")
    (tmp_path / "labels.csv").write_text("path,smile\na.jpg,1\n")
    monkeypatch.setattr(module, "CROPS", tmp_path / "crops.npz")
    monkeypatch.setattr(module, "import_keras", lambda: None)
    monkeypatch.setattr(module, "adapt", lambda site, crops, epochs: epochs)
    monkeypatch.setattr(module, "convert", lambda network, crops: MODEL.read_bytes())

    def faces(photos: list[LabelledPhoto]) -> tuple[SiteFaces, SiteFaces]:
        assert [photo.path for photo in photos] == [tmp_path / "a.jpg"]
        return SiteFaces(grey[:30], smile[:30]), SiteFaces(grey[:36], smile[:36])

    monkeypatch.setattr(module, "find_site_faces", faces)
    return tmp_path


def test_better_model_is_kept_with_its_card(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = finetune(site, None, 2, site / "out")
    assert report["photos_for_training"] == 30
    assert report["photos_held_out"] == 36
    assert report["site"]["accuracy_gained"] > 0
    assert report["smilesmiled"]["accuracy_gained"] > 0
    out = site / "out"
    assert sorted(path.name for path in out.iterdir()) == [
        "report.json", "smile_classifier.json", "smile_classifier.tflite",
    ]  # fmt: skip
    card, shipped = (json.loads(p.read_text()) for p in (out / CARD.name, CARD))
    assert card["calibration"] != shipped["calibration"]
    assert card["adapted"] == {"from": shipped["sha256"], "photos": 30}
    assert card["version"] == shipped["version"] + "+finetuned"
    assert card["metrics"] == {
        name: report["smilesmiled"]["after"][name] for name in ("pictures", "accuracy", "auc")
    }
    assert json.loads((out / "report.json").read_text()) == {**report, "rejected": None}
    shown = capsys.readouterr().out
    assert "the site's held-out photos, 36 faces:" in shown
    assert "SMILEsmileD's test set, 36 faces:" in shown


def test_model_is_not_kept_when_it_is_rejected(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "reason_to_reject", lambda site, smilesmiled: "it is too slow")
    with pytest.raises(TrainingError, match=r"rejected: it is too slow; .*report\.json"):
        finetune(site, None, 2, site / "out")
    assert [path.name for path in (site / "out").iterdir()] == ["report.json"]
    assert json.loads((site / "out" / "report.json").read_text())["rejected"] == "it is too slow"


@pytest.mark.parametrize("ship", [False, True])
def test_shipped_model_is_replaced_only_on_request(
    site: Path, monkeypatch: pytest.MonkeyPatch, ship: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    model, card = site / MODEL.name, site / CARD.name
    model.write_bytes(MODEL.read_bytes())
    card.write_bytes(CARD.read_bytes())
    recorded: list[bool] = []
    monkeypatch.setattr(module, "MODEL", model)
    monkeypatch.setattr(module, "CARD", card)
    monkeypatch.setattr(module, "record_scores", lambda: recorded.append(True))
    arguments = ["--photos", str(site), "--output", str(site / "out"), *["--ship"] * ship]
    module.main(arguments)
    assert ("adapted" in json.loads(card.read_text())) == ship
    assert recorded == [True] * ship
    assert ("shipped" in capsys.readouterr().out) == ship


def test_shipped_file_must_match_its_card(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = site / "other.json"
    other.write_text(json.dumps({**json.loads(CARD.read_text()), "sha256": "0" * 64}))
    monkeypatch.setattr(module, "CARD", other)
    with pytest.raises(TrainingError, match="does not match its"):
        module.main(["--photos", str(site), "--output", str(site / "out")])
