"""Section: how well the shipped file tells smiles from other faces."""

from __future__ import annotations

from typing import Any

import numpy as np

from training.evaluation.metric_summary import score_metrics
from training.report.chart import BLUE, GREEN, GREY, ORANGE, draw_chart
from training.report.formatting import share_95, with_interval
from training.report.inputs import Facts, Judged
from training.report.page import Chart, Missing, Part, Section, Table

__all__ = ["section"]

_LINES = ((BLUE, "-"), (GREEN, "--"), (ORANGE, "-."))
_RECORDED = (
    ("test", "people held out, labels as they came"),
    ("test_at_validation_threshold", "the same, at the threshold that suits this labeller best"),
    ("test_where_annotators_agree", "of these, where both labellers agree"),
    ("test_adjudicated_clear_against_none", "of these, clear against none, after a look"),
)
_RECORDED_PHOTOS = (
    ("whole_photos", "whole photos of strangers"),
    ("whole_photos_as_video", "the same, as the camera's loop sees a frame"),
)


def section(facts: Facts) -> Section:
    """Return the section."""
    parts: list[Part] = []
    if facts.judged:
        parts.append(_summary_now(facts))
    parts.append(_summary_recorded(facts.metrics))
    if facts.held_out is None:
        parts.append(Missing(facts.missing["crops"]))
    if facts.photos is None:
        parts.append(Missing(facts.missing["photos"]))
    if facts.judged:
        parts += [_roc(facts), _precision_recall(facts)]
        parts += [_confusion(facts, judged) for judged in facts.judged]
    if facts.held_out is not None:
        parts.append(_scores_chart(facts, facts.held_out))
    if facts.photos is not None:
        parts.append(_scores_chart(facts, facts.photos))
    tiers = facts.metrics.get("test_by_tier")
    if tiers:
        parts.append(_tiers(tiers))
    return Section("verdicts", "How often it is right", parts)


def _summary_now(facts: Facts) -> Table:
    rows = []
    for judged in facts.judged:
        figures = score_metrics(judged.scores, judged.smile, facts.threshold)
        right = figures["true_positive"] + figures["true_negative"]
        total = len(judged) + judged.missed
        rows.append(
            (
                judged.title + (f" ({judged.missed} without a face)" if judged.missed else ""),
                f"{total:,}",
                share_95(right, total),
                with_interval(figures["auc"], figures["auc_95"], 4),
                share_95(figures["true_positive"], figures["smile"]),
                share_95(figures["true_negative"], len(judged) - figures["smile"]),
            )
        )
    return Table(
        f"The shipped int8 file, run now, at its threshold {facts.threshold:g}; 95 % intervals in"
        " brackets. A photo in which no face is found counts as wrong.",
        ("judged on", "pictures", "right", "AUC", "smiles seen", "others left alone"),
        rows,
    )


def _summary_recorded(metrics: dict[str, Any]) -> Table:
    rows = []
    for key, title in _RECORDED:
        if key in metrics:
            figures = metrics[key]
            rows.append(
                (
                    title,
                    f"{figures['pictures']:,}",
                    with_interval(figures["accuracy"], figures.get("accuracy_95")),
                    with_interval(figures["auc"], figures.get("auc_95"), 4),
                )
            )
    for key, title in _RECORDED_PHOTOS:
        if key in metrics:
            photos, found = metrics[key], metrics[key]["found_faces"]
            accuracy = (photos["accuracy_all_photos"], photos["accuracy_all_photos_95"])
            rows.append(
                (
                    f"{title} ({photos['no_face_found']} without a face)",
                    f"{photos['photos']:,}",
                    with_interval(*accuracy),
                    with_interval(found["auc"], found["auc_95"], 4),
                )
            )
    return Table(
        "As recorded in training/results/metrics.json; 95 % intervals in brackets",
        ("judged on", "pictures", "accuracy", "AUC"),
        rows,
    )


