"""Section: accuracy, ROC and precision-recall curves, confusion, distribution of scores."""

from __future__ import annotations

from typing import Any

import numpy as np

from training.report.charts import BLUE, GREEN, GREY, ORANGE, draw_chart
from training.report.formatting import with_interval
from training.report.inputs import AGREED, PHOTOS, TEST, Predictions, ReportInputs
from training.report.page import Chart, Part, Section, Table

__all__ = ["section", "threshold_points"]

_LINES = ((BLUE, "-"), (GREEN, "--"), (ORANGE, "-."))
_SETS = {
    TEST: "test set",
    "test_at_validation_threshold": "test set, threshold that is best on the validation set",
    AGREED: "test set, annotators agree",
    "test_adjudicated_clear_against_none": "test set, clear or none after adjudication",
    PHOTOS: "whole photos",
    "whole_photos_as_video": "whole photos, with the face detector for video",
}
_SURE_BELOW, _SURE_FROM = 0.1, 0.9

Point = tuple[float, float]
Curves = dict[str, tuple[Any, Any, Point]]  # by legend: x, y, and the point of the threshold


def section(inputs: ReportInputs) -> Section:
    """Return the section."""
    parts: list[Part] = [_metrics_table(inputs), _confusion_table(inputs)]
    parts += inputs.missing_parts("crops", "photos")
    if inputs.predictions:
        parts += _curve_charts(inputs)
        parts += [
            _scores_chart(inputs.predictions[key], name, inputs.threshold)
            for key, name in ((TEST, "scores-test"), (PHOTOS, "scores-photos"))
            if key in inputs.predictions
        ]
    parts.append(_tiers_table(inputs.metrics["test_by_tier"]))
    return Section("classification", "Accuracy", parts)


def _rows(inputs: ReportInputs) -> list[tuple[str, str, dict[str, Any]]]:
    """Return key, title and metrics of each set that has any."""
    return [
        (key, name, inputs.metrics[key]) for key, name in _SETS.items() if key in inputs.metrics
    ]


def _metrics_table(inputs: ReportInputs) -> Table:
    rows = []
    for key, name, metrics in _rows(inputs):
        faces = metrics.get("found_faces", metrics)
        accuracy = "accuracy_all_photos" if "found_faces" in metrics else "accuracy"
        missing = {
            "without a face": metrics.get("no_face_found", 0),
            "without a score": metrics.get("not_scored", 0),
        }
        missed = ", ".join(f"{count} {what}" for what, count in missing.items() if count)
        rows.append(
            (
                name + (f" ({missed})" if missed else ""),
                f"{metrics.get('photos', faces['pictures']):,}",
                with_interval(metrics, accuracy),
                with_interval(faces, "auc", 4),
                with_interval(faces, "sensitivity"),
                with_interval(faces, "specificity"),
                "now" if key in inputs.predictions else "recorded",
            )
        )
    return Table(
        f"Metrics at the threshold {inputs.threshold:g} of the model card, with 95 % intervals. A"
        " photo in which no face is found, or whose face cannot be scored, counts as a wrong"
        " prediction. Now: measured for this page. Recorded: from training/results/metrics.json.",
        ("set", "pictures", "accuracy", "AUC", "sensitivity", "specificity", "measured"),
        rows,
    )


def _confusion_table(inputs: ReportInputs) -> Table:
    counts = ("true_positive", "false_negative", "true_negative", "false_positive")
    rows = [
        (name, *(f"{metrics.get('found_faces', metrics)[count]:,}" for count in counts))
        for _, name, metrics in _rows(inputs)
    ]
    header = ("set", *(count.replace("_", " ") for count in counts))
    return Table("Confusion matrices; a smile is the positive class", header, rows)


