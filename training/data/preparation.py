"""Join the collections to the prepared data set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from training.data.collections.collection import Reader
from training.data.crops import Crops
from training.data.duplicates import drop_duplicates, read_evaluation_photos
from training.errors import TrainingError

__all__ = ["prepare"]


def prepare(readers: Sequence[Reader], photos: str | None = None) -> tuple[Crops, dict[str, Any]]:
    """Read the collections and drop near-duplicates.

    Parameters
    ----------
    readers
        SMILEsmileD first.
    photos
        Folder or archive of the photos for evaluation; None: no photos.

    Returns
    -------
    tuple[Crops, dict[str, Any]]
        The crops, and a report: that of SMILEsmileD, with those of the others under
        ``collections``, and the dropped pictures under ``duplicates``.

    Raises
    ------
    TrainingError
        When data cannot be used.
    """
    collections = [reader.read() for reader in readers]
    (repeated, times), *_ = Counter(one.name for one in collections).most_common(1)
    if times > 1:
        raise TrainingError(f"two collections are named {repeated!r}: rename a folder")
    evaluation_photos = read_evaluation_photos(photos) if photos is not None else None
    collections, dropped = drop_duplicates(collections, evaluation_photos)
    first, *others = (one.report() for one in collections)
    report = {
        **first,
        "collections": {other["name"]: other for other in others},
        "photos_compared": 0 if evaluation_photos is None else len(evaluation_photos[0]),
        "duplicates": dropped,
    }
    return Crops.joined([one.crops for one in collections]), report
