"""Section: FER+, whose faces have the votes of ten people each, and groups of people in it."""

from __future__ import annotations

from typing import Any

from training.data.collections.ferplus_votes import expression_words
from training.report.charts import Interval, interval_chart
from training.report.formatting import share_with_count, with_interval
from training.report.inputs import ReportInputs
from training.report.page import Chart, Missing, Part, Section, Table

__all__ = ["section"]

_TITLE = "FER+: faces with votes"

Shares = dict[str, dict[str, Any]]


def section(inputs: ReportInputs) -> Section:
    """Return the section."""
    if "ferplus" not in inputs.metrics:
        missing = Missing(
            "metrics on FER+, which was not part of the data. Run `make train FERPLUS=…` with your"
            " copy. Without FER+ the model more often calls angry and frightened faces smiling."
        )
        return Section("votes", _TITLE, [missing])
    ferplus = inputs.metrics["ferplus"]
    groups = {
        part: {name: group[part] for name, group in ferplus["groups"].items() if part in group}
        for part in ("smiles_seen", "called_smiling")
    }
    parts: list[Part] = [
        f"FER+ holds faces from a web search, of all ages. Ten people voted for the expression of"
        f" each face. These are the {ferplus['pictures']:,} faces of its test split, as recorded in"
        " training/results/metrics.json. A clear smile has at least 80 % of the votes, a non-smile"
        " at most 20 %. A face whose mouth is hidden gets no score: it counts as not smiling.",
        _clear_votes(ferplus["clear_votes"]),
        _chart(
            "expressions",
            {expression_words(name): one for name, one in ferplus["called_smiling"].items()},
            "Faces called smiling, by the expression that at least half of the people see",
        ),
        _chart("groups-seen", groups["smiles_seen"], "Clear smiles seen, by group"),
        _chart("groups-called", groups["called_smiling"], "Non-smiles called smiling, by group"),
        _groups_table(ferplus["groups"]),
    ]
    return Section("votes", _TITLE, parts)


def _clear_votes(clear: dict[str, Any]) -> Table:
    names = {"accuracy": 3, "auc": 4, "sensitivity": 3, "specificity": 3, "calibration_error": 3}
    rows = [(name.replace("_", " "), with_interval(clear, name, digits))
            for name, digits in names.items()]  # fmt: skip
    rows.append(("without a score", share_with_count(clear["refused"])))
    return Table(
        f"Clear votes: {clear['pictures']:,} scored faces on which at least eight of ten people"
        " agree",
        ("metric", "value (95 % interval)"),
        rows,
    )


def _chart(name: str, shares: Shares, caption: str) -> Chart:
    points: dict[int, Interval] = {
        number: (one["share"], *one["share_95"]) for number, one in enumerate(shares.values())
    }
    values = "; ".join(f"{title}: {share_with_count(one)}" for title, one in shares.items())
    return interval_chart(
        name,
        [f"{title} ({one['pictures']:,})" for title, one in shares.items()],
        {"share": points},
        alt=f"{caption}. {values}.",
        caption=f"{caption}, with the number of faces.",
        label="share, with 95 % interval",
    )


def _groups_table(groups: dict[str, Any]) -> Table:
    parts = ("smiles_seen", "called_smiling", "refused")
    rows = [
        (name, *(share_with_count(group[part]) if part in group else "none" for part in parts))
        for name, group in groups.items()
    ]
    return Table(
        "Table: groups, as an annotator saw them in the pictures",
        ("group", "clear smiles seen", "non-smiles called smiling", "without a score"),
        rows,
        folded=True,
    )
