"""How long a step takes. Also runs on the older interpreter, which has numpy but little else."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from smile_vision.interpreter import load_interpreter
from smile_vision.smiles.classifier import SmileClassifier
from smile_vision.smiles.preprocess import CROP_SIZE_PX

__all__ = ["classifier_times_ms", "model_times_ms", "times_ms"]

_RUNS = 300


def times_ms(step: Callable[[], object], runs: int = _RUNS) -> list[float]:
    """Return best, median and 95th percentile of the milliseconds of all runs but the first."""
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        step()
        times.append(1000 * (time.perf_counter() - started))
    return [round(float(value), 4) for value in np.percentile(times[1:], [0, 50, 95])]


def classifier_times_ms() -> list[float]:
    """Return the times of the shipped model for one face, with preprocessing, on one thread."""
    classifier = SmileClassifier.load()
    crop = np.full((1, CROP_SIZE_PX, CROP_SIZE_PX), 128, dtype=np.uint8)
    return times_ms(lambda: classifier.smile_scores(crop))


def model_times_ms(model: Path | bytes, runs: int = 60) -> list[float]:
    """Return the times of one inference of a TFLite file, without preprocessing, on one thread."""
    interpreter = load_interpreter(model)
    details = interpreter.get_input_details()[0]
    interpreter.set_tensor(details["index"], np.zeros(details["shape"], dtype=details["dtype"]))
    return times_ms(interpreter.invoke, runs)
