"""The recipe of the shipped model, and its data; training itself needs TensorFlow."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.training import make_crops, save_crops
from training import train as module
from training.data.crops import FERPLUS, SMILESMILED, Crops
from training.workspace import METRICS


def test_epochs_and_seed_are_those_of_the_shipped_model() -> None:
    recorded = json.loads(METRICS.read_text())["trained_with"]
    assert recorded["epochs"] == module.EPOCHS
    assert recorded["seed"] == module.SEED


def test_other_pictures_or_targets_start_a_new_run() -> None:
    crops = make_crops([True, False])
    other_target = make_crops([False, False])
    other_picture = make_crops([True, False], grey=np.ones((2, 64, 64), np.uint8))
    prints = {module._fingerprint(one) for one in (crops, other_target, other_picture)}
    assert len(prints) == 3


def test_every_collection_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_crops(make_crops([True, False, True]), tmp_path / "crops.npz")
    monkeypatch.setattr(module, "CROPS", tmp_path / "crops.npz")
    trained: list[Crops] = []
    monkeypatch.setattr(module, "train", lambda crops, *_, **__: trained.append(crops))
    module.main([])
    assert set(trained[0].collection.tolist()) == {SMILESMILED, FERPLUS}
    assert len(trained[0]) == 9
