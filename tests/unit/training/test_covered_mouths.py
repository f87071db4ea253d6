"""Covered faces of the test set: which are refused."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from smile_vision.smiles.classifier import SmileClassifier
from tests.helpers.training import make_crops
from training.data.crops import Crops
from training.evaluation import covered_mouths as module
from training.evaluation.covered_mouths import covered_mouth_metrics, limited_covered_metrics
from training.evaluation.synthetic_faces import synthetic_faces
from training.model.occlusion import HIDDEN, VISIBLE, cover_randomly


class FakeClassifier:
    """Refuses every face that is not an original one."""

    def __init__(self, originals: np.ndarray) -> None:
        self.known = {crop.tobytes() for crop in originals}
        self.asked: list[np.ndarray] = []

    def classify(self, crops: np.ndarray) -> Any:
        self.asked.append(crops)
        visible = np.array([crop.tobytes() in self.known for crop in crops])
        return SimpleNamespace(is_mouth_visible=visible)


def _measure(crops: Crops) -> tuple[dict[str, Any], FakeClassifier]:
    fake = FakeClassifier(crops.grey)
    classifier: SmileClassifier = fake  # type: ignore[assignment]
    return covered_mouth_metrics(classifier, crops, cover_randomly), fake


def _crops() -> Crops:
    tiers = ["clear", "none", "faint", "none, one annotator"] * 18
    return make_crops([True] * 72, grey=np.tile(synthetic_faces(), (2, 1, 1)), tiers=tiers)


def test_covered_faces_are_counted_apart_from_clear_ones() -> None:
    metrics, fake = _measure(_crops())
    hidden, elsewhere, clear = fake.asked
    assert (
        metrics["covered_mouths"]["count"] == metrics["covered_mouths"]["pictures"] == len(hidden)
    )
    assert metrics["covered_elsewhere"]["count"] == len(elsewhere)
    assert (metrics["clear_faces"]["count"], metrics["clear_faces"]["pictures"]) == (0, 54)
    assert len(clear) == 54, "without faint smiles"
    assert len(hidden) > 50
    assert 10 < len(elsewhere) < len(hidden)


def test_covers_are_those_of_the_training_with_another_seed_each_round() -> None:
    crops = _crops()
    rng = np.random.default_rng(module._SEED)
    rounds = [cover_randomly(crops.grey, rng, crops.grey) for _ in range(module._ROUNDS)]
    hidden = np.concatenate([faces[visible == HIDDEN] for faces, visible in rounds])
    elsewhere = np.concatenate(
        [
            faces[(visible == VISIBLE) & (faces != crops.grey).any(axis=(1, 2))]
            for faces, visible in rounds
        ]
    )
    _, fake = _measure(crops)
    assert np.array_equal(fake.asked[0], hidden)
    assert np.array_equal(fake.asked[1], elsewhere)
    assert _measure(crops)[0] == _measure(crops)[0]


def test_limits_are_for_covered_mouths_and_clear_faces() -> None:
    metrics, _ = _measure(_crops())
    assert limited_covered_metrics(metrics) == {
        "covered_mouths_refused": 1.0,
        "clear_faces_refused": 0.0,
    }
