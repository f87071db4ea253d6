"""The sections show the right metric in the right place, and warn about another model's."""

from __future__ import annotations

import numpy as np
import pytest

from smile_vision.interpreter import load_interpreter
from training.baselines.evaluate import crop_metrics, photo_score_metrics
from training.data.splits import Split
from training.evaluation.latency import model_times_ms, times_ms
from training.evaluation.metrics import calibration_error
from training.notebooks import load_notebook_data
from training.report.__main__ import DOCS, DOCS_CHARTS
from training.report.formatting import number_of, with_interval
from training.report.inputs import PHOTOS, TEST, Predictions, ReportInputs
from training.report.page import Chart, Missing, Section, Table, Tiles
from training.report.sections import (
    classification,
    comparison,
    data,
    learning,
    mistakes,
    robustness,
    speed,
    summary,
)
from training.report.sections.calibration import reliability
from training.report.sections.mistakes import worst_mistakes
from training.workspace import MODEL


def _predictions(scores: list[float], smile: list[bool]) -> Predictions:
    count = len(scores)
    return Predictions(
        "some",
        np.array(scores),
        np.array(smile),
        np.zeros((count, 64, 64), dtype=np.uint8),
        np.array([f"number {place}" for place in range(count)]),
    )


def _rows(section: Section, caption: str) -> dict[str, tuple[str, ...]]:
    tables = [part for part in section.parts if isinstance(part, Table) and caption in part.caption]
    assert len(tables) == 1
    return {row[0]: tuple(row[1:]) for row in tables[0].rows}


def _missing(section: Section) -> str:
    return " ".join(part.text for part in section.parts if isinstance(part, Missing))


def _chart(section: Section, name: str) -> Chart:
    return next(p for p in section.parts if isinstance(p, Chart) and p.name == name)


def test_bins_of_the_reliability_diagram_are_those_of_the_calibration_error() -> None:
    rng = np.random.default_rng(3)
    scores = np.append(rng.random(500), [0.0, 0.1, 1.0])
    smile = rng.random(503) < scores**2
    bins = reliability(scores, smile)
    assert sum(one.count for one in bins) == 503
    error = sum(abs(one.smiles - one.count * one.mean_score) for one in bins) / 503
    assert error == pytest.approx(calibration_error(scores, smile.astype(float)))


def test_empty_bins_are_left_out_and_a_score_of_one_is_in_the_last_bin() -> None:
    bins = reliability(np.array([0.05, 0.95, 1.0]), np.array([False, True, True]))
    assert [(one.count, one.smiles) for one in bins] == [(1, 0), (2, 2)]


def test_worst_mistakes_come_first_when_other_faces_are_predicted_as_a_smile() -> None:
    predictions = _predictions([0.6, 0.99, 0.2, 0.8, 0.97], [False, False, False, False, True])
    worst = worst_mistakes(predictions, 0.5, smile=False)
    captions = [face.caption for face in worst.faces]
    assert captions == ["score 0.99, number 1", "score 0.80, number 3", "score 0.60, number 0"]
    assert "predicted as a smile: 3 of 3" in worst.caption


def test_worst_mistakes_come_first_when_smiles_are_missed() -> None:
    predictions = _predictions([0.4, 0.01, 0.5, 0.3], [True, True, True, False])
    captions = [face.caption for face in worst_mistakes(predictions, 0.5, smile=True).faces]
    assert captions == ["score 0.01, number 1", "score 0.40, number 0"]


def test_twelve_mistakes_are_shown_and_all_are_counted() -> None:
    worst = worst_mistakes(_predictions([0.9] * 20, [False] * 20), 0.5, smile=False)
    assert len(worst.faces) == 12
    assert "12 of 20" in worst.caption


def test_mistakes_of_test_set_and_photos_are_shown(recorded: ReportInputs) -> None:
    for key in (TEST, PHOTOS):
        recorded.predictions[key] = _predictions([0.9, 0.1], [False, True])
    assert len(mistakes.section(recorded).parts) == 1 + 4 + 2  # text, faces, missing data


def test_photo_counts_as_wrong_when_no_face_is_found() -> None:
    scores = np.array([0.9, 0.1, 0.9, 0.2])
    smile = np.array([True, False, True, True])
    found = np.array([True, True, False, True])
    metrics = photo_score_metrics(scores, smile, found, 0.5)
    assert metrics["accuracy_all_photos"] == 0.5
    assert metrics["no_face_found"] == 1
    assert metrics["found_faces"]["pictures"] == 3


