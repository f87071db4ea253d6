"""An epoch mixes the collections in the documented shares, and its targets follow the covers."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.helpers.training import make_crops
from training.data.crops import FERPLUS, SMILESMILED, UNKNOWN, Crops
from training.evaluation.synthetic_faces import synthetic_faces
from training.model import mixture as module
from training.model.mixture import augmented_epoch, draw
from training.model.occlusion import HIDDEN, UNDECIDED, VISIBLE

COLLECTIONS = np.array([SMILESMILED] * 20 + [FERPLUS] * 60 + ["office"] * 20)
SMILE, MOUTH, OPEN = range(3)  # columns of the targets

Grey = NDArray[np.uint8]


def _drawn(collection: NDArray[np.str_], count: int) -> NDArray[np.int_]:
    return draw(collection, np.random.default_rng(3), count)


def test_two_fifths_of_an_epoch_come_from_smilesmiled() -> None:
    drawn = _drawn(COLLECTIONS, 1000)
    counts = Counter(COLLECTIONS[drawn].tolist())
    assert counts == {SMILESMILED: 400, FERPLUS: 450, "office": 150}


def test_every_picture_comes_about_equally_often() -> None:
    drawn = _drawn(COLLECTIONS, 1010)  # 404 of 20 and 606 of 80
    times = np.bincount(drawn, minlength=100)
    assert set(times[:20].tolist()) == {20, 21}
    assert set(times[20:].tolist()) == {7, 8}


@pytest.mark.parametrize("one", [SMILESMILED, FERPLUS])
def test_one_collection_fills_the_epoch_when_there_is_no_other(one: str) -> None:
    drawn = _drawn(np.array([one] * 7), 20)
    assert len(drawn) == 20
    assert set(np.bincount(drawn).tolist()) == {2, 3}


def test_order_of_an_epoch_is_random_and_repeats_with_the_seed() -> None:
    drawn = _drawn(COLLECTIONS, 200)
    assert np.array_equal(drawn, _drawn(COLLECTIONS, 200))
    ours = COLLECTIONS[drawn] == SMILESMILED
    assert 0 < ours[:80].sum() < 80, "the collections are mixed, not in turn"
    assert not np.array_equal(drawn, draw(COLLECTIONS, np.random.default_rng(4), 200))


@pytest.fixture
def crops() -> Crops:
    return make_crops(np.arange(36) % 2 == 0, grey=synthetic_faces())


def test_epoch_depends_on_the_seed_and_its_number_only(crops: Crops) -> None:
    pictures, targets = augmented_epoch(crops, seed=1, epoch=4, count=300)
    again, targets_again = augmented_epoch(crops, seed=1, epoch=4, count=300)
    assert pictures.shape == (300, 64, 64)
    assert pictures.dtype == np.uint8
    assert targets.dtype == np.float32
    assert np.array_equal(pictures, again)
    assert np.array_equal(targets, targets_again)
    for seed, epoch in ((1, 5), (2, 4)):
        assert not np.array_equal(pictures, augmented_epoch(crops, seed, epoch, 300)[0])


@pytest.fixture
def unvaried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "augment", lambda crops, rng: crops)


def _cover_all(monkeypatch: pytest.MonkeyPatch, visible: float) -> None:
    monkeypatch.setattr(
        module,
        "cover_randomly",
        lambda grey, rng, _: (grey, np.full(len(grey), visible, np.float32)),
    )


def test_targets_belong_to_their_pictures(
    monkeypatch: pytest.MonkeyPatch, unvaried: None, crops: Crops
) -> None:
    _cover_all(monkeypatch, VISIBLE)
    crops = replace(crops, target=np.linspace(0.02, 0.98, 36).astype(np.float32))
    pictures, targets = augmented_epoch(crops, seed=1, epoch=4, count=300)
    originals = {grey.tobytes(): target for grey, target in zip(
        crops.grey, crops.target, strict=True
    )}  # fmt: skip
    assert [originals[picture.tobytes()] for picture in pictures] == targets[:, SMILE].tolist()
    assert (targets[:, MOUTH] > 0.95).all()


def test_hidden_mouth_has_no_smile_target(
    monkeypatch: pytest.MonkeyPatch, unvaried: None, crops: Crops
) -> None:
    _cover_all(monkeypatch, HIDDEN)
    _, targets = augmented_epoch(crops, seed=1, epoch=0, count=100)
    assert set(targets[:, SMILE].tolist()) == {UNKNOWN}
    assert (targets[:, MOUTH] >= 0).all()
    assert (targets[:, MOUTH] < 0.05).all()


def test_open_mouth_is_learned_where_it_is_known_and_can_be_seen(
    monkeypatch: pytest.MonkeyPatch, unvaried: None, crops: Crops
) -> None:
    known = np.tile(np.array([1.0, 0.0, UNKNOWN], np.float32), 12)
    crops = replace(crops, mouth_open=known)
    kind_of = {grey.tobytes(): kind for grey, kind in zip(crops.grey, known, strict=True)}
    _cover_all(monkeypatch, VISIBLE)
    pictures, targets = augmented_epoch(crops, seed=1, epoch=0, count=180)
    kinds = np.array([kind_of[picture.tobytes()] for picture in pictures])
    assert (targets[kinds == 1, OPEN] > 0.95).all()
    assert (np.abs(targets[kinds == 0, OPEN] - 0.025) < 0.025).all()
    assert set(targets[kinds == UNKNOWN, OPEN].tolist()) == {UNKNOWN}
    _cover_all(monkeypatch, HIDDEN)
    _, targets = augmented_epoch(crops, seed=1, epoch=0, count=180)
    assert set(targets[:, OPEN].tolist()) == {UNKNOWN}


def test_half_hidden_mouth_keeps_its_smile_target(
    monkeypatch: pytest.MonkeyPatch, unvaried: None, crops: Crops
) -> None:
    _cover_all(monkeypatch, UNDECIDED)
    _, targets = augmented_epoch(crops, seed=1, epoch=0, count=100)
    assert set(targets[:, SMILE].tolist()) == set(crops.target.tolist())
    assert set(targets[:, MOUTH].tolist()) == {UNKNOWN}


def test_cover_beside_the_mouth_changes_nothing_that_is_known_of_it(
    monkeypatch: pytest.MonkeyPatch, unvaried: None, crops: Crops
) -> None:
    _cover_all(monkeypatch, VISIBLE)
    known = np.tile(np.array([1.0, HIDDEN, UNKNOWN], np.float32), 12)
    pictures, targets = augmented_epoch(
        replace(crops, mouth_visible=known), seed=1, epoch=0, count=180
    )
    kind_of = {grey.tobytes(): kind for grey, kind in zip(crops.grey, known, strict=True)}
    kinds = np.array([kind_of[picture.tobytes()] for picture in pictures])
    assert (targets[kinds == 1, MOUTH] > 0.95).all()
    assert set(targets[kinds == UNKNOWN, MOUTH].tolist()) == {UNKNOWN}
    assert (targets[kinds == UNKNOWN, SMILE] >= 0).all()
    assert (np.abs(targets[kinds == HIDDEN, MOUTH] - 0.025) < 0.025).all()
    assert set(targets[kinds == HIDDEN, SMILE].tolist()) == {UNKNOWN}


def test_cover_hides_a_mouth_of_which_nothing_was_known(
    monkeypatch: pytest.MonkeyPatch, unvaried: None, crops: Crops
) -> None:
    _cover_all(monkeypatch, HIDDEN)
    unknown = replace(crops, mouth_visible=np.full(36, UNKNOWN, np.float32))
    _, targets = augmented_epoch(unknown, seed=1, epoch=0, count=100)
    assert (np.abs(targets[:, MOUTH] - 0.025) < 0.025).all()


def test_faces_of_an_epoch_are_covered_with_the_skin_of_the_training_set(
    monkeypatch: pytest.MonkeyPatch, unvaried: None, crops: Crops
) -> None:
    asked: list[tuple[int, int]] = []

    def cover(grey: Grey, rng: np.random.Generator, skin: Grey) -> tuple[Grey, NDArray[np.float32]]:
        asked.append((len(grey), len(skin)))
        return 255 - grey, np.full(len(grey), VISIBLE, np.float32)

    monkeypatch.setattr(module, "cover_randomly", cover)
    pictures, _ = augmented_epoch(crops, seed=1, epoch=0, count=300)
    assert asked == [(256, 36), (44, 36)]
    assert {(255 - picture).tobytes() for picture in pictures} <= {
        grey.tobytes() for grey in crops.grey
    }
