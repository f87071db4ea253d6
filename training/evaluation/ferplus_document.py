"""The tables of docs/model.md about FER+, covered mouths and groups of people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from training.data.collections.ferplus_votes import expression_words
from training.evaluation.robustness_document import group_rows, model_of_groups

__all__ = ["covered_lines", "ferplus_lines", "photo_group_lines"]

_COVERED = {
    "covered_mouths": "something covers the mouth",
    "covered_elsewhere": "something covers another part",
    "clear_faces": "nothing covers the face",
}

Metrics = Mapping[str, Any]


def ferplus_lines(metrics: Metrics) -> list[str]:
    """Return the metrics on FER+ as Markdown: clear votes, expressions and groups.

    Parameters
    ----------
    metrics
        ``ferplus`` of metrics.json.
    """
    return [
        *_clear_votes(metrics["pictures"], metrics["clear_votes"]),
        "| at least half of the people see | called smiling (95 % interval) |",
        "|---|---|",
        *(
            f"| {expression_words(name)} | {_counted(one)} |"
            for name, one in metrics["called_smiling"].items()
        ),
        "",
        "| group in FER+, as an annotator saw it | clear smiles seen | non-smiles called smiling |"
        " cannot tell |",
        "|---|---|---|---|",
        *(_group_row(name, group) for name, group in metrics["groups"].items()),
    ]


def covered_lines(metrics: Metrics) -> list[str]:
    """Return how many faces are refused as Markdown.

    Parameters
    ----------
    metrics
        ``covered_mouths`` of metrics.json.
    """
    return [
        "| faces of the test set, at random | cannot tell (95 % interval) |",
        "|---|---|",
        *(f"| {words} | {_counted(metrics[name])} |" for name, words in _COVERED.items()),
    ]


def photo_group_lines(groups: Metrics) -> list[str]:
    """Return the groups of people in whole photos as Markdown.

    Parameters
    ----------
    groups
        ``photo_groups`` of metrics.json.
    """
    return [
        "| visible attribute in whole photos | correct with it (95 % interval) |"
        " correct without it |",
        "|---|---|---|",
        *group_rows(groups["rows"]),
        *model_of_groups(groups),
    ]


def _clear_votes(faces: int, clear: Metrics) -> list[str]:
    if clear["accuracy"] is None:
        return []
    return [
        f"On the test split of FER+, {faces:,} faces, ten people voted for each face. Where at"
        " least eight say smile, or at least eight say no smile, the accuracy is"
        f" {_with_interval(clear, 'accuracy', 3)} and the AUC {_with_interval(clear, 'auc', 4)} on"
        f" {clear['pictures']:,} scored faces. {clear['refused']['count']:,} more get no score.",
        "",
    ]


def _group_row(name: str, group: Metrics) -> str:
    parts = ("smiles_seen", "called_smiling", "refused")
    cells = (_counted(group[part]) if part in group else "none" for part in parts)
    return f"| {name} | {' | '.join(cells)} |"


def _counted(one: Metrics) -> str:
    low, high = one["share_95"]
    return f"{one['count']:,} of {one['pictures']:,}: {one['share']:.1%} ({low:.1%} to {high:.1%})"


def _with_interval(metrics: Metrics, name: str, digits: int) -> str:
    low, high = metrics[f"{name}_95"]
    return f"{metrics[name]:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"
