"""Section: the shipped model beside what others build, on the same people."""

from __future__ import annotations

from typing import Any

from smile_vision.smiles.preprocess import CROP_SIZE_PX
from training.baselines.evaluate import measure
from training.evaluation.metric_summary import interval, score_metrics
from training.evaluation.metrics import accuracy_at, best_threshold, wilson_interval
from training.model.network import LAYERS
from training.report.chart import BLUE, GREEN, GREY, ORANGE, draw_chart
from training.report.formatting import with_interval
from training.report.inputs import Facts
from training.report.page import Chart, Missing, Part, Section, Table

__all__ = ["section"]

OURS = "this project"
_NONE = "not judged"
_WAYS = (
    ("test", "held-out people", "accuracy"),
    ("test_where_annotators_agree", "where labellers agree", "accuracy"),
    ("photos", "photos, face found first", "accuracy_all_photos"),
    ("whole_frames", "photos, whole frame", "accuracy_all_photos"),
)
_MARKS = ((BLUE, "o"), (ORANGE, "s"), (GREEN, "^"), (GREY, "D"))


def section(facts: Facts) -> Section:
    """Return the section."""
    if facts.baselines is None:
        return Section("comparison", "Beside others", [Missing(facts.missing["baselines"])])
    models = {OURS: _ours(facts)} | {
        figures["title"]: figures for figures in facts.baselines["baselines"].values()
    }
    parts: list[Part] = [
        "Two networks that others use for smiles, taught on the same people with the data's own"
        " labels, and judged by the same code on the same held-out people and photos. Each has its"
        " threshold chosen on the validation people; the shipped model only where the same person"
        " labelled, elsewhere it has that of its card. The inspiring project squeezes whole frames"
        " into its network without finding the face; with our face finder in front it does much"
        " better, and both ways are shown. The others were taught the first labeller's opinion"
        " alone, so the labels as they came favour them.",
        _chart(models),
        _table(models),
        *(_how(figures) for figures in facts.baselines["baselines"].values()),
    ]
    return Section("comparison", "Beside others", parts)


def _ours(facts: Facts) -> dict[str, Any]:
    """Return the shipped model's figures in the shape of a baseline's: from now, or recorded."""
    ours: dict[str, Any] = {
        "bytes": facts.model.stat().st_size,
        "parameters": _shipped_parameters(),
        "latency": measure(facts.model),
    }
    key = "test_where_annotators_agree"
    if facts.agreed is not None:
        ours[key] = score_metrics(facts.agreed.scores, facts.agreed.smile, facts.threshold)
    elif key in facts.metrics:
        ours[key] = facts.metrics[key]
    chosen = facts.metrics.get("test_at_validation_threshold", {})
    if facts.held_out is not None:
        held_out = facts.held_out
        threshold = chosen.get("threshold", facts.threshold)
        ours["test"] = score_metrics(held_out.scores, held_out.smile, threshold)
    elif chosen or "test" in facts.metrics:
        ours["test"] = chosen or facts.metrics["test"]
    if facts.photos is not None:
        photos = facts.photos
        figures = score_metrics(photos.scores, photos.smile, facts.threshold)
        right = figures["true_positive"] + figures["true_negative"]
        total = len(photos) + photos.missed
        best = best_threshold(photos.scores, photos.smile)
        ours["photos"] = {
            "accuracy_at_best_threshold": accuracy_at(photos.scores, photos.smile, best),
            "photos": total,
            "accuracy_all_photos": right / total,
            "accuracy_all_photos_95": interval(wilson_interval(right, total)),
            "found_faces": figures,
        }
    elif "whole_photos" in facts.metrics:
        ours["photos"] = facts.metrics["whole_photos"]
    return ours


