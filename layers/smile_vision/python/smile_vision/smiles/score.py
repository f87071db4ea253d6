"""Score faces, or say why a face has no score."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smile_vision.smiles.classifier import SmileClassifier
from smile_vision.smiles.quality import Quality

__all__ = ["FaceScore", "score_faces"]


@dataclass(frozen=True, slots=True)
class FaceScore:
    """The smile score of one face in one image.

    Parameters
    ----------
    smile_score
        0 to 1; NaN unless the quality is good.
    quality
        Why there is no score.
    mouth_openness
        Probability that teeth can be seen or the lips are apart, 0 to 1; NaN unless the quality
        is good.
    """

    smile_score: float
    quality: Quality
    mouth_openness: float = math.nan


def score_faces(
    classifier: SmileClassifier,
    crops: Sequence[NDArray[np.uint8] | None],
    qualities: Sequence[Quality],
) -> list[FaceScore]:
    """Score the faces in a good view whose mouth can be seen.

    Parameters
    ----------
    classifier
        Scores them, all in one call.
    crops
        uint8 (64, 64) each, from `crop_face`; None is allowed for a view that is not good.
    qualities
        From `quality_of`, one for each crop.

    Returns
    -------
    list of FaceScore
        One for each crop. The quality of a face with a hidden mouth becomes ``COVERED``.
    """
    good = [
        crop
        for crop, quality in zip(crops, qualities, strict=True)
        if crop is not None and quality is Quality.GOOD
    ]
    scores = _score_good(classifier, good)  # runs nothing when none is good
    return [
        next(scores) if quality is Quality.GOOD else FaceScore(math.nan, quality)
        for quality in qualities
    ]


def _score_good(
    classifier: SmileClassifier, crops: Sequence[NDArray[np.uint8]]
) -> Iterator[FaceScore]:
    classified = classifier.classify(np.stack(crops))
    for score, is_visible, openness in zip(*(part.tolist() for part in classified), strict=True):
        if is_visible:
            yield FaceScore(score, Quality.GOOD, openness)
        else:
            yield FaceScore(math.nan, Quality.COVERED)
