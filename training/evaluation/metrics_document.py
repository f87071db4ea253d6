"""Keeps the figures in docs/model.md equal to those in metrics.json."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from training.evaluation.document_block import DOCUMENT, marks, write_block

__all__ = ["MARKS", "figures_text", "write_figures"]

MARKS = marks("figures", "training.evaluate")

_ALSO_JUDGED = {
    "test_at_validation_threshold": "the same, at the threshold that suits this labeller best",
    "test_where_annotators_agree": "of these, where both labellers agree",
    "test_adjudicated_clear_against_none": "of these, clear against none, after adjudication",
}
_TIER_WORDS = {
    "clear": "both labellers say smile",
    "faint": "the labellers differ (a faint smile)",
    "none": "both say no smile",
    "smile, one annotator": "one label only: smile",
    "none, one annotator": "one label only: no smile",
}


def figures_text(metrics: dict[str, Any]) -> str:
    """Return the figures as Markdown tables for people.

    Parameters
    ----------
    metrics
        The content of metrics.json.

    Returns
    -------
    str
        Ends with a line break.
    """
    judged = [_judged_row("people held out, labels as they came", metrics["test"])]
    for name, words in _ALSO_JUDGED.items():
        if name in metrics:
            judged.append(_judged_row(words, metrics[name]))
    lines = [
        "| judged on | pictures | accuracy (95 % interval) | AUC | smiles seen | others passed |",
        "|---|---|---|---|---|---|",
        *judged,
        "",
        "| the held-out pictures, by clearness | pictures | judged smiling |",
        "|---|---|---|",
        *(_tier_row(tier, counts) for tier, counts in metrics["test_by_tier"].items()),
        "",
        *([_photos_text(metrics), ""] if "whole_photos" in metrics else []),
        *([_calibration_text(metrics), ""] if "calibration" in metrics else []),
        _file_text(metrics["model"], metrics["int8_and_float"]),
    ]
    return "\n".join(lines) + "\n"


def write_figures(metrics: dict[str, Any], document: Path = DOCUMENT) -> None:
    """Put the figures between the document's two marks.

    Raises
    ------
    TrainingError
        When the document or its marks are missing.
    """
    write_block(MARKS, figures_text(metrics), document)


def _judged_row(name: str, figures: dict[str, Any]) -> str:
    low, high = figures["accuracy_95"]
    return (
        f"| {name} | {figures['pictures']:,} | {figures['accuracy']:.3f} ({low:.3f} to {high:.3f})"
        f" | {figures['auc']:.3f} | {figures['sensitivity']:.1%} | {figures['specificity']:.1%} |"
    )


def _tier_row(tier: str, counts: dict[str, Any]) -> str:
    return f"| {_TIER_WORDS[tier]} | {counts['pictures']:,} | {counts['called_smile_share']:.1%} |"


def _photos_text(metrics: dict[str, Any]) -> str:
    photos = metrics["whole_photos"]
    low, high = photos["accuracy_all_photos_95"]
    text = (
        f"Whole way, from photo to verdict, on {photos['photos']:,} photos of other people from"
        f" another source: accuracy {photos['accuracy_all_photos']:.3f} ({low:.3f} to {high:.3f};"
        f" the {photos['no_face_found']} photos in which no face was found count as mistakes),"
        f" AUC {photos['found_faces']['auc']:.3f} where a face was found."
    )
    video = metrics.get("whole_photos_as_video")
    if video is not None:
        text += (
            " The same photos, one by one as the camera's loop looks at a frame:"
            f" {video['accuracy_all_photos']:.3f}, {video['no_face_found']} without a face,"
            f" AUC {video['found_faces']['auc']:.3f}."
        )
    return text + (
        " Nothing was learned from these photos, but the framing of the face and how sure of it"
        " the detector must be were chosen on them, which flatters a little."
    )


def _calibration_text(metrics: dict[str, Any]) -> str:
    calibration = metrics["calibration"]
    photos = metrics.get("whole_photos", {}).get("found_faces", {}).get("calibration_error")
    return (
        "How far the score is from the share of people who say smile, on average: "
        f"{calibration['test_error']:.3f} on the people held out, faint smiles counting a half"
        f" ({calibration['test_error_on_original_labels']:.3f} against the first labeller"
        " alone, who seldom calls a faint smile a smile)"
        + (f"; {photos:.3f} on the photos." if photos is not None else ".")
    )


def _file_text(model: dict[str, Any], agreement: dict[str, Any]) -> str:
    return (
        f"File: {model['bytes']:,} bytes, sha256 `{model['sha256'][:16]}…`;"
        f" {model['multiply_adds'] / 1e6:.1f} million multiply-adds a face. The int8 file and the"
        " network it was made from give the same prediction on"
        f" {agreement['same_prediction_share']:.1%}"
        " of the held-out pictures."
    )
