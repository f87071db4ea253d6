"""Which faces get a score, and why the others have none."""

from __future__ import annotations

import math
from typing import cast

import numpy as np

from smile_vision.smiles.classifier import Classified, SmileClassifier
from smile_vision.smiles.quality import Quality
from smile_vision.smiles.score import FaceScore, score_faces


class GreyLevels:
    """Scores a crop by its grey level; the mouth of a dark one is hidden."""

    def __init__(self) -> None:
        self.calls = 0

    def classify(self, crops: np.ndarray) -> Classified:
        self.calls += 1
        levels = crops[:, 0, 0].astype(np.float32)
        return Classified(levels / 256, levels >= 100, levels / 512)


def test_faces_without_a_score_keep_their_place_and_have_a_reason() -> None:
    classifier = GreyLevels()
    crops = [np.full((64, 64), level, np.uint8) for level in (128, 192, 64, 224)]
    scores = score_faces(
        cast(SmileClassifier, classifier),
        [None, *crops],
        [Quality.SMALL, Quality.GOOD, Quality.TURNED, Quality.GOOD, Quality.GOOD],
    )
    assert [one.quality for one in scores] == [
        Quality.SMALL, Quality.GOOD, Quality.TURNED, Quality.COVERED, Quality.GOOD,
    ]  # fmt: skip
    assert [scores[1], scores[4]] == [
        FaceScore(0.5, Quality.GOOD, 0.25), FaceScore(0.875, Quality.GOOD, 0.4375),
    ]  # fmt: skip
    assert all(math.isnan(scores[index].smile_score) for index in (0, 2, 3))
    assert classifier.calls == 1


def test_network_does_not_run_when_no_view_is_good() -> None:
    classifier = GreyLevels()
    score_faces(cast(SmileClassifier, classifier), [None], [Quality.SMALL])
    assert classifier.calls == 0
