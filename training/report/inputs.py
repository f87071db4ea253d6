"""Everything the report draws from: the shipped file run now, and the committed metrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smile_vision.errors import VisionError
from smile_vision.smiles.classifier import SmileClassifier
from training.baselines.photo_crops import PhotoCrops, crop_photos
from training.data.crops import Crops
from training.data.photos import chosen_photos
from training.data.preparation import prepare
from training.data.splits import Split
from training.errors import TrainingError
from training.workspace import (
    CARD,
    CROPS,
    DEFAULT_DATA,
    METRICS,
    MODEL,
    REPOSITORY,
    display_path,
    read_json,
)

__all__ = ["Facts", "Judged", "gather"]

BASELINES = REPOSITORY / "training" / "baselines" / "metrics.json"
ROBUSTNESS = REPOSITORY / "training" / "robustness.json"


@dataclass(frozen=True)
class Judged:
    """The shipped file's verdicts on a set of labelled faces, made now.

    Attributes
    ----------
    title
        Whose faces.
    scores
        float64 (N,), calibrated.
    smile
        bool (N,), the label.
    crops
        uint8 (N, 64, 64).
    about
        str (N,), the file's name and what else is known.
    missed
        Labelled photos in which no face was found; they are not among the N.
    """

    title: str
    scores: NDArray[np.float64]
    smile: NDArray[np.bool_]
    crops: NDArray[np.uint8]
    about: NDArray[np.str_]
    missed: int = 0

    def __len__(self) -> int:
        return len(self.scores)

    def where(self, chosen: NDArray[np.bool_], title: str) -> Judged:
        """Return the chosen ones under another title."""
        return Judged(
            title,
            self.scores[chosen],
            self.smile[chosen],
            self.crops[chosen],
            self.about[chosen],
        )


@dataclass
class Facts:
    """What is there; None for what is not, and in `missing` what would bring it."""

    card: dict[str, Any]
    metrics: dict[str, Any]
    model: Path = MODEL
    crops: Crops | None = None
    held_out: Judged | None = None
    agreed: Judged | None = None
    photos: Judged | None = None
    history: Sequence[dict[str, Any]] | None = None
    baselines: dict[str, Any] | None = None
    robustness: dict[str, Any] | None = None
    missing: dict[str, str] = field(default_factory=dict)

    @property
    def threshold(self) -> float:
        """From which score on a single face counts as smiling."""
        return float(self.card["threshold"])

    @property
    def judged(self) -> list[Judged]:
        """The sets that could be judged now."""
        return [one for one in (self.held_out, self.agreed, self.photos) if one is not None]


def gather(data: str | None = None, photos: str | None = None) -> Facts:
    """Run the shipped file on what is there and read the committed metrics.

    Parameters
    ----------
    data
        SMILEsmileD as `training.prepare` takes it; None means what it prepared last, or the
        default place.
    photos
        Folder or archive with ``labels.csv``; None means the default place.

    Returns
    -------
    Facts

    Raises
    ------
    TrainingError
        When the model or its metrics are missing, or data that were named cannot be used.
    """
    try:
        classifier = SmileClassifier.load(CARD)
        mirrored = SmileClassifier.load(CARD, flip=True)
    except VisionError as error:
        raise TrainingError(str(error)) from error
    facts = Facts(
        card=read_json(CARD, made_by="python -m training.evaluate"),
        metrics=read_json(METRICS, made_by="python -m training.evaluate"),
    )
    facts.baselines = _optional(facts, BASELINES, "python -m training.baselines")
    facts.robustness = _optional(facts, ROBUSTNESS, "python -m training.robustness")
    facts.history = _history(facts)
    facts.crops = _crops(facts, data)
    if facts.crops is not None:
        _judge_held_out(facts, facts.crops, classifier)
    found = _photo_crops(facts, photos)
    if found is not None:
        facts.photos = _judge_photos(found, mirrored)
    return facts


def _judge_held_out(facts: Facts, crops: Crops, classifier: SmileClassifier) -> None:
    judges = crops.part(Split.TEST)
    about = np.array([f"{n}; {t}" for n, t in zip(judges.name, judges.tier, strict=True)])
    facts.held_out = Judged(
        "people held out, labels as they came",
        classifier.smile_scores(judges.grey).astype(np.float64),
        judges.smile,
        judges.grey,
        about,
    )
    agreed = np.isin(judges.tier, ["clear", "none"])
    if len(set(judges.smile[agreed].tolist())) == 2:  # noqa: PLR2004 - both classes
        facts.agreed = facts.held_out.where(agreed, "of these, clear smile against none")


def _judge_photos(photos: PhotoCrops, classifier: SmileClassifier) -> Judged:
    """Judge as `python -m smile_vision` does: with the mirror image."""
    found = photos.found
    return Judged(
        "whole photos of other people",
        classifier.smile_scores(photos.crop[found]).astype(np.float64),
        photos.smile[found],
        photos.crop[found],
        np.array([Path(name).name for name in photos.name[found]]),
        missed=int((~found).sum()),
    )


def _optional(facts: Facts, path: Path, made_by: str) -> dict[str, Any] | None:
    if path.exists():
        return read_json(path, made_by=made_by)
    facts.missing[path.stem if path is ROBUSTNESS else "baselines"] = (
        f"{display_path(path)} is not there; `{made_by}` makes it."
    )
    return None


def _history(facts: Facts) -> Sequence[dict[str, Any]] | None:
    """Return the epochs of the shipped network's training."""
    if isinstance(facts.metrics.get("history"), list):
        return list(facts.metrics["history"])
    facts.missing["history"] = (
        "it was trained by a version that kept no history; `make train` leaves one."
    )
    return None


def _crops(facts: Facts, data: str | None) -> Crops | None:
    if data is not None:
        return prepare(data, None)[0]
    if CROPS.exists():
        return Crops.load(CROPS)
    if DEFAULT_DATA.exists():
        return prepare(None, None)[0]
    facts.missing["crops"] = (
        "the data set is not here. Give `make report DATA=…` a folder, an archive or a git URL"
        " of SMILEsmileD; the figures below are those recorded in training/results/metrics.json."
    )
    return None


def _photo_crops(facts: Facts, given: str | None) -> PhotoCrops | None:
    photos = chosen_photos(given)
    if photos is None:
        facts.missing["photos"] = (
            "no whole photos are here. Give `make report PHOTOS=…` a folder or an archive with"
            " labels.csv (path,smile)."
        )
        return None
    return crop_photos(photos)
