"""The data of a notebook: SMILEsmileD if it is on this machine, otherwise synthetic faces."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from training.data.annotations import Annotation
from training.data.collections.smilesmiled import SmileSmileD, label_pictures
from training.data.crops import Crops
from training.notebooks.synthetic_faces import synthetic_pictures
from training.workspace import DEFAULT_DATA

__all__ = ["DATA_VARIABLE", "SAMPLE_VARIABLE", "SYNTHETIC", "NotebookData", "load_notebook_data"]

DATA_VARIABLE, SAMPLE_VARIABLE = "SMILE_DATA", "SMILE_SAMPLE"
SYNTHETIC = "synthetic"  # as data: use synthetic faces even if the data set is here
_PICTURES = 600
_SECOND_LABELS = (None, True, False)  # of every fifth picture; the others agree with the first


@dataclass(frozen=True)
class NotebookData:
    """Labelled crops, and counts of the whole data set.

    Attributes
    ----------
    name
        What the pictures are.
    crops
        The pictures, or a random sample of them.
    counts
        Of all pictures: ``pictures``, ``smile``, ``splits``, ``tiers``, ``skipped``.
    """

    name: str
    crops: Crops
    counts: dict[str, Any]


def load_notebook_data(data: str | None = None, sample: int | None = None) -> NotebookData:
    """Read the data as `make train` does.

    Parameters
    ----------
    data
        Folder, archive or git URL of SMILEsmileD, or "synthetic". None means the environment
        variable ``SMILE_DATA``, then the default place, then synthetic faces.
    sample
        Size of a random sample. None means ``SMILE_SAMPLE``, or all pictures.

    Returns
    -------
    NotebookData

    Raises
    ------
    TrainingError
        When the given data cannot be used.
    """
    data = data or os.environ.get(DATA_VARIABLE) or None
    if sample is None and os.environ.get(SAMPLE_VARIABLE):
        sample = int(os.environ[SAMPLE_VARIABLE])
    if data == SYNTHETIC or (data is None and not DEFAULT_DATA.exists()):
        crops = _synthetic_crops()
        name, counts = "synthetic faces instead of SMILEsmileD", {**crops.counts(), "skipped": {}}
    else:
        collection = SmileSmileD(data).read()
        crops, counts = collection.crops, collection.report()
        name = counts["data"]
    return NotebookData(name, crops if sample is None else _sample(crops, sample), counts)


def _synthetic_crops() -> Crops:
    pictures = synthetic_pictures(_PICTURES)
    annotations = {
        (picture.name, picture.smile): Annotation(
            second=picture.smile if place % 5 else _SECOND_LABELS[place % 3], person=place // 2
        )
        for place, picture in enumerate(pictures)
    }
    return label_pictures(pictures, annotations)


def _sample(crops: Crops, count: int) -> Crops:
    chosen = np.sort(np.random.default_rng(0).permutation(len(crops))[:count])
    return crops.where(chosen)
