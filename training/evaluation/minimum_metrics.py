"""The minimum metrics of a release, kept by hand in ``minimum_metrics.json``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from training.errors import TrainingError
from training.workspace import MINIMUM_METRICS, display_path, read_json

__all__ = ["check_minimum_metrics", "read_minimum_metrics"]

MAXIMUM_SUFFIX = "_max"  # marks an upper limit
_NAMES = (
    "bytes_max",
    "test_accuracy",
    "test_accuracy_at_validation_threshold",
    "test_auc",
    "test_agreed_accuracy",
    "test_agreed_auc",
    "photos_accuracy",
    "photos_accuracy_in_video",
    "photos_auc",
    "photos_calibration_error_max",
    "photos_clear_accuracy",
    "ferplus_accuracy",
    "ferplus_surprise_called_smiling_max",
    "ferplus_fear_called_smiling_max",
    "ferplus_anger_called_smiling_max",
    "ferplus_disgust_called_smiling_max",
    "babies_and_children_smiles_seen",
    "wide_open_laughs_seen",
    "covered_mouths_refused",
    "clear_faces_refused_max",
)


def read_minimum_metrics(path: Path = MINIMUM_METRICS) -> dict[str, float]:
    """Read the minimum metrics.

    Raises
    ------
    TrainingError
        When the file is missing or damaged, or a value is missing: an empty file would allow any
        model.
    """
    minimum = read_json(path, made_by=f"git checkout {display_path(path)}")
    for name in _NAMES:
        value = minimum.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TrainingError(f"{display_path(path)}: {name}: expected a number, got {value!r}")
    return minimum


def check_minimum_metrics(metrics: Mapping[str, float], minimum: Mapping[str, float]) -> list[str]:
    """Compare metrics with the minimum metrics.

    Parameters
    ----------
    metrics
        Measured values by name.
    minimum
        Lower limits by name, upper limits by name + ``_max``.

    Returns
    -------
    list[str]
        One line for each metric that has a limit.

    Raises
    ------
    TrainingError
        When a metric misses its limit; the message names all of them.
    """
    lines: list[str] = []
    failed: list[str] = []
    for name, value in metrics.items():
        for limit_name, words in ((name, "at least"), (name + MAXIMUM_SUFFIX, "at most")):
            if limit_name not in minimum:
                continue
            limit = minimum[limit_name]
            shown = f"{value:,}" if isinstance(value, int) else f"{value:.4f}"
            passed = value <= limit if limit_name.endswith(MAXIMUM_SUFFIX) else value >= limit
            (lines if passed else failed).append(f"{name} {shown}, {words} {limit:,}")
    if failed:
        raise TrainingError("below the minimum metrics: " + "; ".join(failed))
    return lines
