"""The block of docs/model.md that states the accuracy under corruptions and by attribute."""

from __future__ import annotations

from typing import Any

from training.evaluation.corruptions import UNCORRUPTED

__all__ = ["robustness_text"]

_ATTRIBUTES = {"turned": "head turned", "older": "about 60 or older"}


def robustness_text(robustness: dict[str, Any]) -> str:
    """Return the corruptions, the small faces and the slices as Markdown.

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
        f"| corruption | accuracy; **bold**: {robustness['minimum']['accuracy']} is required |",
        "|---|---|",
        *_corruption_rows(robustness["grid"]),
        *_small_face_rows(robustness["small_faces"]),
        "",
        "| visible attribute | correct with it (95 % interval) | correct without it |",
        "|---|---|---|",
        *_slice_rows(robustness["slices"]),
    ]
    return "\n".join(lines) + "\n"


def _corruption_rows(grid: list[dict[str, Any]]) -> list[str]:
    by_corruption: dict[str, list[str]] = {}
    for row in grid:
        accuracy = f"{row['accuracy']:.3f}"
        words = f"**{accuracy}**" if row["required"] else accuracy
        if row["corruption"] != UNCORRUPTED:
            words = f"{row['setting']}: {words}"
        by_corruption.setdefault(row["corruption"], []).append(words)
    return [f"| {name} | {'; '.join(settings)} |" for name, settings in by_corruption.items()]


def _small_face_rows(rows: list[dict[str, Any]]) -> list[str]:
    if not rows:
        return []
    words = "; ".join(f"{row['face_px']} px: {row['accuracy']:.3f}" for row in rows)
    return [f"| whole photo, scaled down to this width of the face | {words} |"]


def _slice_rows(rows: list[dict[str, Any]]) -> list[str]:
    found = {(row["attribute"], row["present"]): row for row in rows}
    return [
        f"| {_ATTRIBUTES.get(attribute, attribute.replace('_', ' '))} |"
        f" {_correct(row)} | {_correct(found[attribute, False])} |"
        for (attribute, present), row in found.items()
        if present and (attribute, False) in found
    ]


def _correct(row: dict[str, Any]) -> str:
    correct = row["true_positive"] + row["true_negative"]
    low, high = row["accuracy_95"]
    return f"{correct} of {row['pictures']} ({low:.2f} to {high:.2f})"
