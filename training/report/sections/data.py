"""Section: the data, in figures and in pictures."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from training.data.annotations import BUNDLED_ANNOTATIONS, read_annotations
from training.data.crops import Crops
from training.data.splits import Split
from training.evaluation.metrics import wilson_interval
from training.report.chart import BLUE, GREY, ORANGE, draw_chart
from training.report.inputs import Facts
from training.report.page import Chart, Face, Faces, Missing, Part, Section, Table

__all__ = ["agreement_chart", "section"]

SHOWN_OF_A_TIER = 18
_SEED = 4
_BIN = 1000
_SPLIT_WORDS = {"train": "to learn from", "validation": "to calibrate", "test": "to judge"}


def section(facts: Facts) -> Section:
    """Return the section."""
    recorded = facts.metrics.get("data", {})
    parts: list[Part] = [
        "The network learned from SMILEsmileD: grey pictures of faces, 64 by 64 pixels, of people"
        " in the news in the early 2000s. People are split, not pictures: whoever judges was"
        " never learned from. A second, independent label of most photographs tells clear smiles"
        " from faint ones.",
    ]
    if "splits" in recorded:
        parts.append(_splits_chart(recorded["splits"]))
    if "tiers" in recorded:
        parts.append(_tiers_chart(recorded["tiers"]))
    if BUNDLED_ANNOTATIONS.exists():
        parts.append(agreement_chart())
    if "tiers_adjudicated" in recorded:
        parts.append(_settled_table(recorded["tiers"], recorded["tiers_adjudicated"]))
    if recorded.get("skipped"):
        reasons = Counter(_reason(why) for why in recorded["skipped"].values())
        rows = [(reason, f"{count:,}") for reason, count in reasons.most_common()]
        parts.append(Table("Pictures left out, and why", ("reason", "pictures"), rows))
    if facts.crops is not None:
        parts += [_examples(facts.crops, tier) for tier in sorted(set(facts.crops.tier.tolist()))]
    else:
        parts.append(Missing(facts.missing["crops"]))
    return Section("data", "The data", parts)


def _reason(why: str) -> str:
    return "same picture as another one" if why.startswith("same picture as") else why


def _splits_chart(splits: dict[str, Any]) -> Chart:
    names = [split.value for split in Split if split.value in splits]
    smiles = [splits[name]["smile"] for name in names]
    others = [splits[name]["pictures"] - splits[name]["smile"] for name in names]

    def draw(axes: Any) -> None:
        labels = [_SPLIT_WORDS[name] for name in names]
        axes.barh(labels, others, color=GREY, label="no smile")
        axes.barh(labels, smiles, left=others, color=ORANGE, label="smile", hatch="//", ec="w")
        for place, (smile, other) in enumerate(zip(smiles, others, strict=True)):
            axes.text(smile + other, place, f" {smile + other:,}", va="center")
        axes.set_xlim(0, 1.18 * max(s + o for s, o in zip(smiles, others, strict=True)))
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        axes.set_xlabel("pictures")
        axes.legend(loc="lower right")

    counts = "; ".join(
        f"{_SPLIT_WORDS[name]} {other + smile:,} pictures, {smile:,} smiling"
        for name, smile, other in zip(names, smiles, others, strict=True)
    )
    total = sum(smiles) + sum(others)
    return draw_chart(
        "data-splits",
        draw,
        alt=f"Bars of the three parts of the data: {counts}.",
        caption=f"{total:,} usable pictures, {sum(smiles):,} of them labelled smile: {counts}.",
        size_inch=(5.6, 3.0),
    )


def _tiers_chart(tiers: dict[str, int]) -> Chart:
    names = sorted(tiers, key=lambda name: -tiers[name])

    def draw(axes: Any) -> None:
        axes.barh(names, [tiers[name] for name in names], color=BLUE)
        for place, name in enumerate(names):
            axes.text(tiers[name], place, f" {tiers[name]:,}", va="center")
        axes.set_xlim(0, 1.18 * max(tiers.values()))
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        axes.set_xlabel("pictures")

    counts = ", ".join(f"{name} {tiers[name]:,}" for name in names)
    return draw_chart(
        "data-tiers",
        draw,
        alt=f"Bars of how clear the smiles are: {counts}.",
        caption=f"How clear a smile is, as far as the labels tell: {counts}. Faint means that the"
        " opinions differ.",
        size_inch=(5.6, 3.0),
    )


def _settled_table(before: dict[str, int], after: dict[str, int]) -> Table:
    names = sorted(before | after)
    rows = [(name, f"{before.get(name, 0):,}", f"{after.get(name, 0):,}") for name in names]
    return Table(
        "The tiers as the opinions give them, and after somebody looked (training/data/labels)",
        ("tier", "by the opinions", "after a look"),
        rows,
    )


def agreement_chart() -> Chart:
    """Draw how often the second labeller agrees, along the file numbers."""
    bins: dict[int, list[bool]] = {}
    for (name, smile), opinion in read_annotations(BUNDLED_ANNOTATIONS).items():
        if opinion.second is not None and name.isdigit():
            bins.setdefault(int(name) // _BIN, []).append(opinion.second == smile)
    places = sorted(bins)
    shares = [float(np.mean(bins[place])) for place in places]
    bounds = [wilson_interval(sum(bins[place]), len(bins[place])) for place in places]
    middles = [(place + 0.5) * _BIN for place in places]

    def draw(axes: Any) -> None:
        lows, highs = zip(*bounds, strict=True)
        axes.fill_between(middles, lows, highs, color=BLUE, alpha=0.2, lw=0, label="95 % interval")
        axes.plot(middles, shares, "o-", color=BLUE, label="agreement")
        axes.set_ylim(0.7, 1.0)
        axes.set_xlabel("file number in SMILEsmileD")
        axes.set_ylabel("both labels agree")
        axes.legend(loc="upper right")

    total = sum(len(agreed) for agreed in bins.values())
    return draw_chart(
        "label-agreement",
        draw,
        alt=f"Line of label agreement by file number: {shares[0]:.2f} at the start,"
        f" {min(shares):.2f} at its lowest.",
        caption=f"How often the second labeller agrees with the first, in steps of {_BIN:,} file"
        f" numbers ({total:,} pictures with two labels). The first labeller's idea of a smile"
        " drifts: no model can agree with both.",
    )


def _examples(crops: Crops, tier: str) -> Faces:
    places = np.flatnonzero(crops.tier == tier)
    rng = np.random.default_rng(_SEED)
    drawn = np.sort(rng.permutation(places)[:SHOWN_OF_A_TIER])
    faces = [Face(crops.grey[place], f"number {crops.name[place]}") for place in drawn]
    return Faces(
        f"Tier “{tier}”: {len(drawn)} of {len(places):,}, drawn at random. Only on this page: the"
        " pictures are not part of the project.",
        faces,
    )
