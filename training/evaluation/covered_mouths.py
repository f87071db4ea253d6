"""How many faces are refused when something covers the mouth, and how many when nothing does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smile_vision.smiles.classifier import SmileClassifier
from training.data.annotations import Tier
from training.data.crops import Crops
from training.evaluation.metric_summary import share_metrics

__all__ = ["covered_mouth_metrics", "limited_covered_metrics"]

_SEED = 5
_ROUNDS = 5  # over the test set: about as many hidden mouths as it has pictures

Metrics = dict[str, Any]
Faces = NDArray[np.uint8]
# From faces, a source of randomness and faces for textures to the covered faces, and for each
# whether the mouth is visible, as `Crops.mouth_visible`.
Cover = Callable[[Faces, np.random.Generator, Faces], tuple[Faces, NDArray[np.float32]]]


def covered_mouth_metrics(classifier: SmileClassifier, test: Crops, cover: Cover) -> Metrics:
    """Cover faces of the test set, with textures of these faces.

    Parameters
    ----------
    classifier
        To evaluate.
    test
        The test set of SMILEsmileD.
    cover
        `training.model.occlusion.cover_randomly`, as in training.

    Returns
    -------
    dict[str, Any]
        How many are refused (`share_metrics`): ``covered_mouths``, whose mouth is hidden;
        ``covered_elsewhere``, whose mouth stays visible; and ``clear_faces``, uncovered faces
        without faint smiles.
    """
    rng = np.random.default_rng(_SEED)
    hidden, elsewhere = [], []
    for _ in range(_ROUNDS):
        covered, visible = cover(test.grey, rng, test.grey)
        changed = (covered != test.grey).any(axis=(1, 2))
        hidden.append(covered[visible == 0])
        elsewhere.append(covered[changed & (visible == 1)])
    faces = {
        "covered_mouths": np.concatenate(hidden),
        "covered_elsewhere": np.concatenate(elsewhere),
        "clear_faces": test.grey[test.tier != Tier.FAINT.value],
    }
    return {
        "evaluated_on": "test set, with random covers: masks, hands, things, edges",
        **{
            name: share_metrics(~classifier.classify(crops).is_mouth_visible)
            for name, crops in faces.items()
        },
    }


def limited_covered_metrics(metrics: Metrics) -> dict[str, float]:
    """Return the metrics of `covered_mouth_metrics` that have a minimum or a maximum."""
    names = ("covered_mouths", "clear_faces")
    return {f"{name}_refused": metrics[name]["share"] for name in names}
