"""Section: the most important metrics, and the terms of this page."""

from __future__ import annotations

from training.report.inputs import AGREED, PHOTOS, TEST, ReportInputs
from training.report.page import Missing, Part, Section, Tiles

__all__ = ["section"]

_TERMS = (
    "The model was trained on SMILEsmileD, a collection of grey face crops. The test set holds"
    " people of this collection who are in neither the training nor the validation set. Each crop"
    " has its original label; most have a second label by another, independent annotator. Where"
    " the two differ, the smile is faint. The whole photos come from another collection and show"
    " other people; there the product's face detector finds the face first. All metrics are those"
    " of the int8 file that ships."
)


def section(inputs: ReportInputs) -> Section:
    """Return the section."""
    metrics, model = inputs.metrics, inputs.metrics["model"]
    test, agreed, photos = (metrics.get(key) for key in (TEST, AGREED, PHOTOS))
    tiles: list[tuple[str, str]] = []
    if photos:
        found = photos["found_faces"]
        tiles += [
            (f"{photos['accuracy_all_photos']:.1%}", f"accuracy, {photos['photos']:,} photos"),
            (f"{found['auc']:.3f}", "AUC, photos"),
            (f"{found['calibration_error']:.3f}", "calibration error (ECE), photos"),
        ]
    if test:
        tiles.append((f"{test['accuracy']:.1%}", f"accuracy, test set, {test['pictures']:,} crops"))
    if agreed:
        label = f"AUC, test set where annotators agree, {agreed['pictures']:,} crops"
        tiles.append((f"{agreed['auc']:.4f}", label))
    tiles += [
        (f"{model['bytes'] / 1000:.0f} KB", "size of the model file, int8"),
        (f"{model['multiply_adds'] / 1e6:.1f} million", "multiply-adds per face"),
    ]
    parts: list[Part] = [_TERMS, Tiles(tiles)]
    if model["sha256"] != inputs.model_card["sha256"]:
        parts.append(
            Missing(
                "recorded metrics of the shipped model. Those in training/results/metrics.json"
                " belong to another model file. Run `make train` to write them again."
            )
        )
    return Section("summary", "Summary", parts)
