"""What the report shows: the shipped model's predictions, made now, and the committed metrics."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smile_vision.errors import VisionError
from smile_vision.smiles.classifier import SmileClassifier
from training.baselines.evaluate import BASELINE_METRICS
from training.baselines.photo_crops import PhotoCrops, crop_photos
from training.data.annotations import Tier
from training.data.collections.smilesmiled import SmileSmileD
from training.data.crops import SMILESMILED, Crops
from training.data.photo_clarity import clear_photos
from training.data.photos import chosen_photos
from training.data.splits import Split
from training.errors import TrainingError
from training.evaluation.metric_summary import score_metrics, tier_metrics
from training.evaluation.photo_metrics import (
    PhotoScores,
    clear_photo_metrics,
    photo_score_metrics,
)
from training.report.page import Missing
from training.workspace import (
    CARD,
    CROPS,
    DEFAULT_DATA,
    METRICS,
    ROBUSTNESS,
    display_path,
    read_json,
)

__all__ = ["AGREED", "PHOTOS", "TEST", "Predictions", "ReportInputs", "gather_inputs"]

# Keys of metrics.json.
TEST, AGREED, PHOTOS = "test", "test_where_annotators_agree", "whole_photos"


@dataclass(frozen=True)
class Predictions:
    """The shipped model's scores on labelled faces.

    Attributes
    ----------
    title
        Which faces these are.
    scores
        float64 (N,), calibrated.
    smile
        bool (N,), the label.
    crops
        uint8 (N, 64, 64).
    names
        str (N,), a caption for each face: its file and its tier.
    """

    title: str
    scores: NDArray[np.float64]
    smile: NDArray[np.bool_]
    crops: NDArray[np.uint8]
    names: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.scores)

    def where(self, chosen: NDArray[np.bool_], title: str) -> Predictions:
        """Return the chosen faces under another title."""
        return Predictions(
            title,
            self.scores[chosen],
            self.smile[chosen],
            self.crops[chosen],
            self.names[chosen],
        )


@dataclass
class ReportInputs:
    """Everything that the sections of the report read.

    Attributes
    ----------
    model_card
        Of the shipped model.
    metrics
        The content of metrics.json. `gather_inputs` replaces what it measures now.
    predictions
        Made now, by their key in `metrics`.
    baselines, robustness
        The content of their committed files; None if there is none.
    crops
        SMILEsmileD, prepared; None if it is not on this machine.
    missing
        What is not here, and how to get it: crops, photos, baselines, robustness.
    """

    model_card: dict[str, Any]
    metrics: dict[str, Any]
    predictions: dict[str, Predictions] = field(default_factory=dict)
    baselines: dict[str, Any] | None = None
    robustness: dict[str, Any] | None = None
    crops: Crops | None = None
    missing: dict[str, str] = field(default_factory=dict)

    @property
    def threshold(self) -> float:
        """The score from which a single face counts as smiling."""
        return float(self.model_card["threshold"])

    def missing_parts(self, *names: str) -> list[Missing]:
        """Return a note for each of these that is missing."""
        return [Missing(self.missing[name]) for name in names if name in self.missing]

    def add_test_set(self, crops: Crops, classifier: SmileClassifier) -> None:
        """Predict the test set and replace its recorded metrics."""
        test = crops.part(Split.TEST)
        scores = classifier.smile_scores(test.grey).astype(np.float64)
        names = [f"{name}, {tier}" for name, tier in zip(test.name, test.tier, strict=True)]
        whole = Predictions("test set", scores, test.smile, test.grey, np.array(names))
        agreed = whole.where(
            np.isin(test.tier, [Tier.CLEAR.value, Tier.NONE.value]), "test set, annotators agree"
        )
        for key, one in ((TEST, whole), (AGREED, agreed)):
            if len(set(one.smile.tolist())) == 2:  # noqa: PLR2004 - both classes
                self.predictions[key] = one
                self.metrics[key] = score_metrics(one.scores, one.smile, self.threshold)
        self.metrics["test_by_tier"] = tier_metrics(scores, test, self.threshold)

    def add_photos(self, photos: PhotoCrops, classifier: SmileClassifier) -> None:
        """Predict the faces of whole photos and replace the recorded metrics."""
        smile_scores, is_mouth_visible, _ = classifier.classify(photos.crop)
        scores = np.where(is_mouth_visible, smile_scores, np.nan).astype(np.float64)
        everything = Predictions("", scores, photos.smile, photos.crop, photos.name)
        scored = photos.found & is_mouth_visible
        self.predictions[PHOTOS] = everything.where(scored, "whole photos")
        of_all = PhotoScores(photos.name, photos.smile, scores, photos.found)
        self.metrics[PHOTOS] = {
            **photo_score_metrics(of_all, self.threshold),
            **clear_photo_metrics(of_all, clear_photos(), self.threshold),
        }


def gather_inputs(data: str | None = None, photos: str | None = None) -> ReportInputs:
    """Run the shipped model on the data that are here and read the committed metrics.

    Parameters
    ----------
    data
        SMILEsmileD as `training.prepare` takes it. None means what it prepared last, or the
        default place.
    photos
        Folder or archive with ``labels.csv``. None means the default place.

    Returns
    -------
    ReportInputs

    Raises
    ------
    TrainingError
        When the model or its metrics are missing, or the given data cannot be used.
    """
    inputs = ReportInputs(
        model_card=read_json(CARD, made_by="python -m training.evaluate"),
        metrics=read_json(METRICS, made_by="python -m training.evaluate"),
    )
    inputs.baselines = _committed(inputs, "baselines", BASELINE_METRICS)
    inputs.robustness = _committed(inputs, "robustness", ROBUSTNESS)
    inputs.crops = _crops(inputs, data)
    photos = chosen_photos(photos)
    try:
        if inputs.crops is not None:
            inputs.add_test_set(inputs.crops, SmileClassifier.load())
        if photos is not None:  # as `python -m smile_vision` does: with the mirror image
            inputs.add_photos(crop_photos(photos), SmileClassifier.load(flip=True))
    except VisionError as error:
        raise TrainingError(str(error)) from error
    if photos is None:
        inputs.missing["photos"] = (
            "the whole photos are not on this machine. Run `make report PHOTOS=…` with a folder or"
            " an archive that holds labels.csv (path,smile)."
        )
    return inputs


def _committed(inputs: ReportInputs, name: str, path: Path) -> dict[str, Any] | None:
    if path.exists():
        return read_json(path, made_by=f"python -m training.{name}")
    inputs.missing[name] = f"{display_path(path)}. Run `python -m training.{name}` to write it."
    return None


def _crops(inputs: ReportInputs, data: str | None) -> Crops | None:
    if data is None and CROPS.exists():
        return Crops.load(CROPS).of(SMILESMILED)
    if data is not None or DEFAULT_DATA.exists():
        return SmileSmileD(data).read().crops
    inputs.missing["crops"] = (
        "the data set SMILEsmileD is not on this machine. Run `make report DATA=…` with a folder,"
        " an archive or a git URL of it. The metrics of the test set below are those recorded in"
        " training/results/metrics.json."
    )
    return None
