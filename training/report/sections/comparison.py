"""Section: the shipped model beside the baselines, on the same test set and photos."""

from __future__ import annotations

from typing import Any

from smile_vision.smiles.classifier import OUTPUTS
from smile_vision.smiles.preprocess import CROP_SIZE_PX
from training.evaluation.latency import model_times_ms
from training.model.network import LAYERS
from training.report.charts import interval_chart
from training.report.formatting import with_interval
from training.report.inputs import AGREED, PHOTOS, TEST, ReportInputs
from training.report.page import Chart, Part, Section, Table
from training.workspace import MODEL

__all__ = ["section"]

_SETS = (
    (TEST, "test set", "accuracy"),
    (AGREED, "test set, annotators agree", "accuracy"),
    ("photos", "photos, face found first", "accuracy_all_photos"),
    ("whole_frames", "photos, whole picture", "accuracy_all_photos"),
)
_AREAS = (
    (TEST, "test set, AUC"),
    ("photos", "photos, face found first, AUC"),
    ("whole_frames", "photos, whole picture, AUC"),
)
_NOT_MEASURED = "not measured"

Models = dict[str, dict[str, Any]]


def section(inputs: ReportInputs) -> Section:
    """Return the section."""
    if inputs.baselines is None:
        return Section("comparison", "Baselines", inputs.missing_parts("baselines"))
    baselines = inputs.baselines["baselines"].values()
    models = {"shipped model": _shipped(inputs)} | {one["title"]: one for one in baselines}
    parts: list[Part] = [
        "The baselines are two networks that others use for smiles: the LeNet of tutorials, and"
        " the CNN of the AWS DeepLens project that inspired this one. Both are trained here, on"
        " the same training set, and measured by the same code. Each has the"
        " threshold that is best on the validation set. On the whole test set the shipped model"
        " has such a threshold, too; elsewhere it has the threshold of its model card. The original"
        " labels of the test set favour the baselines, because they are trained on these labels"
        " alone. One baseline was designed to see the whole picture, without a face detector: it is"
        " measured both ways.",
        _chart(models),
        _table(models),
        *(_description(one) for one in baselines),
    ]
    return Section("comparison", "Baselines", parts)


def _shipped(inputs: ReportInputs) -> dict[str, Any]:
    """Return the shipped model's metrics in the form of a baseline's."""
    names = {TEST: "test_at_validation_threshold", AGREED: AGREED, "photos": PHOTOS}
    return {
        "parameters": _shipped_parameters(),
        "float_tflite_bytes": MODEL.stat().st_size,
        "float_tflite_latency": {"median_ms": model_times_ms(MODEL)[1]},
        **{ours: inputs.metrics[key] for ours, key in names.items() if key in inputs.metrics},
    }


def _shipped_parameters() -> int:
    """Return the number of weights after batch normalisation is folded into the convolutions."""
    total, channels_in, side = 0, 1, CROP_SIZE_PX
    for channels, stride in LAYERS:
        total += 9 * channels_in * channels + channels
        channels_in, side = channels, side // stride
    return total + (side * side * channels_in + 1) * OUTPUTS


def _chart(models: Models) -> Chart:
    series = {
        title: {
            row: (model[key][name], *model[key][f"{name}_95"])
            for row, (key, _, name) in enumerate(_SETS)
            if key in model
        }
        for title, model in models.items()
    }
    values = "; ".join(
        f"{title}, {set_name}: {model[key][name]:.3f}"
        for title, model in models.items()
        for key, set_name, name in _SETS
        if key in model
    )
    return interval_chart(
        "comparison",
        [name for _, name, _ in _SETS],
        series,
        alt=f"Accuracy of the models. {values}.",
        caption="Accuracy of the shipped model and the baselines on the same pictures. A photo in"
        " which no face is found counts as a wrong prediction.",
    )


def _table(models: Models) -> Table:
    rows = [
        ("parameters", *(f"{model['parameters']:,}" for model in models.values())),
        ("file, bytes", *(f"{model['float_tflite_bytes']:,}" for model in models.values())),
        *(_row(models, key, f"{title}, accuracy", name) for key, title, name in _SETS),
        *(_row(models, key, title, "auc", 4) for key, title in _AREAS),
        _row(models, "photos", "photos, best threshold, accuracy", "accuracy_at_best_threshold"),
        _row(models, "float_tflite_latency", "inference, median ms on one thread", "median_ms"),
    ]
    return Table(
        "The models side by side, with 95 % intervals. The shipped model is int8, the baselines are"
        " float; the latency of the baselines was measured when they were trained. Best threshold:"
        " chosen on these photos themselves, the upper limit.",
        ("", *models),
        rows,
    )


def _row(models: Models, key: str, title: str, name: str, digits: int = 3) -> tuple[str, ...]:
    cells = []
    for model in models.values():
        metrics = model.get(key, {})
        metrics = metrics if name in metrics else metrics.get("found_faces", {})
        cells.append(with_interval(metrics, name, digits) if metrics else _NOT_MEASURED)
    return (title, *cells)


def _description(baseline: dict[str, Any]) -> str:
    size = " x ".join(str(side) for side in baseline["input"])
    return (
        f"{baseline['title']} ({baseline['origin']}): input {size},"
        f" {baseline['parameters']:,} parameters, {baseline['epochs']} epochs of"
        f" {baseline['training_pictures']:,} pictures. The metrics are those of epoch"
        f" {baseline['best_epoch']}, the best on the validation set."
    )
