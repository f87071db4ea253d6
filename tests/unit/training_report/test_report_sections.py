"""The sections about models, data and machine show the recorded values, and name gaps."""

from __future__ import annotations

import sys
import time

import numpy as np
import pytest
from numpy.typing import NDArray

from smile_vision.interpreter import load_interpreter
from tests.helpers.report import chart_of, missing_in, rows_of
from training.baselines.evaluate import crop_metrics
from training.data.splits import Split
from training.errors import TrainingError
from training.evaluation.latency import model_times_ms, times_ms
from training.notebooks import load_notebook_data
from training.report import charts
from training.report.__main__ import DOCS, DOCS_CHARTS
from training.report.inputs import PHOTOS, ReportInputs
from training.report.page import Chart
from training.report.sections import (
    comparison,
    data,
    learning,
    robustness,
    speed,
)
from training.workspace import MODEL


def test_baseline_is_also_measured_where_annotators_agree() -> None:
    test = load_notebook_data("synthetic").crops.part(Split.TEST)
    metrics = crop_metrics(test.smile.astype(float), test, 0.5)
    assert metrics["test"]["pictures"] == len(test)
    agreed = metrics["test_where_annotators_agree"]["pictures"]
    assert agreed == np.isin(test.tier, ["clear", "none"]).sum()


def test_latency_leaves_out_the_first_run() -> None:
    runs = iter([0.05, 0.0, 0.0, 0.0])
    best, median, slow = times_ms(lambda: time.sleep(next(runs)), 4)
    assert 0 < best <= median <= slow < 40


def test_latency_is_measured_on_the_shipped_model() -> None:
    best, median, _ = model_times_ms(MODEL)
    assert 0 < best <= median


def test_shipped_model_has_the_threshold_of_the_validation_set_when_compared(
    recorded: ReportInputs,
) -> None:
    shipped = comparison._shipped(recorded)
    chosen = recorded.metrics["test_at_validation_threshold"]
    assert shipped["test"] == chosen != recorded.metrics["test"]
    assert shipped["photos"] == recorded.metrics[PHOTOS]


def test_parameters_are_those_of_the_shipped_file() -> None:
    tensors = load_interpreter(MODEL).get_tensor_details()  # type: ignore[attr-defined]
    scales = [tensor["quantization_parameters"]["scales"].size for tensor in tensors]
    parameters = sum(
        int(np.prod(tensor["shape"]))
        for tensor, count in zip(tensors, scales, strict=True)
        if count > 1 or (count == 1 and tensor["dtype"] == np.int32)
    )
    assert comparison._shipped_parameters() == parameters


def test_comparison_shows_each_model_in_its_column(
    recorded: ReportInputs, charts_without_pictures: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison, "model_times_ms", lambda _: [1.0, 2.0, 3.0])
    section = comparison.section(recorded)
    rows = rows_of(section, "side by side")
    shipped = recorded.metrics["test_at_validation_threshold"]["accuracy"]
    assert rows["file, bytes"] == (f"{MODEL.stat().st_size:,}", "6,509,616", "13,817,212")
    assert rows["inference, median ms on one thread"] == ("2.000", "0.254", "17.512")
    assert rows["test set, accuracy"][0].startswith(f"{shipped:.3f}")
    assert rows["test set, accuracy"][1].startswith("0.917")
    assert rows["photos, whole picture, accuracy"][:2] == ("not measured", "not measured")
    assert rows["photos, whole picture, accuracy"][2].startswith("0.575")
    area = recorded.metrics[PHOTOS]["found_faces"]["auc"]
    assert rows["photos, face found first, AUC"][0].startswith(f"{area:.4f}")
    alt = chart_of(section, "comparison").alt
    assert f"shipped model, test set: {shipped:.3f}" in alt
    assert "photos, whole picture: 0.575" in alt


def test_comparison_names_the_command_when_there_are_no_baselines(recorded: ReportInputs) -> None:
    recorded.baselines, recorded.missing["baselines"] = None, "Run this."
    assert missing_in(comparison.section(recorded)) == "Run this."