def test_baseline_is_also_measured_where_annotators_agree() -> None:
    test = load_notebook_data("synthetic").crops.part(Split.TEST)
    metrics = crop_metrics(test.smile.astype(float), test, 0.5)
    assert metrics["test"]["pictures"] == len(test)
    agreed = metrics["test_where_annotators_agree"]["pictures"]
    assert agreed == np.isin(test.tier, ["clear", "none"]).sum()


def test_metrics_are_written_with_their_interval() -> None:
    metrics = {"auc": 0.9751, "auc_95": [0.9697, 0.9802], "best": 0.5}
    assert with_interval(metrics, "auc", 4) == "0.9751 (0.9697\u20130.9802)"
    assert with_interval(metrics, "best") == "0.500"
    assert number_of(2481, 2484) == "2,481 of 2,484 (99.9%)"


def test_latency_leaves_out_the_first_run() -> None:
    runs = iter([0.05, 0.0, 0.0, 0.0])
    import time

    best, median, slow = times_ms(lambda: time.sleep(next(runs)), 4)
    assert 0 < best <= median <= slow < 40


def test_latency_is_measured_on_the_shipped_model() -> None:
    best, median, _ = model_times_ms(MODEL)
    assert 0 < best <= median


def test_summary_shows_the_recorded_metrics(recorded: ReportInputs) -> None:
    section = summary.section(recorded)
    tiles = next(part.tiles for part in section.parts if isinstance(part, Tiles))
    assert ("95.7%", "accuracy, 1,000 photos") in tiles
    assert ("91.2%", "accuracy, test set, 2,484 crops") in tiles
    assert ("0.9971", "AUC, test set where annotators agree, 1,695 crops") in tiles
    assert ("140 KB", "size of the model file, int8") in tiles
    assert not _missing(section)


def test_summary_warns_when_the_metrics_belong_to_another_model(recorded: ReportInputs) -> None:
    recorded.model_card["sha256"] = "0" * 64
    assert "belong to another model file" in _missing(summary.section(recorded))


def test_accuracy_table_says_what_is_recorded_and_what_is_measured_now(
    recorded: ReportInputs,
) -> None:
    recorded.predictions[TEST] = _predictions([0.9], [True])
    table = classification._metrics_table(recorded)
    rows = {row[0]: row for row in table.rows}
    assert rows["test set"][1:3] == ("2,484", "0.912 (0.900\u20130.922)")
    assert rows["whole photos"][1:3] == ("1,000", "0.957 (0.943\u20130.968)")
    assert rows["test set"][-1] == "now"
    assert rows["whole photos"][-1] == "recorded"
    assert len(rows) == 6
    recorded.metrics[PHOTOS]["no_face_found"] = 3
    titles = [row[0] for row in classification._metrics_table(recorded).rows]
    assert "whole photos (3 without a face)" in titles


def test_classification_section_needs_no_data(recorded: ReportInputs) -> None:
    section = classification.section(recorded)
    counts = _rows(section, "Confusion")["test set"]
    assert counts == ("693", "61", "1,572", "158")
    assert _rows(section, "by tier")["faint"] == ("300", "0.420 (0.365\u20130.476)")
    assert "DATA=" in _missing(section)
    assert "PHOTOS=" in _missing(section)


def test_shipped_model_has_the_threshold_of_the_validation_set_when_compared(
    recorded: ReportInputs,
) -> None:
    shipped = comparison._shipped(recorded)
    assert shipped["test"]["threshold"] == 0.7142
    assert shipped["photos"] == recorded.metrics[PHOTOS]


def test_parameters_are_those_of_the_shipped_file() -> None:
    tensors = load_interpreter(MODEL).get_tensor_details()  # type: ignore[attr-defined]
    scales = [tensor["quantization_parameters"]["scales"].size for tensor in tensors]
    convolutions_and_biases = sum(
        int(np.prod(tensor["shape"]))
        for tensor, count in zip(tensors, scales, strict=True)
        if count > 1 or (count == 1 and tensor["dtype"] == np.int32)
    )
    assert comparison._shipped_parameters() == convolutions_and_biases + 1024  # the last layer


def test_comparison_shows_each_model_in_its_column(
    recorded: ReportInputs, charts_without_pictures: None
) -> None:
    section = comparison.section(recorded)
    rows = _rows(section, "side by side")
    assert rows["test set, accuracy"][0].startswith("0.931")
    assert rows["test set, accuracy"][1].startswith("0.917")
    assert rows["photos, whole picture, accuracy"][:2] == ("not measured", "not measured")
    assert rows["photos, whole picture, accuracy"][2].startswith("0.575")
    assert rows["photos, face found first, AUC"][0].startswith("0.9890")
    alt = _chart(section, "comparison").alt
    assert "shipped model, test set: 0.931" in alt
    assert "photos, whole picture: 0.575" in alt


