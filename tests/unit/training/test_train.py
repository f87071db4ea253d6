"""The recipe of the shipped model, and the data of an epoch; training itself needs TensorFlow."""

from __future__ import annotations

import json

import numpy as np
import pytest

from smile_vision.smiles.preprocess import preprocess
from tests.helpers.training import make_crops
from training import train as module
from training.evaluation.synthetic_faces import synthetic_faces
from training.train import augmented_epoch
from training.workspace import METRICS


def test_epochs_and_seed_are_those_of_the_shipped_model() -> None:
    recorded = json.loads(METRICS.read_text())["trained_with"]
    assert recorded["epochs"] == module.EPOCHS
    assert recorded["seed"] == module.SEED


def test_epoch_depends_on_the_seed_and_its_number_only(monkeypatch: pytest.MonkeyPatch) -> None:
    grey = synthetic_faces()
    crops = make_crops(np.arange(36) % 2 == 0, grey=grey)
    pictures, targets = augmented_epoch(crops, seed=1, epoch=4)
    again, _ = augmented_epoch(crops, seed=1, epoch=4)
    assert np.array_equal(pictures, again)
    for seed, epoch in ((1, 5), (2, 4)):
        assert not np.array_equal(pictures, augmented_epoch(crops, seed, epoch)[0])
    monkeypatch.setattr(module, "augment", lambda crops, rng: crops)
    pictures, targets = augmented_epoch(crops, seed=1, epoch=4)
    originals = {picture.tobytes(): target for picture, target in zip(
        preprocess(grey), crops.target, strict=True
    )}  # fmt: skip
    assert [originals[picture.tobytes()] for picture in pictures] == targets.tolist()
    assert targets.tolist() != crops.target.tolist(), "they are shuffled"


def test_other_pictures_or_targets_start_a_new_run() -> None:
    crops = make_crops([True, False])
    other_target = make_crops([False, False])
    other_picture = make_crops([True, False], grey=np.ones((2, 64, 64), np.uint8))
    prints = {module._fingerprint(one) for one in (crops, other_target, other_picture)}
    assert len(prints) == 3