def test_robustness_names_the_lowest_accuracy_of_the_guaranteed_range(
    recorded: ReportInputs, charts_without_pictures: None
) -> None:
    assert recorded.robustness is not None
    section = robustness.section(recorded)
    guaranteed = [row for row in recorded.robustness["grid"] if row["required"]]
    lowest = min(row["accuracy"] for row in guaranteed)
    assert (
        f"Lowest in the guaranteed range: {lowest:.3f}" in chart_of(section, "robustness").caption
    )
    measured = [row["accuracy"] for row in recorded.robustness["grid"]]
    lowest = min(accuracy for accuracy in measured if accuracy is not None)
    assert f"Lowest of all: {lowest:.3f}" in chart_of(section, "robustness").alt
    assert "not glasses (215) 0.9" in chart_of(section, "groups").alt
    scored = recorded.robustness["grid"][0]["pictures"]
    assert rows_of(section, "corruptions")["none"][0] == f"{scored:,}"
    assert "1,695 crops each" in chart_of(section, "robustness").caption
    assert "80 px" in rows_of(section, "scaled down")
    assert "The metrics below belong to another model file" not in missing_in(section)


def test_robustness_warns_when_it_belongs_to_another_model(
    recorded: ReportInputs, charts_without_pictures: None
) -> None:
    recorded.model_card["sha256"] = "0" * 64
    assert "The metrics below belong to another model file" in missing_in(
        robustness.section(recorded)
    )


def test_robustness_warns_when_the_groups_belong_to_another_model(
    recorded: ReportInputs, charts_without_pictures: None
) -> None:
    assert recorded.robustness is not None
    warning = "groups of people for the shipped model"
    ours = recorded.model_card["sha256"]
    for groups, command in (
        (recorded.robustness["groups"], "training.robustness"),
        (recorded.metrics["photo_groups"], "training.evaluate_photos"),
    ):
        recorded.robustness["groups"]["model_sha256"] = ours
        recorded.metrics["photo_groups"]["model_sha256"] = ours
        assert warning not in missing_in(robustness.section(recorded))
        groups["model_sha256"] = "0"
        assert warning in missing_in(robustness.section(recorded))
        assert f"{command} --attributes FILE" in missing_in(robustness.section(recorded))
        groups["rows"] = []
        assert warning not in missing_in(robustness.section(recorded))


def test_groups_of_photos_have_their_own_chart_when_they_were_measured(
    recorded: ReportInputs, charts_without_pictures: None
) -> None:
    section = robustness.section(recorded)
    assert "mouth open (" in chart_of(section, "groups-photos").alt
    assert "not mouth open (" in " ".join(rows_of(section, "groups in whole photos"))
    del recorded.metrics["photo_groups"]
    charts = [part.name for part in robustness.section(recorded).parts if isinstance(part, Chart)]
    assert charts == ["robustness", "groups"]


def test_row_has_no_dot_and_says_so_when_too_few_faces_are_scored(
    recorded: ReportInputs, charts_without_pictures: None
) -> None:
    assert recorded.robustness is not None
    hidden = next(row for row in recorded.robustness["grid"] if row["setting"] == "mouth")
    for name in ("accuracy", "accuracy_95", "auc", "sensitivity", "specificity"):
        hidden.pop(name, None)
    hidden |= {"accuracy": None, "pictures": 7}
    hidden["refused"] |= {"share": 0.98}
    section = robustness.section(recorded)
    cells = rows_of(section, "corruptions")["covered: mouth"]
    assert cells == ("7", "too few", "too few", "too few", "too few", "98.0%")
    series = robustness._series({"mouth": hidden}, "required", "yes", "no")
    assert series == {"yes": {}, "no": {}}


def test_series_are_divided_by_their_flag() -> None:
    rows = {
        name: {"required": within, "accuracy": 0.9, "accuracy_95": [0.8, 1.0]}
        for name, within in (("a", True), ("b", False), ("c", True))
    }
    series = robustness._series(rows, "required", "yes", "no")
    assert series == {"yes": {0: (0.9, 0.8, 1.0), 2: (0.9, 0.8, 1.0)}, "no": {1: (0.9, 0.8, 1.0)}}


