"""Metrics of a baseline, computed as those of the shipped model."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.data.annotations import Tier
from training.data.crops import Crops
from training.evaluation.metric_summary import score_metrics

__all__ = ["BASELINE_METRICS", "crop_metrics", "to_float_tflite"]

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


def to_float_tflite(network: Any) -> bytes:
    """Return a Keras model as a float TFLite file."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "baseline.tflite"
        network.export(path, format="litert", verbose=False)
        return path.read_bytes()