def _roc(facts: Facts) -> Chart:
    from sklearn.metrics import roc_curve  # noqa: PLC0415 - the product's environment has none

    def draw(axes: Any) -> None:
        for judged, (colour, dashes) in zip(facts.judged, _LINES, strict=False):
            false, true, _ = roc_curve(judged.smile, judged.scores)
            area = score_metrics(judged.scores, judged.smile, facts.threshold)["auc"]
            axes.plot(false, true, dashes, color=colour, label=f"{judged.title}: {area:.4f}")
            said = judged.scores >= facts.threshold
            point = (said[~judged.smile].mean(), said[judged.smile].mean())
            axes.plot(*point, "o", color=colour, ms=8, mec="white")
        axes.set_xlim(0, 0.3)
        axes.set_ylim(0.7, 1.003)
        axes.set_xlabel("others called a smile")
        axes.set_ylabel("smiles seen")
        axes.legend(loc="lower right", title="area under the curve", fontsize=9.5)

    return draw_chart(
        "roc",
        draw,
        alt="ROC curves of the shipped file; all rise steeply into the upper left corner.",
        caption="ROC, the corner that matters: every threshold trades smiles seen against others"
        " mistaken for smiles. The dots are the shipped threshold.",
    )


def _precision_recall(facts: Facts) -> Chart:
    from sklearn.metrics import (  # noqa: PLC0415
        average_precision_score,
        precision_recall_curve,
    )

    def draw(axes: Any) -> None:
        for judged, (colour, dashes) in zip(facts.judged, _LINES, strict=False):
            precision, recall, _ = precision_recall_curve(judged.smile, judged.scores)
            area = average_precision_score(judged.smile, judged.scores)
            axes.plot(recall, precision, dashes, color=colour, label=f"{judged.title}: {area:.3f}")
            said = judged.scores >= facts.threshold
            point = (said[judged.smile].mean(), judged.smile[said].mean())
            axes.plot(*point, "o", color=colour, ms=8, mec="white")
        axes.set_xlim(0.5, 1.005)
        axes.set_ylim(0.5, 1.005)
        axes.set_xlabel("smiles seen (recall)")
        axes.set_ylabel("of reported smiles, true (precision)")
        axes.legend(loc="lower left", title="average precision", fontsize=9.5)

    return draw_chart(
        "precision-recall",
        draw,
        alt="Precision-recall curves of the shipped file, near the upper right corner.",
        caption="Precision and recall: of the smiles it reports, how many are smiles, against how"
        " many of all smiles it sees. The dots are the shipped threshold.",
    )


def _confusion(facts: Facts, judged: Judged) -> Table:
    said = judged.scores >= facts.threshold
    rows, total = [], len(judged)
    for truth, name in ((True, "labelled smile"), (False, "labelled no smile")):
        of_class = judged.smile == truth
        count = int(of_class.sum())
        cells = [
            f"{int((said[of_class] == verdict).sum()):,}"
            f" · {share_95(int((said[of_class] == verdict).sum()), count)}"
            for verdict in (True, False)
        ]
        rows.append((f"{name} ({count:,})", *cells))
    return Table(
        f"Confusion at the threshold {facts.threshold:g}: {judged.title}, {total:,} faces",
        ("", "called smile", "called no smile"),
        rows,
        tint=(("+", "-"), ("-", "+")),
    )


def _scores_chart(facts: Facts, judged: Judged) -> Chart:
    edges = np.linspace(0, 1, 21)

    def draw(axes: Any) -> None:
        axes.hist(judged.scores[~judged.smile], edges, color=GREY, label="labelled no smile")
        axes.hist(
            judged.scores[judged.smile],
            edges,
            histtype="step",
            color=ORANGE,
            lw=2.4,
            label="labelled smile",
        )
        axes.axvline(facts.threshold, color="#1a1a1a", ls="--", lw=1.4, label="threshold")
        axes.set_yscale("log")
        axes.set_xlabel("smile score")
        axes.set_ylabel("faces (logarithmic)")
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, fontsize=10)

    sure = float(np.mean((judged.scores < 0.1) | (judged.scores >= 0.9)))  # noqa: PLR2004
    name = "scores-photos" if judged is facts.photos else "scores-held-out"
    return draw_chart(
        name,
        draw,
        alt=f"Histogram of scores, {judged.title}: most lie near 0 or 1.",
        caption=f"How the scores lie, {judged.title} ({len(judged):,} faces, logarithmic):"
        f" {sure:.0%} are below 0.1 or above 0.9.",
    )


def _tiers(tiers: dict[str, Any]) -> Table:
    rows = [
        (tier, f"{counts['pictures']:,}", share_95(counts["predicted_smile"], counts["pictures"]))
        for tier, counts in tiers.items()
        if "predicted_smile" in counts
    ]
    return Table(
        "Held-out pictures by clearness, as recorded in training/results/metrics.json",
        ("tier", "pictures", "called smile"),
        rows,
    )
