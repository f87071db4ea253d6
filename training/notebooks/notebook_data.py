"""The data of a notebook: SMILEsmileD where it is, drawn faces where it is not."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from training.data.annotations import Annotation
from training.data.crops import Crops
from training.data.preparation import label_pictures, prepare
from training.notebooks.synthetic_faces import draw_pictures
from training.workspace import DEFAULT_DATA

__all__ = ["DATA_VARIABLE", "DRAWN", "SAMPLE_VARIABLE", "NotebookData", "load_notebook_data"]

DATA_VARIABLE, SAMPLE_VARIABLE = "SMILE_DATA", "SMILE_SAMPLE"
DRAWN = "drawn"  # as data: do not look for the data set
_DRAWN_PICTURES = 600
_SECONDS = (None, True, False)  # one opinion, or two that differ: a faint smile


@dataclass(frozen=True)
class NotebookData:
    """Labelled crops and how they came about.

    Attributes
    ----------
    name
        What the pictures are.
    crops
        The pictures, or a random sample of them.
    facts
        Counts of all pictures: ``pictures``, ``smile``, ``splits``, ``tiers``, ``skipped``.
    """

    name: str
    crops: Crops
    facts: dict[str, Any]


def load_notebook_data(data: str | None = None, sample: int | None = None) -> NotebookData:
    """Read the data as `make train` does.

    Parameters
    ----------
    data
        Folder, archive or git URL of SMILEsmileD, or "drawn"; None means the environment's
        ``SMILE_DATA``, or the default place, or drawn faces where neither is.
    sample
        Keep so many pictures, drawn at random; None means ``SMILE_SAMPLE``, or all.

    Returns
    -------
    NotebookData

    Raises
    ------
    TrainingError
        When the named data cannot be used.
    """
    data = data or os.environ.get(DATA_VARIABLE) or None
    if sample is None and os.environ.get(SAMPLE_VARIABLE):
        sample = int(os.environ[SAMPLE_VARIABLE])
    if data == DRAWN or (data is None and not DEFAULT_DATA.exists()):
        crops = _drawn()
        name, facts = "drawn faces, because SMILEsmileD is not here", _facts(crops)
    else:
        crops, facts = prepare(data, None)
        name = facts["data"]
    return NotebookData(name, crops if sample is None else _sample(crops, sample), facts)


def _drawn() -> Crops:
    pictures = draw_pictures(_DRAWN_PICTURES)
    opinions = {
        (picture.name, picture.smile): Annotation(
            second=picture.smile if place % 5 else _SECONDS[place % 3], person=place // 2
        )
        for place, picture in enumerate(pictures)
    }
    return label_pictures(pictures, opinions)


def _facts(crops: Crops) -> dict[str, Any]:
    return {
        **crops.counts(),
        "skipped": {},
    }


def _sample(crops: Crops, count: int) -> Crops:
    chosen = np.sort(np.random.default_rng(0).permutation(len(crops))[:count])
    return Crops(**{part.name: getattr(crops, part.name)[chosen] for part in fields(crops)})
