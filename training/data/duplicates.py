"""Drop pictures that are nearly the same as one of another set, so that every metric is honest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smile_vision.smiles.preprocess import CROP_SIZE_PX
from training.data.collections.collection import Collection
from training.data.correlation import alike
from training.data.crops import Crops
from training.data.photos import face_crops, read_photo_labels
from training.data.source import open_source
from training.data.splits import Split

__all__ = ["LIKE_PHOTO", "TWIN", "EvaluationPhotos", "drop_duplicates", "read_evaluation_photos"]

TWIN = 0.97  # correlation of two crops of the same picture, at least
# Photos are cut out differently, so the same picture is less alike.
LIKE_PHOTO = 0.95

EvaluationPhotos = tuple[NDArray[np.str_], NDArray[np.uint8]]  # names (N,) and crops (N, 64, 64)


def read_evaluation_photos(photos: str) -> EvaluationPhotos:
    """Return the names and the largest faces of the photos that models are evaluated on.

    Parameters
    ----------
    photos
        Folder or archive with ``labels.csv``.

    Raises
    ------
    TrainingError
        When the photos cannot be read.
    """
    with open_source(photos) as source:
        paths = [path for path, _ in read_photo_labels(source.folder)]
        crops = face_crops(paths)
    found = [(path.name, crop) for path, crop in zip(paths, crops, strict=True) if crop is not None]
    if not found:
        return np.zeros(0, np.str_), np.zeros((0, CROP_SIZE_PX, CROP_SIZE_PX), np.uint8)
    return np.array([name for name, _ in found]), np.stack([crop for _, crop in found])


def drop_duplicates(
    collections: Sequence[Collection], photos: EvaluationPhotos | None
) -> tuple[list[Collection], list[dict[str, Any]]]:
    """Drop near-duplicates within and across collections.

    A picture is dropped when it is nearly the same as

    * a photo for evaluation, and in the training or validation set,
    * a picture of an earlier collection, or
    * a picture in the training or validation set of its own collection, and in the test set.

    Parameters
    ----------
    collections
        The earlier ones keep their pictures.
    photos
        See `read_evaluation_photos`; None: no photos.

    Returns
    -------
    tuple[list[Collection], list[dict[str, Any]]]
        The collections without the dropped pictures, which are among the skipped ones; and for
        each dropped picture its ``collection``, ``name``, ``reason``, ``twin`` and ``correlation``.
    """
    kept: list[Collection] = []
    dropped: list[dict[str, Any]] = []
    for collection in collections:
        entries = _duplicates(collection, kept, photos)
        left = np.full(len(collection.crops), fill_value=True)
        left[list(entries)] = False
        skipped = {entry["name"]: entry["reason"] for entry in entries.values()}
        kept.append(
            replace(
                collection,
                crops=collection.crops.where(left),
                skipped=collection.skipped | skipped,
            )
        )
        dropped += entries.values()
    return kept, dropped


def _duplicates(
    collection: Collection, earlier: Sequence[Collection], photos: EvaluationPhotos | None
) -> dict[int, dict[str, Any]]:
    """Return what is said of each picture to drop, by its place."""
    crops = collection.crops
    tested = crops.split == Split.TEST.value
    reasons = {}
    if photos is not None:
        reasons["like a photo for evaluation"] = _twins(crops, ~tested, photos, LIKE_PHOTO)
    for other in earlier:
        reasons[f"the same picture as in {other.name}"] = _twins(
            crops, tested | ~tested, (other.crops.name, other.crops.grey), TWIN
        )
    reasons["test picture, also in the training or validation set"] = _twins(
        crops, tested, (crops.name[~tested], crops.grey[~tested]), TWIN
    )
    entries: dict[int, dict[str, Any]] = {}
    for reason, twins in reasons.items():
        for place, (twin, correlation) in twins.items():
            entries.setdefault(
                place,
                {
                    "collection": collection.name,
                    "name": str(crops.name[place]),
                    "reason": reason,
                    "twin": twin,
                    "correlation": round(correlation, 4),
                },
            )
    return dict(sorted(entries.items()))


def _twins(
    crops: Crops, chosen: NDArray[np.bool_], others: EvaluationPhotos, minimum: float
) -> dict[int, tuple[str, float]]:
    """Return the most similar other picture of each chosen one that has a twin, by its place."""
    places = np.flatnonzero(chosen)
    names, pictures = others
    pairs = alike(crops.grey[places], pictures, minimum)
    order = np.argsort(pairs.correlation, kind="stable")  # the last one of a picture stays
    return {
        int(places[pairs.first[pair]]): (
            str(names[pairs.second[pair]]),
            float(pairs.correlation[pair]),
        )
        for pair in order
    }
