"""Metrics of groups of people, by the visible attributes that a table of the user lists."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from smile_vision.smiles.classifier import SmileClassifier
from training.data.annotations import PictureKey, Tier
from training.data.crops import Crops
from training.data.tables import read_label, read_table
from training.evaluation.metric_summary import classifier_metrics

__all__ = [
    "measured_or_recorded",
    "picture_groups",
    "read_photo_attributes",
    "read_picture_attributes",
    "rows_by_attribute",
]

Attributes = Mapping[str, bool]
Group = NDArray[np.bool_]
Rows = list[dict[str, Any]]
Key = TypeVar("Key", bound=Hashable)


def measured_or_recorded(
    table: Path | None,
    measure: Callable[[Path], Rows],
    recorded: Mapping[str, Any] | None,
    *,
    evaluated_on: str,
    model_sha256: str,
) -> dict[str, Any]:
    """Return the metrics of groups, from the user's table or as they were recorded.

    Parameters
    ----------
    table
        Visible attributes of people. It describes single people and is not published, so a result
        without it keeps the groups of the model that was measured last.
    measure
        Returns the rows of all groups, from the table.
    recorded
        What this function returned before, if anything.
    evaluated_on
        What the table describes.
    model_sha256
        Of the model that `measure` evaluates.

    Returns
    -------
    dict[str, Any]
        ``evaluated_on``, ``model_sha256`` (None: never measured) and ``rows``.
    """
    if table is None and recorded is not None:
        return dict(recorded)
    return {
        "evaluated_on": evaluated_on,
        "model_sha256": model_sha256 if table is not None else None,
        "rows": measure(table) if table is not None else [],
    }


def picture_groups(classifier: SmileClassifier, crops: Crops, attributes: Path) -> Rows:
    """Evaluate groups of people in SMILEsmileD; faint smiles say little and are left out.

    Parameters
    ----------
    classifier
        The shipped model.
    crops
        The test set.
    attributes
        See `read_picture_attributes`.
    """
    known = read_picture_attributes(attributes)
    faint = crops.adjudicated == Tier.FAINT.value
    chosen = crops.where(np.array([key in known for key in crops.keys]) & ~faint)
    smile = np.isin(chosen.adjudicated, [Tier.CLEAR.value, Tier.SMILE_SINGLE.value])
    return rows_by_attribute(
        [known[key] for key in chosen.keys],
        smile,
        lambda group: classifier_metrics(classifier, chosen.grey[group], smile[group]),
    )


def rows_by_attribute(
    seen: Sequence[Attributes], smile: Group, measure: Callable[[Group], dict[str, Any]]
) -> Rows:
    """Evaluate the pictures with and those without each attribute.

    Parameters
    ----------
    seen
        Attributes of N pictures.
    smile
        bool (N,), the labels.
    measure
        Returns the metrics of a group, bool (N,).

    Returns
    -------
    list[dict[str, Any]]
        Two rows per attribute: with it and without it. A group with smiles only, or without
        any, has no row.
    """
    return [
        {"attribute": attribute, "present": present, **measure(group)}
        for attribute, present, group in _groups(seen)
        if smile[group].any() and not smile[group].all()
    ]


def _groups(seen: Sequence[Attributes]) -> Iterator[tuple[str, bool, Group]]:
    for attribute in seen[0] if seen else ():
        has = np.array([attributes[attribute] for attributes in seen])
        yield attribute, True, has
        yield attribute, False, ~has


def read_picture_attributes(path: Path) -> dict[PictureKey, Attributes]:
    """Read a CSV with ``number``, ``smilesmiled`` and one column (1 or 0) per attribute."""
    return _read(
        path,
        ("number", "smilesmiled"),
        lambda line, row: (row["number"], read_label(path, line, row, "smilesmiled")),
    )


def read_photo_attributes(path: Path) -> dict[str, Attributes]:
    """Read a CSV with ``path`` and one column (1 or 0) per attribute."""
    return _read(path, ("path",), lambda _, row: row["path"])


def _read(
    path: Path, columns: Sequence[str], key: Callable[[int, dict[str, str]], Key]
) -> dict[Key, Attributes]:
    return {
        key(line, row): {
            name: read_label(path, line, row, name) for name in row if name not in columns
        }
        for line, row in read_table(path, columns)
    }
