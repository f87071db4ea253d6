"""Section: accuracy under corruptions such as blur, and for groups of people."""

from __future__ import annotations

from typing import Any

from training.report.charts import Interval, interval_chart
from training.report.formatting import with_interval
from training.report.inputs import ReportInputs
from training.report.page import Chart, Missing, Part, Section, Table

__all__ = ["section"]

_TITLE = "Robustness, and groups of people"

_NO_GROUPS: dict[str, Any] = {"rows": []}
_TOO_FEW = "too few"

Rows = dict[str, dict[str, Any]]


def section(inputs: ReportInputs) -> Section:
    """Return the section."""
    robustness = inputs.robustness
    if robustness is None:
        return Section("robustness", _TITLE, inputs.missing_parts("robustness"))
    parts: list[Part] = []
    if robustness["model_sha256"] != inputs.model_card["sha256"]:
        parts.append(
            Missing(
                "robustness of the shipped model. The metrics below belong to another model file."
                " Run `python -m training.robustness` to write them again."
            )
        )
    corruptions = {_corruption(row): row for row in robustness["grid"]}
    sizes = {f"{row['face_px']} px": row for row in robustness["small_faces"]}
    parts.append(_corruptions_chart(corruptions, robustness["minimum"]["accuracy"]))
    tables = {
        "corruptions of the test set where annotators agree, one at a time": corruptions,
        "whole photos, scaled down to a face of this width": sizes,
    }
    for name, caption, command, groups in (
        (
            "groups",
            "groups in the test set, as one person noted them, without faint smiles",
            "training.robustness",
            robustness["groups"],
        ),
        (
            "groups-photos",
            "groups in whole photos, as one person noted them",
            "training.evaluate_photos",
            inputs.metrics.get("photo_groups", _NO_GROUPS),
        ),
    ):
        tables[caption] = {_group(row): row for row in groups["rows"]}
        parts += _groups(name, tables[caption], groups, inputs.model_card["sha256"], command)
    parts += [_table(caption, rows) for caption, rows in tables.items() if rows]
    return Section("robustness", _TITLE, parts)


def _groups(
    name: str, rows: Rows, groups: dict[str, Any], model_sha256: str, command: str
) -> list[Part]:
    """Return the chart of some groups, and a warning when they belong to another model."""
    if not rows:
        return []
    parts: list[Part] = [_groups_chart(name, rows)]
    if groups["model_sha256"] != model_sha256:
        parts.append(
            Missing(
                "groups of people for the shipped model. The metrics above belong to another model"
                f" file. Run `python -m {command} --attributes FILE` with a table of visible"
                " attributes to write them again."
            )
        )
    return parts


def _corruption(row: dict[str, Any]) -> str:
    return row["corruption"] if row["setting"] == "-" else f"{row['corruption']}: {row['setting']}"


def _group(row: dict[str, Any]) -> str:
    name = row["attribute"].replace("_", " ")
    return f"{'' if row['present'] else 'not '}{name} ({row['pictures']:,})"


def _series(rows: Rows, key: str, true: str, false: str) -> dict[str, dict[int, Interval]]:
    """Divide the rows into two series by a flag."""
    series: dict[str, dict[int, Interval]] = {true: {}, false: {}}
    for number, row in enumerate(rows.values()):
        if row["accuracy"] is None:  # too few faces get a score
            continue
        series[true if row[key] else false][number] = (row["accuracy"], *row["accuracy_95"])
    return series


def _corruptions_chart(rows: Rows, minimum: float) -> Chart:
    within = {name: row for name, row in rows.items() if row["required"]}
    (lowest, of_within), (worst, of_all) = (
        min(
            (item for item in some.items() if item[1]["accuracy"] is not None),
            key=lambda item: float(item[1]["accuracy"]),
        )
        for some in (within, rows)
    )
    limit = f"Lowest in the guaranteed range: {of_within['accuracy']:.3f}, {lowest}."
    return interval_chart(
        "robustness",
        list(rows),
        _series(rows, "required", "guaranteed range", "beyond it"),
        alt=f"Accuracy under {len(rows)} corruptions. {limit} Lowest of all:"
        f" {of_all['accuracy']:.3f}, {worst}.",
        caption="Accuracy under corruptions of the test set,"
        f" {of_all['refused']['pictures']:,} crops each, of those that get a score."
        f" In the guaranteed range the accuracy must be at least {minimum:g}. {limit}",
        minimum=minimum,
    )


def _groups_chart(name: str, rows: Rows) -> Chart:
    return interval_chart(
        name,
        list(rows),
        _series(rows, "present", "with the attribute", "without it"),
        alt="Accuracy for groups of people. "
        + "; ".join(
            f"{group} {row['accuracy']:.3f}"
            for group, row in rows.items()
            if row["accuracy"] is not None
        ),
        caption="Accuracy for groups of people, with the number of pictures. Where two intervals"
        " overlap, there are too few pictures to conclude that the groups differ.",
    )


def _table(caption: str, rows: Rows) -> Table:
    names = ("accuracy", "sensitivity", "specificity", "auc")
    return Table(
        f"Table: {caption}, with 95 % intervals",
        ("condition", "scored", *names, "without a score"),
        [
            (
                name,
                f"{row['pictures']:,}",
                *(
                    with_interval(row, metric) if row.get(metric) is not None else _TOO_FEW
                    for metric in names
                ),
                f"{row['refused']['share']:.1%}",
            )
            for name, row in rows.items()
        ],
        folded=True,
    )
