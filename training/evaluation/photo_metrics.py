"""Metrics of scores on labelled whole photos: of all, of the clear ones, and of groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.errors import TrainingError
from training.evaluation.groups import Attributes, Rows, rows_by_attribute
from training.evaluation.metric_summary import interval, rounded, score_metrics, scored_metrics
from training.evaluation.metrics import accuracy_at, best_threshold, wilson_interval

__all__ = [
    "PhotoScores",
    "clear_photo_metrics",
    "limited_photo_metrics",
    "photo_groups",
    "photo_score_metrics",
]


@dataclass(frozen=True)
class PhotoScores:
    """The scores of a pipeline on N photos.

    Attributes
    ----------
    names
        str (N,), the paths of the photos in their label table.
    smile, found
        bool (N,): the label; whether a face was found.
    scores
        float64 (N,) in [0, 1]; NaN where the face cannot be scored; ignored where no face was
        found.
    """

    names: NDArray[np.str_]
    smile: NDArray[np.bool_]
    scores: NDArray[np.float64]
    found: NDArray[np.bool_]

    @property
    def scored(self) -> NDArray[np.bool_]:
        """Whether a face was found and scored, bool (N,)."""
        return self.found & ~np.isnan(self.scores)

    def where(self, chosen: NDArray[np.bool_], smile: NDArray[np.bool_]) -> PhotoScores:
        """Return the chosen photos with these labels, bool (N,)."""
        return PhotoScores(
            self.names[chosen], smile[chosen], self.scores[chosen], self.found[chosen]
        )


def photo_score_metrics(photos: PhotoScores, threshold: float) -> dict[str, Any]:
    """Return the metrics of scores on whole photos.

    Parameters
    ----------
    photos
        With faces of both labels.
    threshold
        Scores of at least this are classified as a smile.

    Returns
    -------
    dict[str, Any]
        Ready for JSON. A photo without a face, or with one that cannot be scored, counts as an
        error in the accuracy of all photos; the other metrics are those of the scored faces.

    Raises
    ------
    TrainingError
        When the scored faces have one label only.
    """
    scored, smile = photos.scored, photos.smile
    if not smile[scored].any() or smile[scored].all():
        raise TrainingError("photos: expected faces with and without a smile to be found")
    metrics = score_metrics(photos.scores[scored], smile[scored], threshold)
    correct = metrics["true_positive"] + metrics["true_negative"]
    best = best_threshold(photos.scores[scored], smile[scored])
    at_best = accuracy_at(photos.scores[scored], smile[scored], best)
    return {
        "photos": len(smile),
        "no_face_found": int((~photos.found).sum()),
        "not_scored": int((photos.found & ~scored).sum()),
        "accuracy_all_photos": rounded(correct / len(smile)),
        "accuracy_all_photos_95": interval(wilson_interval(correct, len(smile))),
        "found_faces": metrics,
        "best_threshold": rounded(best),
        "accuracy_at_best_threshold": rounded(at_best),
    }


def clear_photo_metrics(
    photos: PhotoScores, clear: Mapping[str, bool | None], threshold: float
) -> dict[str, Any]:
    """Return the metrics on the photos on which two looks agree, against what they saw.

    Parameters
    ----------
    photos
        Of any collection.
    clear
        Whether a photo shows a smile, by its name; None: the looks do not agree, or cannot decide.
    threshold
        Scores of at least this are classified as a smile.

    Returns
    -------
    dict[str, Any]
        ``clear``: see `photo_score_metrics`. Empty when the photos are another collection.
    """
    if not clear.keys() <= set(photos.names.tolist()):
        return {}
    looks = [clear.get(name) for name in photos.names.tolist()]
    decided = np.array([look is not None for look in looks])
    smile = np.array([bool(look) for look in looks])
    return {"clear": photo_score_metrics(photos.where(decided, smile), threshold)}


def photo_groups(
    photos: PhotoScores, attributes: Mapping[str, Attributes], threshold: float
) -> Rows:
    """Evaluate groups of people in whole photos, of those whose face was found.

    Parameters
    ----------
    photos
        All photos.
    attributes
        By the name of the photo; photos without any are left out.
    threshold
        Scores of at least this are classified as a smile.
    """
    listed = np.array([name in attributes for name in photos.names.tolist()])
    chosen = photos.where(photos.found & listed, photos.smile)
    return rows_by_attribute(
        [attributes[name] for name in chosen.names.tolist()],
        chosen.smile,
        lambda group: scored_metrics(
            chosen.scores[group], chosen.scored[group], chosen.smile[group], threshold
        ),
    )


def limited_photo_metrics(photo: dict[str, Any], video: dict[str, Any]) -> dict[str, float]:
    """Return the metrics of both pipelines that have a minimum or a maximum."""
    limited = {
        "photos_accuracy": photo["accuracy_all_photos"],
        "photos_auc": photo["found_faces"]["auc"],
        "photos_calibration_error": photo["found_faces"]["calibration_error"],
        "photos_accuracy_in_video": video["accuracy_all_photos"],
    }
    if "clear" in photo:
        limited["photos_clear_accuracy"] = photo["clear"]["accuracy_all_photos"]
    return limited