def _chart(models: dict[str, dict[str, Any]]) -> Chart:
    words = []

    def draw(axes: Any) -> None:
        for offset, ((title, figures), (colour, mark)) in enumerate(
            zip(models.items(), _MARKS, strict=False)
        ):
            places, values, spreads = [], [], []
            for place, (key, _, field) in enumerate(_WAYS):
                if key in figures:
                    low, high = figures[key][f"{field}_95"]
                    value = figures[key][field]
                    places.append(place + 0.16 * (offset - 1))
                    values.append(value)
                    spreads.append((value - low, high - value))
            axes.errorbar(
                values, places, xerr=list(zip(*spreads, strict=True)), fmt=mark, ms=8,
                color=colour, capsize=4, label=title,
            )  # fmt: skip
        axes.set_yticks(range(len(_WAYS)), [name for _, name, _ in _WAYS])
        axes.set_ylim(len(_WAYS) - 0.5, -0.5)
        axes.set_xlabel("accuracy, with 95 % interval")
        axes.legend(loc="lower center", bbox_to_anchor=(0.3, 1.0), ncols=1)

    for title, figures in models.items():
        words += [
            f"{title} {name} {figures[key][field]:.3f}"
            for key, name, field in _WAYS
            if key in figures
        ]
    return draw_chart(
        "comparison",
        draw,
        alt=f"Accuracy of the models side by side: {'; '.join(words)}.",
        caption="Accuracy of the shipped model and of what others build, on the same pictures; a"
        " photo in which no face is found counts as wrong.",
        size_inch=(5.6, 5.0),
    )


def _table(models: dict[str, dict[str, Any]]) -> Table:
    rows = [
        _row("parameters", models, lambda f: f"{f['parameters']:,}"),
        _row("file, bytes", models, lambda f: f"{f.get('bytes') or f['float_tflite_bytes']:,}"),
        _row("held-out people, accuracy", models, lambda f: _accuracy(f, "test", "accuracy")),
        _row("held-out people, AUC", models, lambda f: _area(f.get("test"))),
        _row(
            "where both labellers agree, accuracy",
            models,
            lambda f: _accuracy(f, "test_where_annotators_agree", "accuracy"),
        ),
        _row(
            "photos, face found first, accuracy",
            models,
            lambda f: _accuracy(f, "photos", "accuracy_all_photos"),
        ),
        _row(
            "photos, face found first, AUC",
            models,
            lambda f: _area(f.get("photos", {}).get("found_faces")),
        ),
        _row(
            "the same, accuracy at the best threshold",
            models,
            lambda f: _best(f.get("photos")),
        ),
        _row(
            "photos, whole frame, accuracy",
            models,
            lambda f: _accuracy(f, "whole_frames", "accuracy_all_photos"),
        ),
        _row(
            "photos, whole frame, AUC",
            models,
            lambda f: _area(f.get("whole_frames", {}).get("found_faces")),
        ),
        _row("inference, median ms on one thread", models, _milliseconds),
    ]
    return Table(
        "Side by side; 95 % intervals in brackets. The others' times were taken, as float TFLite,"
        " when they were taught; the shipped file's now. Best threshold: chosen on these photos,"
        " so nobody can do better.",
        ("", *models),
        rows,
    )


def _row(name: str, models: dict[str, dict[str, Any]], cell: Any) -> tuple[str, ...]:
    return (name, *(cell(figures) for figures in models.values()))


def _shipped_parameters() -> int:
    """Return the weights of the shipped network, its batch normalisation folded in."""
    total, before, side = 0, 1, CROP_SIZE_PX
    for channels, stride in LAYERS:
        total += 9 * before * channels + channels
        before, side = channels, side // stride
    return total + side * side * before + 1


def _accuracy(figures: dict[str, Any], key: str, field: str) -> str:
    if key not in figures:
        return _NONE
    return with_interval(figures[key][field], figures[key].get(f"{field}_95"))


def _area(figures: dict[str, Any] | None) -> str:
    return with_interval(figures["auc"], figures.get("auc_95"), 4) if figures else _NONE


def _best(photos: dict[str, Any] | None) -> str:
    if not photos or "accuracy_at_best_threshold" not in photos:
        return _NONE
    return f"{photos['accuracy_at_best_threshold']:.3f}"


def _milliseconds(figures: dict[str, Any]) -> str:
    latency = figures.get("latency") or figures["float_tflite_latency"]
    return f"{latency['median_ms']:.2f}"


def _how(figures: dict[str, Any]) -> str:
    minutes = figures["seconds"] / 60
    return (
        f"{figures['title'][0].upper()}{figures['title'][1:]} ({figures['origin']}):"
        f" {' by '.join(str(side) for side in figures['input'])} input,"
        f" {figures['parameters']:,} parameters, {figures['epochs']} epochs of"
        f" {figures['training_pictures']:,} pictures in {minutes:.0f} minutes of a machine busy"
        f" with other work too; the best epoch on the validation people,"
        f" number {figures['best_epoch']}, is the one judged."
    )
