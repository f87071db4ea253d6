"""Keeps what docs/model.md tells of faults and slices equal to robustness.json."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from training.evaluation.document_block import DOCUMENT, marks, write_block

__all__ = ["MARKS", "robustness_text", "write_robustness"]

MARKS = marks("robustness", "training.robustness")

_AS_IT_IS = "as it is"
_WORDS = {"turned": "head turned", "older": "about 60 or older"}


def robustness_text(robustness: dict[str, Any]) -> str:
    """Return the grid, the small faces and the slices as Markdown for people.

    Parameters
    ----------
    robustness
        The content of robustness.json.

    Returns
    -------
    str
        Ends with a line break.
    """
    lines = [
        f"| fault | accuracy; in bold where {robustness['floor']['accuracy']} is promised |",
        "|---|---|",
        *_grid_rows(robustness["grid"]),
        *_small_face_rows(robustness["small_faces"]),
        "",
        "| what can be seen of the person | right, with it (95 % interval) | right, without |",
        "|---|---|---|",
        *_slice_rows(robustness["slices"]),
    ]
    return "\n".join(lines) + "\n"


def write_robustness(robustness: dict[str, Any], document: Path = DOCUMENT) -> None:
    """Put them between the document's two marks.

    Raises
    ------
    TrainingError
        When the document or its marks are missing.
    """
    write_block(MARKS, robustness_text(robustness), document)


def _grid_rows(grid: list[dict[str, Any]]) -> list[str]:
    by_family: dict[str, list[str]] = {}
    for row in grid:
        accuracy = f"{row['accuracy']:.3f}"
        words = f"**{accuracy}**" if row["within"] else accuracy
        if row["family"] != _AS_IT_IS:
            words = f"{row['setting']}: {words}"
        by_family.setdefault(row["family"], []).append(words)
    return [f"| {family} | {'; '.join(settings)} |" for family, settings in by_family.items()]


def _small_face_rows(rows: list[dict[str, Any]]) -> list[str]:
    if not rows:
        return []
    words = "; ".join(f"{row['face_px']} px: {row['accuracy']:.3f}" for row in rows)
    return [f"| whole photos, scaled down until the face is so wide | {words} |"]


def _slice_rows(rows: list[dict[str, Any]]) -> list[str]:
    found = {(row["attribute"], row["present"]): row for row in rows}
    return [
        f"| {_WORDS.get(attribute, attribute.replace('_', ' '))} |"
        f" {_right(row)} | {_right(found[attribute, False])} |"
        for (attribute, present), row in found.items()
        if present and (attribute, False) in found
    ]


def _right(row: dict[str, Any]) -> str:
    right = row["true_positive"] + row["true_negative"]
    low, high = row["accuracy_95"]
    return f"{right} of {row['pictures']} ({low:.2f} to {high:.2f})"
