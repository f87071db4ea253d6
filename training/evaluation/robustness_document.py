"""The block of docs/model.md that states the accuracy under corruptions and by attribute.

The accuracy is that of the faces that get a score.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from training.evaluation.corruptions import UNCORRUPTED

__all__ = ["attribute_words", "group_rows", "model_of_groups", "robustness_text"]

_MANY_REFUSED = 0.05  # share from which a row says it
_ATTRIBUTES = {
    "turned": "head turned",
    "tilted": "head bent up or down",
    "older": "about 60 or older",
    "mouth_open": "mouth open",
}


def robustness_text(robustness: dict[str, Any]) -> str:
    """Return the corruptions, the small faces and the groups as Markdown.

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
        *group_rows(robustness["groups"]["rows"]),
        *model_of_groups(robustness["groups"]),
    ]
    return "\n".join(lines) + "\n"


def attribute_words(attribute: str) -> str:
    """Return the words for a visible attribute of robustness.json."""
    return _ATTRIBUTES.get(attribute, attribute.replace("_", " "))


def _corruption_rows(grid: list[dict[str, Any]]) -> list[str]:
    by_corruption: dict[str, list[dict[str, Any]]] = {}
    for row in grid:
        by_corruption.setdefault(row["corruption"], []).append(row)
    return [
        _row(name, rows, ["" if name == UNCORRUPTED else f"{row['setting']}: " for row in rows])
        for name, rows in by_corruption.items()
    ]


def _row(name: str, rows: list[dict[str, Any]], settings: list[str]) -> str:
    words = "; ".join(
        setting + _accuracy(row) + _refused(row)
        for setting, row in zip(settings, rows, strict=True)
    )
    return f"| {name} | {words} |"


def _accuracy(row: dict[str, Any]) -> str:
    if row["accuracy"] is None:
        return "too few scored"
    accuracy = f"{row['accuracy']:.3f}"
    return f"**{accuracy}**" if row.get("required") else accuracy


def _refused(row: dict[str, Any]) -> str:
    share = row["refused"]["share"]
    return f" ({share:.0%} refused)" if share >= _MANY_REFUSED else ""


def _small_face_rows(rows: list[dict[str, Any]]) -> list[str]:
    if not rows:
        return []
    name = "whole photo, scaled down to this width of the face"
    return [_row(name, rows, [f"{row['face_px']} px: " for row in rows])]


def model_of_groups(groups: Mapping[str, Any]) -> list[str]:
    """Return the line that names the model of some groups, if there are any."""
    if not groups["rows"]:
        return []
    return ["", f"Model of these groups: sha256 `{groups['model_sha256'][:12]}`."]


def group_rows(rows: list[dict[str, Any]]) -> list[str]:
    """Return the rows of a table of groups, with and without each attribute."""
    found = {(row["attribute"], row["present"]): row for row in rows}
    return [
        f"| {attribute_words(attribute)} | {_correct(row)} | {_correct(found[attribute, False])} |"
        for (attribute, present), row in found.items()
        if present and (attribute, False) in found
    ]


def _correct(row: dict[str, Any]) -> str:
    if row["accuracy"] is None:
        return "too few scored"
    correct = row["true_positive"] + row["true_negative"]
    low, high = row["accuracy_95"]
    return f"{correct} of {row['pictures']} ({low:.2f} to {high:.2f})"
