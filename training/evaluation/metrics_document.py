"""The block of docs/model.md that states the metrics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from training.evaluation.comparison_document import comparison_lines
from training.evaluation.ferplus_document import covered_lines, ferplus_lines, photo_group_lines

__all__ = ["metrics_text"]

_LABELS = {
    "test": "test set, original labels",
    "test_at_validation_threshold": "same, at the threshold that suits the first annotator best",
    "test_where_annotators_agree": "only pictures on which both annotators agree",
    "test_adjudicated_clear_against_none": "only clear smiles and clear non-smiles, adjudicated",
}
_PIPELINES = {
    "whole_photos": "photo pipeline (`python -m smile_vision`)",
    "whole_photos_as_video": "video pipeline (edge device)",
}
_TIERS = {
    "clear": "both annotators: smile",
    "faint": "annotators disagree (faint smile)",
    "none": "both annotators: no smile",
    "smile, one annotator": "one annotator: smile",
    "none, one annotator": "one annotator: no smile",
}


def metrics_text(metrics: dict[str, Any]) -> str:
    """Return the metrics as Markdown.

    Parameters
    ----------
    metrics
        The content of metrics.json.

    Returns
    -------
    str
        Ends with a line break.
    """
    lines = [
        *comparison_lines(metrics),
        "",
        "| evaluated on | pictures | accuracy (95 % interval) | AUC | sensitivity | specificity |",
        "|---|---|---|---|---|---|",
        *(_row(words, metrics[name]) for name, words in _LABELS.items() if name in metrics),
        "",
        "| test set, by tier | pictures | classified as a smile |",
        "|---|---|---|",
        *(_tier_row(tier, counts) for tier, counts in metrics["test_by_tier"].items()),
        "",
        *([*_photos_table(metrics), ""] if "whole_photos" in metrics else []),
        *_optional(ferplus_lines, metrics.get("ferplus")),
        *([] if "ferplus" in metrics else ["FER+ was skipped: it was not prepared.", ""]),
        *_optional(covered_lines, metrics.get("covered_mouths")),
        *_optional(photo_group_lines, _measured_groups(metrics)),
        *([_calibration_text(metrics), ""] if "calibration" in metrics else []),
        _file_text(metrics["model"], metrics["int8_and_float"]),
    ]
    return "\n".join(lines) + "\n"


def _optional(
    lines: Callable[[dict[str, Any]], list[str]], metrics: dict[str, Any] | None
) -> list[str]:
    return [*lines(metrics), ""] if metrics else []


def _measured_groups(metrics: dict[str, Any]) -> dict[str, Any] | None:
    groups: dict[str, Any] = metrics.get("photo_groups", {})
    return groups if groups.get("rows") else None


def _row(name: str, metrics: dict[str, Any]) -> str:
    low, high = metrics["accuracy_95"]
    return (
        f"| {name} | {metrics['pictures']:,} | {metrics['accuracy']:.3f} ({low:.3f} to {high:.3f})"
        f" | {metrics['auc']:.3f} | {metrics['sensitivity']:.1%} | {metrics['specificity']:.1%} |"
    )


def _tier_row(tier: str, counts: dict[str, Any]) -> str:
    return f"| {_TIERS[tier]} | {counts['pictures']:,} | {counts['predicted_smile_share']:.1%} |"


def _photos_table(metrics: dict[str, Any]) -> list[str]:
    photos = metrics["whole_photos"]
    return [
        f"| {photos['photos']:,} whole photos of other people | accuracy (95 % interval) | AUC |"
        " no face found | cannot tell |",
        "|---|---|---|---|---|",
        *(
            _photos_row(words, metrics[name])
            for name, words in _PIPELINES.items()
            if name in metrics
        ),
        *_clear_rows(photos),
        "",
        "A photo counts as an error in the accuracy when no face is found in it, or when its face"
        " cannot be scored. The photos come from another source and were not used for training."
        " The framing of the face and the detector's thresholds were tuned on them, so these"
        " metrics are slightly optimistic. Clear photos: two blind looks at them agree on smile or"
        " none; they are evaluated against what the looks saw.",
    ]


def _clear_rows(photos: dict[str, Any]) -> list[str]:
    if "clear" not in photos:
        return []
    clear = photos["clear"]
    return [_photos_row(f"photo pipeline, the {clear['photos']:,} clear photos", clear)]


def _photos_row(name: str, photos: dict[str, Any]) -> str:
    low, high = photos["accuracy_all_photos_95"]
    return (
        f"| {name} | {photos['accuracy_all_photos']:.3f} ({low:.3f} to {high:.3f})"
        f" | {photos['found_faces']['auc']:.3f} | {photos['no_face_found']}"
        f" | {photos['not_scored']} |"
    )


def _calibration_text(metrics: dict[str, Any]) -> str:
    calibration = metrics["calibration"]
    photos = metrics.get("whole_photos", {}).get("found_faces", {}).get("calibration_error")
    return (
        "The expected calibration error is the mean distance between the score and the share of"
        f" people who say smile. It is {calibration['test_error']:.3f} on the test set, where a"
        " faint smile counts as 0.5"
        + (f", and {photos:.3f} on the photos." if photos is not None else ".")
        + f" Against the first annotator alone it is"
        f" {calibration['test_error_on_original_labels']:.3f}, because this annotator seldom"
        " calls a faint smile a smile."
    )


def _file_text(model: dict[str, Any], agreement: dict[str, Any]) -> str:
    return (
        f"The file has {model['bytes']:,} bytes and the sha256 `{model['sha256'][:16]}…`. It needs"
        f" {model['multiply_adds'] / 1e6:.1f} million multiply-adds per face. The int8 file and"
        " the float network give the same prediction on"
        f" {agreement['same_prediction_share']:.1%} of the test set."
    )
