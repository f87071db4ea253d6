"""Metrics of a baseline, computed as those of the shipped model."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.data.annotations import Tier
from training.data.crops import Crops
from training.errors import TrainingError
from training.evaluation.metric_summary import interval, rounded, score_metrics
from training.evaluation.metrics import accuracy_at, best_threshold, wilson_interval

__all__ = ["BASELINE_METRICS", "crop_metrics", "photo_score_metrics", "to_float_tflite"]

BASELINE_METRICS = Path(__file__).parent / "metrics.json"

Scores = NDArray[np.float64]


def crop_metrics(scores: Scores, crops: Crops, threshold: float) -> dict[str, Any]:
    """Return the metrics on all crops, and on those where both annotators agree."""
    metrics = {"test": score_metrics(scores, crops.smile, threshold)}
    agreed = np.isin(crops.tier, [Tier.CLEAR.value, Tier.NONE.value])
    if len(set(crops.smile[agreed].tolist())) == 2:  # noqa: PLR2004 - both classes
        metrics["test_where_annotators_agree"] = score_metrics(
            scores[agreed], crops.smile[agreed], threshold
        )
    return metrics


def photo_score_metrics(
    scores: Scores, smile: NDArray[np.bool_], found: NDArray[np.bool_], threshold: float
) -> dict[str, Any]:
    """Return the metrics on whole photos. A photo without a found face counts as wrong.

    Parameters
    ----------
    scores
        (N,) in [0, 1]; ignored where no face was found.
    smile, found
        bool (N,).
    threshold
        Scores from here up mean smile.

    Returns
    -------
    dict[str, Any]
        Ready for metrics.json.

    Raises
    ------
    TrainingError
        When the found faces are all of one class.
    """
    if len(set(smile[found].tolist())) < 2:  # noqa: PLR2004 - both classes
        raise TrainingError("photos: expected found faces with and without a smile")
    correct = int((((scores >= threshold) == smile) & found).sum())
    best = best_threshold(scores[found], smile[found])
    return {
        "photos": len(smile),
        "no_face_found": int((~found).sum()),
        "accuracy_all_photos": rounded(correct / len(smile)),
        "accuracy_all_photos_95": interval(wilson_interval(correct, len(smile))),
        "found_faces": score_metrics(scores[found], smile[found], threshold),
        "best_threshold": rounded(best),
        "accuracy_at_best_threshold": rounded(accuracy_at(scores[found], smile[found], best)),
    }


def to_float_tflite(network: Any) -> bytes:
    """Return a Keras model as a float TFLite file."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "baseline.tflite"
        network.export(path, format="litert", verbose=False)
        return path.read_bytes()
