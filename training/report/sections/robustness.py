"""Section: how much blur, darkness, distance and the like it stands, and for whom it works."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from training.report.chart import BLUE, GREY, ORANGE, draw_chart
from training.report.formatting import share_95, with_interval
from training.report.inputs import Facts
from training.report.page import Chart, Missing, Part, Section, Table

__all__ = ["section"]

_ROW_INCH = 0.26

Rows = Sequence[dict[str, Any]]


def section(facts: Facts) -> Section:
    """Return the section."""
    robustness = facts.robustness
    if robustness is None:
        return Section("robustness", "What it stands", [Missing(facts.missing["robustness"])])
    parts: list[Part] = []
    if robustness.get("model_sha256") not in (None, facts.card["sha256"]):
        parts.append(
            Missing(
                "robustness of the shipped file. The figures below are those of an earlier one;"
                " `python -m training.robustness` makes them anew."
            )
        )
    grid, slices = robustness.get("grid") or [], robustness.get("slices") or []
    small = robustness.get("small_faces") or []
    charts: list[Part] = []
    tables: list[Part] = []
    if grid:
        rows = [(_fault(row), row) for row in grid]
        evaluated_on = robustness.get("evaluated_on", "held-out people, one fault at a time")
        charts.append(
            _grid_chart(rows, robustness.get("minimum", {}).get("accuracy"), evaluated_on)
        )
        tables.append(_table(f"faults, judged on {evaluated_on}", "fault", rows))
    if small:
        rows = [(f"{row['face_px']} px", row) for row in small]
        caption = "whole photos, scaled down until the face is so many pixels wide"
        tables.append(_table(caption, "width of the face", rows))
    if slices:
        rows = [(_slice_name(row), row) for row in slices]
        evaluated_on = robustness.get("slices_evaluated_on", "held-out people")
        charts.append(_slices_chart(rows))
        tables.append(_table(f"for whom it works, judged on {evaluated_on}", "people", rows))
    parts += charts + tables
    return Section("robustness", "What it stands, and for whom it works", parts)


def _fault(row: dict[str, Any]) -> str:
    family, setting = row["corruption"], row["setting"]
    return str(family) if setting in ("", "-") else f"{family}: {setting}"


def _grid_chart(rows: list[tuple[str, dict[str, Any]]], floor: float | None, judged: str) -> Chart:
    def draw(axes: Any) -> None:
        for within, colour, mark, words in (
            (True, BLUE, "o", "within what is promised"),
            (False, ORANGE, "D", "beyond it"),
        ):
            places = [n for n, (_, row) in enumerate(rows) if bool(row.get("required")) == within]
            if places:
                _dots(axes, [rows[n][1] for n in places], places, (colour, mark, words))
        if floor is not None:
            axes.axvline(floor, color="#1a1a1a", ls="--", lw=1.4, label=f"floor {floor:g}")
        _name_rows(axes, [name for name, _ in rows])

    least = min(rows, key=lambda row: float(row[1]["accuracy"]))
    promised = [row for row in rows if row[1].get("required")]
    lowest = min(promised or rows, key=lambda row: float(row[1]["accuracy"]))
    return draw_chart(
        "robustness",
        draw,
        alt=f"Accuracy under {len(rows)} faults; the lowest within the promise is"
        f" {lowest[1]['accuracy']:.3f} ({lowest[0]}), the lowest of all"
        f" {least[1]['accuracy']:.3f} ({least[0]}).",
        caption=f"Accuracy under faults, {rows[0][1]['pictures']:,} pictures each, 95 % intervals;"
        f" judged on {judged}. Lowest within what is promised: {lowest[1]['accuracy']:.3f},"
        f" {lowest[0]}.",
        size_inch=(5.6, 1.6 + _ROW_INCH * len(rows)),
    )


def _slices_chart(rows: list[tuple[str, dict[str, Any]]]) -> Chart:
    def draw(axes: Any) -> None:
        for present, colour, mark, words in (
            (True, BLUE, "o", "with it"),
            (False, GREY, "D", "without it"),
        ):
            places = [n for n, (_, row) in enumerate(rows) if bool(row.get("present")) == present]
            _dots(axes, [rows[n][1] for n in places], places, (colour, mark, words))
        _name_rows(axes, [name for name, _ in rows])

    return draw_chart(
        "slices",
        draw,
        alt="Accuracy by what can be seen of a person: "
        + "; ".join(f"{name} {row['accuracy']:.3f}" for name, row in rows)
        + ".",
        caption="Accuracy by what can be seen of a person; in brackets the number of pictures,"
        " 95 % intervals. Where the intervals overlap, the pictures are too few to tell a"
        " difference.",
        size_inch=(5.6, 1.5 + _ROW_INCH * len(rows)),
    )


def _slice_name(row: dict[str, Any]) -> str:
    name = str(row["attribute"]).replace("_", " ")
    name = name if row.get("present", True) else f"not {name}"
    return f"{name} ({row['pictures']:,})"


def _dots(axes: Any, rows: Rows, places: list[int], style: tuple[str, str, str]) -> None:
    colour, mark, words = style
    values = [float(row["accuracy"]) for row in rows]
    lows = [value - row["accuracy_95"][0] for value, row in zip(values, rows, strict=True)]
    highs = [row["accuracy_95"][1] - value for value, row in zip(values, rows, strict=True)]
    axes.errorbar(
        values, places, xerr=[lows, highs], fmt=mark, ms=5, color=colour, capsize=2, lw=1.4,
        label=words,
    )  # fmt: skip


def _name_rows(axes: Any, names: list[str]) -> None:
    axes.set_yticks(range(len(names)), names, fontsize=9.5)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlabel("accuracy")
    axes.figure.legend(loc="outside upper right", ncols=3, fontsize=9.5)


def _table(caption: str, first: str, rows: list[tuple[str, dict[str, Any]]]) -> Table:
    return Table(
        f"In numbers: {caption}; 95 % intervals in brackets",
        (first, "faces", "right", "smiles seen", "others left alone", "AUC"),
        [(name, *_cells(row)) for name, row in rows],
        folded=True,
    )


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    right = row["true_positive"] + row["true_negative"]
    return (
        f"{row['pictures']:,}",
        share_95(right, row["pictures"]),
        share_95(row["true_positive"], row["smile"]),
        share_95(row["true_negative"], row["pictures"] - row["smile"]),
        with_interval(row["auc"], row.get("auc_95")),
    )
