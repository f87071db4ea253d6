"""Judges a baseline by the code that judges the shipped model, on the same people."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smile_vision.interpreter import load_interpreter
from training.baselines.networks import Baseline
from training.data.crops import Crops
from training.evaluation.metric_summary import interval, rounded, score_metrics
from training.evaluation.metrics import accuracy_at, best_threshold, wilson_interval

__all__ = ["crop_metrics", "measure", "photo_score_metrics", "to_float_tflite"]

Scores = NDArray[np.float64]
_RUNS = 60


def crop_metrics(scores: Scores, crops: Crops, threshold: float) -> dict[str, Any]:
    """Return the figures on held-out people: all of them, and where both labellers agree."""
    figures = {"test": score_metrics(scores, crops.smile, threshold)}
    agreed = np.isin(crops.tier, ["clear", "none"])
    if agreed.any() and len(set(crops.smile[agreed].tolist())) == 2:  # noqa: PLR2004 - both classes
        figures["test_where_annotators_agree"] = score_metrics(
            scores[agreed], crops.smile[agreed], threshold
        )
    return figures


def photo_score_metrics(
    scores: Scores, smile: NDArray[np.bool_], found: NDArray[np.bool_], threshold: float
) -> dict[str, Any]:
    """Return the figures on whole photos; a face not found counts as wrong.

    Parameters
    ----------
    scores
        (N,) in [0, 1]; not looked at where no face was found.
    smile, found
        bool (N,).
    threshold
        Scores from here up mean smile.

    Returns
    -------
    dict[str, Any]
        Ready for metrics.json.
    """
    right = int((((scores >= threshold) == smile) & found).sum())
    best = best_threshold(scores[found], smile[found])
    return {
        "photos": len(smile),
        "no_face_found": int((~found).sum()),
        "accuracy_all_photos": rounded(right / len(smile)),
        "accuracy_all_photos_95": interval(wilson_interval(right, len(smile))),
        "found_faces": score_metrics(scores[found], smile[found], threshold),
        "best_threshold": rounded(best),
        "accuracy_at_best_threshold": rounded(accuracy_at(scores[found], smile[found], best)),
    }


def to_float_tflite(network: Any, baseline: Baseline) -> bytes:
    """Return the baseline as a float TFLite file, frozen first as `training.quantize` does."""
    import tensorflow as tf  # noqa: PLC0415
    from tensorflow.python.framework.convert_to_constants import (  # noqa: PLC0415
        convert_variables_to_constants_v2,
    )

    shape = (1, baseline.side_px, baseline.side_px, baseline.channels)
    traced = tf.function(lambda picture: network(picture, training=False)).get_concrete_function(
        tf.TensorSpec(shape, tf.float32)
    )
    frozen = convert_variables_to_constants_v2(traced)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen], network)
    return bytes(converter.convert())


def measure(model: Path | bytes) -> dict[str, float]:
    """Return the milliseconds of one inference on one thread: best and median of 60 runs."""
    interpreter = load_interpreter(model)
    details = interpreter.get_input_details()[0]
    interpreter.set_tensor(details["index"], np.zeros(details["shape"], dtype=details["dtype"]))
    times = []
    for _ in range(_RUNS):
        started = time.perf_counter()
        interpreter.invoke()
        times.append(1000 * (time.perf_counter() - started))
    best, median = np.percentile(times[1:], [0, 50])
    return {"best_ms": round(float(best), 4), "median_ms": round(float(median), 4)}
