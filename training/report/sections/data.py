"""Section: the data set, its split, its labels and examples of each tier."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from training.data.annotations import BUNDLED_ANNOTATIONS, read_annotations
from training.data.crops import Crops
from training.evaluation.metrics import wilson_interval
from training.report.charts import BLUE, bar_chart, draw_chart
from training.report.inputs import ReportInputs
from training.report.page import Chart, Face, Faces, Part, Section, Table

__all__ = ["agreement_chart", "section"]

_SPLITS = {"train": "training set", "validation": "validation set", "test": "test set"}
_EXAMPLES = 18  # of each tier
_BIN = 1000  # file numbers


def section(inputs: ReportInputs) -> Section:
    """Return the section."""
    data = inputs.metrics["data"]
    splits = {_SPLITS[name]: counts for name, counts in data["splits"].items()}
    parts: list[Part] = [
        "SMILEsmileD holds grey crops of faces, 64 x 64 pixels, of people who were in the news in"
        " the early 2000s. The split is by person: nobody is in two sets. A second label by an"
        " independent annotator divides most pictures into tiers: clear (both say smile), faint"
        " (they differ) and none (both say no smile).",
        _splits_chart(splits),
        _tiers_chart(data["tiers"]),
        agreement_chart(),
        _adjudication_table(data["tiers"], data["tiers_adjudicated"]),
        _skipped_table(data["skipped"]),
    ]
    parts += inputs.missing_parts("crops")
    if inputs.crops is not None:
        parts += [_examples(inputs.crops, tier) for tier in np.unique(inputs.crops.tier)]
    return Section("data", "Data", parts)


def _splits_chart(splits: dict[str, Any]) -> Chart:
    smiles = [part["smile"] for part in splits.values()]
    others = [part["pictures"] - part["smile"] for part in splits.values()]
    counts = "; ".join(
        f"{name} {part['pictures']:,}, of them {part['smile']:,} smiles"
        for name, part in splits.items()
    )
    return bar_chart(
        "data-splits",
        list(splits),
        {"no smile": others, "smile": smiles},
        unit="pictures",
        alt=f"Bars of the pictures in each set: {counts}.",
        caption=f"{sum(smiles) + sum(others):,} pictures: {counts}.",
    )


def _tiers_chart(tiers: dict[str, int]) -> Chart:
    ordered = dict(sorted(tiers.items(), key=lambda item: -item[1]))
    counts = "; ".join(f"{name} {count:,}" for name, count in ordered.items())
    return bar_chart(
        "data-tiers",
        list(ordered),
        {"pictures": list(ordered.values())},
        unit="pictures",
        alt=f"Bars of the pictures in each tier: {counts}.",
        caption=f"Pictures in each tier: {counts}.",
    )


def _adjudication_table(before: dict[str, int], after: dict[str, int]) -> Table:
    rows = [
        (tier, f"{before.get(tier, 0):,}", f"{after.get(tier, 0):,}")
        for tier in sorted(before | after)
    ]
    return Table(
        "Pictures in each tier before and after adjudication: for some pictures a third person"
        " looked at the picture and set the tier (training/data/labels)",
        ("tier", "by the two labels", "adjudicated"),
        rows,
    )


def _skipped_table(skipped: dict[str, str]) -> Table:
    reasons = Counter(why.partition(" as ")[0] for why in skipped.values())
    rows = [(reason, f"{count:,}") for reason, count in reasons.most_common()]
    return Table("Pictures left out, and why", ("reason", "pictures"), rows)


def agreement_chart() -> Chart:
    """Draw how often the two labels agree, by file number."""
    bins: dict[int, list[bool]] = {}
    for (name, smile), annotation in read_annotations(BUNDLED_ANNOTATIONS).items():
        if annotation.second is not None:
            bins.setdefault(int(name) // _BIN, []).append(annotation.second == smile)
    middles = [(place + 0.5) * _BIN for place in sorted(bins)]
    agreed = [bins[place] for place in sorted(bins)]
    shares = [sum(some) / len(some) for some in agreed]

    def draw(axes: Any) -> None:
        lows, highs = zip(*(wilson_interval(sum(some), len(some)) for some in agreed), strict=True)
        axes.fill_between(middles, lows, highs, color=BLUE, alpha=0.2, lw=0, label="95 % interval")
        axes.plot(middles, shares, "o-", color=BLUE, label="agreement")
        axes.set(ylim=(0.7, 1.0), xlabel="file number in SMILEsmileD", ylabel="labels that agree")
        axes.legend(loc="upper right")

    return draw_chart(
        "label-agreement",
        draw,
        alt=f"Share of labels that agree by file number: {shares[0]:.2f} at the start,"
        f" {min(shares):.2f} at its lowest.",
        caption=f"How often the two labels agree, per {_BIN:,} file numbers"
        f" ({sum(map(len, agreed)):,} pictures with two labels). What counts as a smile in the"
        " original labels changes along the file numbers, so no model can agree with both.",
    )


def _examples(crops: Crops, tier: str) -> Faces:
    numbers = np.flatnonzero(crops.tier == tier)
    shown = np.sort(np.random.default_rng(4).permutation(numbers)[:_EXAMPLES])
    faces = [Face(crops.grey[number], f"number {crops.name[number]}") for number in shown]
    return Faces(f"Tier “{tier}”: a random sample of {len(shown)} out of {len(numbers):,}", faces)