def _curve_charts(inputs: ReportInputs) -> list[Chart]:
    from sklearn.metrics import (  # noqa: PLC0415 - only the training environment has it
        average_precision_score,
        precision_recall_curve,
        roc_curve,
    )

    roc: Curves = {}
    precision_recall: Curves = {}
    for key, one in inputs.predictions.items():
        faces = inputs.metrics[key].get("found_faces", inputs.metrics[key])
        on_roc, on_precision_recall = threshold_points(faces)
        x, y, _ = roc_curve(one.smile, one.scores)
        roc[f"{one.title}: {faces['auc']:.4f}"] = (x, y, on_roc)
        y, x, _ = precision_recall_curve(one.smile, one.scores)
        area = average_precision_score(one.smile, one.scores)
        precision_recall[f"{one.title}: {area:.4f}"] = (x, y, on_precision_recall)
    return [
        _curves_chart(
            "roc",
            roc,
            {"xlim": (0, 0.3), "xlabel": "false positive rate"}
            | {"ylim": (0.7, 1.003), "ylabel": "true positive rate (sensitivity)"},
            alt="ROC curves of the shipped model. All rise steeply into the upper left corner.",
            caption="ROC curves, upper left corner. The dots mark the threshold of the model card.",
        ),
        _curves_chart(
            "precision-recall",
            precision_recall,
            {"xlim": (0.5, 1.005), "xlabel": "recall (sensitivity)"}
            | {"ylim": (0.5, 1.005), "ylabel": "precision"},
            alt="Precision-recall curves of the shipped model, near the upper right corner.",
            caption="Precision and recall. The dots mark the threshold of the model card.",
        ),
    ]


def threshold_points(metrics: dict[str, Any]) -> tuple[Point, Point]:
    """Return the points of the threshold on the ROC and on the precision-recall curve."""
    sensitivity, correct = metrics["sensitivity"], metrics["true_positive"]
    precision = correct / (correct + metrics["false_positive"])
    return (1 - metrics["specificity"], sensitivity), (sensitivity, precision)


def _curves_chart(
    name: str, curves: Curves, axes_of: dict[str, Any], alt: str, caption: str
) -> Chart:
    def draw(axes: Any) -> None:
        for (label, (x, y, dot)), (colour, dashes) in zip(curves.items(), _LINES, strict=False):
            axes.plot(x, y, dashes, color=colour, label=label)
            axes.plot(*dot, "o", color=colour, ms=8, mec="white")
        axes.set(**axes_of)
        axes.legend(title="area under the curve", fontsize=9.5)

    return draw_chart(name, draw, alt=alt, caption=caption)


def _scores_chart(predictions: Predictions, name: str, threshold: float) -> Chart:
    scores, smile = predictions.scores, predictions.smile

    def draw(axes: Any) -> None:
        edges = np.linspace(0, 1, 21)
        axes.hist(scores[~smile], edges, color=GREY, label="labelled no smile")
        axes.hist(
            scores[smile], edges, histtype="step", color=ORANGE, lw=2.4, label="labelled smile"
        )
        axes.axvline(threshold, color="#1a1a1a", ls="--", lw=1.4, label="threshold")
        axes.set(yscale="log", xlabel="smile score", ylabel="faces (logarithmic)")
        axes.figure.legend(loc="outside upper right", ncols=3, fontsize=9.5)

    sure = float(np.mean((scores < _SURE_BELOW) | (scores >= _SURE_FROM)))
    return draw_chart(
        name,
        draw,
        alt=f"Histogram of the smile scores, {predictions.title}: most are near 0 or 1.",
        caption=f"Distribution of the smile scores, {predictions.title}, {len(scores):,} faces:"
        f" {sure:.0%} are below {_SURE_BELOW} or at least {_SURE_FROM}.",
    )


def _tiers_table(tiers: dict[str, Any]) -> Table:
    rows = [
        (tier, f"{counts['pictures']:,}", with_interval(counts, "predicted_smile_share"))
        for tier, counts in tiers.items()
    ]
    caption = "Test set by tier: share of the crops that the model predicts as a smile"
    return Table(caption, ("tier", "crops", "predicted smile"), rows)