def test_comparison_names_the_command_when_there_are_no_baselines(recorded: ReportInputs) -> None:
    recorded.baselines, recorded.missing["baselines"] = None, "Run this."
    assert _missing(comparison.section(recorded)) == "Run this."


def test_robustness_names_the_lowest_accuracy_of_the_guaranteed_range(
    recorded: ReportInputs, charts_without_pictures: None
) -> None:
    assert recorded.robustness is not None
    section = robustness.section(recorded)
    guaranteed = [row for row in recorded.robustness["grid"] if row["within"]]
    lowest = min(row["accuracy"] for row in guaranteed)
    assert f"Lowest in the guaranteed range: {lowest:.3f}" in _chart(section, "robustness").caption
    lowest = min(row["accuracy"] for row in recorded.robustness["grid"])
    assert f"Lowest of all: {lowest:.3f}" in _chart(section, "robustness").alt
    assert "not glasses (215) 0.9" in _chart(section, "groups").alt
    assert _rows(section, "corruptions")["as it is"][0] == "1,695"
    assert "80 px" in _rows(section, "scaled down")
    assert not _missing(section)


def test_robustness_warns_when_it_belongs_to_another_model(
    recorded: ReportInputs, charts_without_pictures: None
) -> None:
    recorded.model_card["sha256"] = "0" * 64
    assert "belong to another model file" in _missing(robustness.section(recorded))


def test_series_are_divided_by_their_flag() -> None:
    rows = {
        name: {"within": within, "accuracy": 0.9, "accuracy_95": [0.8, 1.0]}
        for name, within in (("a", True), ("b", False), ("c", True))
    }
    series = robustness._series(rows, "within", "yes", "no")
    assert series == {"yes": {0: (0.9, 0.8, 1.0), 2: (0.9, 0.8, 1.0)}, "no": {1: (0.9, 0.8, 1.0)}}


def test_data_section_counts_the_pictures_and_the_reasons(
    recorded: ReportInputs, charts_without_pictures: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data, "agreement_chart", lambda: "no chart")
    section = data.section(recorded)
    caption = _chart(section, "data-splits").caption
    assert "training set 9,489, of them 2,580 smiles" in caption
    assert _rows(section, "left out") == {"stands in both classes": ("14",), "same picture": ("2",)}
    assert _rows(section, "adjudication")["faint"] == ("1,728", "1,698")
    assert "DATA=" in _missing(section)


def test_examples_are_of_their_tier() -> None:
    crops = load_notebook_data("synthetic").crops
    faces = data._examples(crops, "faint")
    assert f"18 out of {(crops.tier == 'faint').sum()}" in faces.caption
    tiers = {
        crops.tier[crops.name == face.caption.removeprefix("number ")][0] for face in faces.faces
    }
    assert tiers == {"faint"}


def test_learning_curves_show_what_each_history_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        learning, "draw_chart", lambda name, _, *, alt, caption: Chart(name, b"", b"", alt, caption)
    )
    line = {"loss": 0.5, "validation_loss": 0.6, "validation_accuracy": 0.8, "validation_auc": 0.9}
    loss, metrics = learning.learning_curves("x", "the network", [line, line])
    assert loss.caption.endswith("After epoch 2: training set 0.5000, validation set 0.6000.")
    assert metrics.caption.endswith("After epoch 2: accuracy 0.8000, AUC 0.9000.")
    loss, _ = learning.learning_curves("x", "the network", [{**line, "loss": 0.4}])
    assert "0.4000" in loss.caption


def test_older_interpreter_is_named_when_it_is_missing(
    recorded: ReportInputs,
    charts_without_pictures: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(speed, "OLDER_PYTHON", MODEL.with_name("absent"))
    section = speed.section(recorded)
    assert "tflite-runtime" in _missing(section)
    assert list(_rows(section, "Agreement")) == ["int8 and float network, test set (recorded)"]
    steps = _rows(section, "Latency")
    assert "classify a face, LiteRT" in steps
    assert "classify a face, tflite-runtime" not in steps


def test_predictions_of_the_interpreters_are_compared(
    recorded: ReportInputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speed, "int8_logits", lambda _, crops: np.linspace(-4, 4, len(crops)))
    monkeypatch.setattr(speed, "older_logits", lambda crops: -np.linspace(-4, 4, len(crops)))
    recorded.model_card["calibration"] = {"scale": 1.0, "bias": 0.0}
    name, same, _, largest = speed._interpreters(recorded)
    assert name.endswith("synthetic faces")
    assert same == "0 of 36 (0.0%)"
    assert largest == f"{np.tanh(2):.4f}"


def test_charts_of_the_documentation_are_committed() -> None:
    assert {path.stem for path in DOCS.glob("*.png")} == set(DOCS_CHARTS)
