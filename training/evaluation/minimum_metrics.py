"""What the shipped model must not fall below: ``minimum_metrics.json``, kept by people."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from training.errors import TrainingError
from training.workspace import METRICS, display_path, read_json

__all__ = ["MINIMUM_METRICS", "check_minimum_metrics", "read_minimum_metrics"]

MINIMUM_METRICS = METRICS.with_name("minimum_metrics.json")
CEILING = "_most"  # ends the name of a limit from above
_NAMES = (
    "bytes_most",
    "people_accuracy",
    "people_accuracy_at_validation_threshold",
    "people_auc",
    "people_agreed_accuracy",
    "people_agreed_auc",
    "photos_accuracy",
    "photos_accuracy_in_video",
    "photos_auc",
    "photos_calibration_error_most",
)


def read_minimum_metrics(path: Path = MINIMUM_METRICS) -> dict[str, float]:
    """Read the floors.

    Raises
    ------
    TrainingError
        When the file is missing or damaged, or lacks a floor: an empty file promises nothing.
    """
    floors = read_json(path, made_by=f"git checkout {display_path(path)}")
    for name in _NAMES:
        value = floors.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TrainingError(f"{display_path(path)}: {name}: expected a number, got {value!r}")
    return floors


def check_minimum_metrics(figures: Mapping[str, float], floors: Mapping[str, float]) -> list[str]:
    """Compare figures with their floors.

    Returns
    -------
    list[str]
        One line for each figure that has a floor; names ending in ``_most`` are ceilings.

    Raises
    ------
    TrainingError
        When one is broken; the message names all of them.
    """
    lines: list[str] = []
    broken: list[str] = []
    for name, value in figures.items():
        for limit, word in ((name, "at least"), (name + CEILING, "at most")):
            if limit not in floors:
                continue
            floor = floors[limit]
            shown = f"{value:,}" if isinstance(value, int) else f"{value:.4f}"
            kept = value <= floor if limit.endswith(CEILING) else value >= floor
            (lines if kept else broken).append(f"{name} {shown}, {word} {floor:,}")
    if broken:
        raise TrainingError("below the floor: " + "; ".join(broken))
    return lines