def test_data_section_counts_the_pictures_and_the_reasons(
    recorded: ReportInputs, charts_without_pictures: None
) -> None:
    section = data.section(recorded)
    caption = chart_of(section, "data-splits").caption
    assert caption.startswith("13,149 pictures: training set 9,489, of them 2,580 smiles")
    assert rows_of(section, "left out") == {
        "in both classes": ("14",),
        "same picture": ("2",),
    }
    assert rows_of(section, "adjudication")["faint"] == ("1,728", "1,698")
    assert "DATA=" in missing_in(section)


def test_examples_are_of_their_tier() -> None:
    crops = load_notebook_data("synthetic").crops
    faces = data._examples(crops, "faint")
    assert f"18 out of {(crops.tier == 'faint').sum()}" in faces.caption
    tiers = {
        crops.tier[crops.name == face.caption.removeprefix("number ")][0] for face in faces.faces
    }
    assert tiers == {"faint"}


def test_agreement_of_the_labels_is_counted_by_file_number(charts_without_pictures: None) -> None:
    chart = data.agreement_chart()
    assert "per 1,000 file numbers (10,694 pictures with two labels)" in chart.caption
    assert chart.alt.endswith("0.91 at the start, 0.80 at its lowest.")


def test_learning_curves_show_what_each_history_has(charts_without_pictures: None) -> None:
    line = {"loss": 0.5, "validation_loss": 0.6, "validation_accuracy": 0.8, "validation_auc": 0.9}
    loss, metrics = learning.learning_curves("x", "the network", [line, line])
    assert loss.caption.endswith("After epoch 2: training set 0.5000, validation set 0.6000.")
    assert metrics.caption.endswith("After epoch 2: accuracy 0.8000, AUC 0.9000.")
    del line["validation_loss"]
    loss, _ = learning.learning_curves("x", "the network", [line])
    assert loss.caption == "Loss, the network. After epoch 1: training set 0.5000."


def test_learning_curves_of_all_networks_are_shown(
    recorded: ReportInputs, charts_without_pictures: None
) -> None:
    names = [part.name for part in learning.section(recorded).parts if isinstance(part, Chart)]
    assert names[:2] == ["learning-loss", "learning-validation"]
    assert "learning-lenet-loss" in names
    assert len(names) == 6


def test_sizes_are_in_kilobytes(recorded: ReportInputs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "bar_chart", lambda name, labels, series, **_: (labels, series))
    labels, series = speed._size_chart(recorded)  # type: ignore[misc]
    assert labels[0] == "shipped model, int8"
    assert series["size"][:2] == [MODEL.stat().st_size / 1000, 6509.616]


def test_older_interpreter_is_named_when_it_is_missing(
    recorded: ReportInputs,
    charts_without_pictures: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(speed, "OLDER_PYTHON", MODEL.with_name("absent"))
    section = speed.section(recorded)
    assert "tflite-runtime" in missing_in(section)
    assert list(rows_of(section, "Agreement")) == ["int8 and float network, test set (recorded)"]
    steps = rows_of(section, "Latency")
    assert "classify a face, LiteRT" in steps
    assert "classify a face, tflite-runtime" not in steps


def test_predictions_of_the_interpreters_are_compared(
    recorded: ReportInputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def logits(crops: NDArray[np.uint8]) -> NDArray[np.float64]:
        return np.linspace(-4, 4, len(crops))

    monkeypatch.setattr(speed, "int8_logits", lambda _, crops: logits(crops))
    monkeypatch.setattr(speed, "tflite_runtime_logits", lambda crops: -logits(crops))
    recorded.model_card["calibration"] = {"scale": 1.0, "bias": 0.0}
    name, same, _, largest = speed._interpreters(recorded)
    assert name.endswith("synthetic faces")
    assert same == "0 of 36 (0.0%)"
    assert largest == f"{np.tanh(2):.4f}"


def test_chart_needs_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(TrainingError, match="matplotlib is not installed here: use make report"):
        charts.draw_chart("name", lambda _: None, alt="", caption="")


def test_charts_of_the_documentation_are_committed() -> None:
    assert {path.stem for path in DOCS.glob("*.png")} == set(DOCS_CHARTS)
