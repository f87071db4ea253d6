"""The table of docs/model.md that compares the shipped model with the one before FER+."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from training.workspace import METRICS_BEFORE, read_json

__all__ = ["comparison_lines"]

_PHOTOS, _AGREED = "whole photos of other people", "test set, both annotators agree"
_ACCURACY, _AREA, _SHARE = "{:.3f}", "{:.4f}", "{:.1%}"
_CALLED = "FER+: faces called smiling, {}"
_ROWS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (f"{_PHOTOS}: accuracy", _ACCURACY, ("whole_photos", "accuracy_all_photos")),
    (f"{_PHOTOS}: AUC", _AREA, ("whole_photos", "found_faces", "auc")),
    (
        f"{_PHOTOS}: calibration error",
        _ACCURACY,
        ("whole_photos", "found_faces", "calibration_error"),
    ),
    (
        "photos on which two looks agree: accuracy",
        _ACCURACY,
        ("whole_photos", "clear", "accuracy_all_photos"),
    ),
    (
        "whole photos, video pipeline: accuracy",
        _ACCURACY,
        ("whole_photos_as_video", "accuracy_all_photos"),
    ),
    (f"{_AGREED}: accuracy", _ACCURACY, ("test_where_annotators_agree", "accuracy")),
    (f"{_AGREED}: AUC", _AREA, ("test_where_annotators_agree", "auc")),
    ("FER+, clear votes: accuracy", _ACCURACY, ("ferplus", "clear_votes", "accuracy")),
    ("FER+, clear votes: AUC", _AREA, ("ferplus", "clear_votes", "auc")),
    ("FER+: clear smiles seen", _SHARE, ("ferplus", "smiles_seen", "share")),
    *(
        (_CALLED.format(name), _SHARE, ("ferplus", "called_smiling", name, "share"))
        for name in ("surprise", "fear", "anger", "disgust", "sadness")
    ),
    *(
        (f"FER+: smiles seen, {words}", _SHARE, ("ferplus", "groups", name, "smiles_seen", "share"))
        for name, words in (
            ("baby", "babies"), ("child", "children"), ("wide-open laugh", "wide-open laughs"),
        )
    ),
    ("mouths under a drawn cover: no score", _SHARE, ("covered_mouths", "covered_mouths", "share")),
    ("clear faces that get no score", _SHARE, ("covered_mouths", "clear_faces", "share")),
)  # fmt: skip


def comparison_lines(metrics: Mapping[str, Any]) -> list[str]:
    """Return a Markdown table of the main metrics before and now.

    Parameters
    ----------
    metrics
        The content of metrics.json.
    """
    before = read_json(METRICS_BEFORE, made_by=f"git checkout {METRICS_BEFORE.name}")
    return [
        "| metric | before FER+ | now |",
        "|---|---|---|",
        *(
            f"| {name} | {_cell(before, path, form)} | {_cell(metrics, path, form)} |"
            for name, form, path in _ROWS
        ),
        "",
        "Before FER+: the model with the sha256"
        f" `{before['model']['sha256'][:16]}…`, trained on SMILEsmileD alone, measured in the same"
        " way. It scored every face.",
    ]


def _cell(metrics: Mapping[str, Any], path: tuple[str, ...], form: str) -> str:
    value: Any = metrics
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return "not measured" if value is None else form.format(value)
