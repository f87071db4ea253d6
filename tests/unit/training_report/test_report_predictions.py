"""The sections about predictions show the right metric in the right place."""

from __future__ import annotations

import numpy as np
import pytest

from tests.helpers.report import chart_of, make_predictions, missing_in, rows_of
from training.evaluation.metrics import calibration_error
from training.evaluation.photo_metrics import PhotoScores, photo_score_metrics
from training.report.formatting import number_of, with_interval
from training.report.inputs import AGREED, PHOTOS, TEST, ReportInputs
from training.report.page import Tiles
from training.report.sections import (
    calibration,
    classification,
    mistakes,
    summary,
)
from training.report.sections.calibration import reliability
from training.report.sections.mistakes import worst_mistakes


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
    predictions = make_predictions([0.6, 0.99, 0.2, 0.8, 0.97], [False, False, False, False, True])
    worst = worst_mistakes(predictions, 0.5, smile=False)
    captions = [face.caption for face in worst.faces]
    assert captions == ["score 0.99, number 1", "score 0.80, number 3", "score 0.60, number 0"]
    assert "predicted as a smile: 3 of 3" in worst.caption


def test_worst_mistakes_come_first_when_smiles_are_missed() -> None:
    predictions = make_predictions([0.4, 0.01, 0.5, 0.3], [True, True, True, False])
    captions = [face.caption for face in worst_mistakes(predictions, 0.5, smile=True).faces]
    assert captions == ["score 0.01, number 1", "score 0.40, number 0"]


def test_twelve_mistakes_are_shown_and_all_are_counted() -> None:
    worst = worst_mistakes(make_predictions([0.9] * 20, [False] * 20), 0.5, smile=False)
    assert len(worst.faces) == 12
    assert "12 of 20" in worst.caption


def test_mistakes_of_test_set_and_photos_are_shown(recorded: ReportInputs) -> None:
    for key in (TEST, PHOTOS):
        recorded.predictions[key] = make_predictions([0.9, 0.1], [False, True])
    assert len(mistakes.section(recorded).parts) == 1 + 4 + 2  # text, faces, missing data


def test_photo_counts_as_wrong_when_no_face_is_found() -> None:
    scores = np.array([0.9, 0.1, 0.9, 0.2])
    smile = np.array([True, False, True, True])
    found = np.array([True, True, False, True])
    photos = PhotoScores(np.array(["a", "b", "c", "d"]), smile, scores, found)
    metrics = photo_score_metrics(photos, 0.5)
    assert metrics["accuracy_all_photos"] == 0.5
    assert metrics["no_face_found"] == 1
    assert metrics["found_faces"]["pictures"] == 3


def test_metrics_are_written_with_their_interval() -> None:
    metrics = {"auc": 0.9751, "auc_95": [0.9697, 0.9802], "best": 0.5}
    assert with_interval(metrics, "auc", 4) == "0.9751 (0.9697\u20130.9802)"
    assert with_interval(metrics, "best") == "0.500"
    assert number_of(2481, 2484) == "2,481 of 2,484 (99.9%)"


def test_summary_shows_the_recorded_metrics(recorded: ReportInputs) -> None:
    section = summary.section(recorded)
    tiles = next(part.tiles for part in section.parts if isinstance(part, Tiles))
    metrics = recorded.metrics
    for value, label in (
        (f"{metrics[PHOTOS]['accuracy_all_photos']:.1%}", "accuracy, 1,000 photos"),
        (f"{metrics[TEST]['accuracy']:.1%}", "accuracy, test set, 2,484 crops"),
        (
            f"{metrics[AGREED]['auc']:.4f}",
            "AUC, test set where annotators agree, 1,695 crops",
        ),
        (f"{metrics['model']['bytes'] / 1000:.0f} KB", "size of the model file, int8"),
    ):
        assert (value, label) in tiles
    assert ("10.6 million", "multiply-adds per face") in tiles
    assert not missing_in(section)


def test_summary_warns_when_the_metrics_belong_to_another_model(recorded: ReportInputs) -> None:
    recorded.model_card["sha256"] = "0" * 64
    assert "belong to another model file" in missing_in(summary.section(recorded))


def test_accuracy_table_says_what_is_recorded_and_what_is_measured_now(
    recorded: ReportInputs,
) -> None:
    recorded.predictions[TEST] = make_predictions([0.9], [True])
    table = classification._metrics_table(recorded)
    rows = {row[0]: row for row in table.rows}
    accuracy = with_interval(recorded.metrics[TEST], "accuracy")
    assert rows["test set"][1:3] == ("2,484", accuracy)
    photos = f"whole photos ({recorded.metrics[PHOTOS]['not_scored']} without a score)"
    accuracy = with_interval(recorded.metrics[PHOTOS], "accuracy_all_photos")
    assert rows[photos][1:3] == ("1,000", accuracy)
    assert rows["test set"][-1] == "now"
    assert rows[photos][-1] == "recorded"
    assert len(rows) == 6
    recorded.metrics[PHOTOS] |= {"photos": 1003, "no_face_found": 3, "not_scored": 0}
    rows = {row[0]: row for row in classification._metrics_table(recorded).rows}
    assert rows["whole photos (3 without a face)"][1] == "1,003"
    recorded.metrics[PHOTOS]["not_scored"] = 2
    rows = {row[0]: row for row in classification._metrics_table(recorded).rows}
    assert "whole photos (3 without a face, 2 without a score)" in rows


def test_classification_section_needs_no_data(recorded: ReportInputs) -> None:
    section = classification.section(recorded)
    counts = rows_of(section, "Confusion")["test set"]
    names = ("true_positive", "false_negative", "true_negative", "false_positive")
    assert counts == tuple(f"{recorded.metrics[TEST][name]:,}" for name in names)
    faint = recorded.metrics["test_by_tier"]["faint"]
    share = with_interval(faint, "predicted_smile_share")
    assert rows_of(section, "by tier")["faint"] == ("300", share)
    assert "DATA=" in missing_in(section)
    assert "PHOTOS=" in missing_in(section)


def test_share_of_extreme_scores_is_that_below_a_tenth_and_from_nine_tenths(
    charts_without_pictures: None,
) -> None:
    predictions = make_predictions([0.05, 0.1, 0.15, 0.85, 0.9], [False] * 4 + [True])
    caption = classification._scores_chart(predictions, "scores", 0.5).caption
    assert caption.endswith("5 faces: 40% are below 0.1 or at least 0.9.")


def test_threshold_is_marked_on_both_curves() -> None:
    metrics = {"sensitivity": 0.75, "specificity": 0.9, "true_positive": 6, "false_positive": 2}
    on_roc, on_precision_recall = classification.threshold_points(metrics)
    assert on_roc == pytest.approx((0.1, 0.75))
    assert on_precision_recall == (0.75, 0.75)


def test_calibration_section_shows_each_set_or_names_what_is_missing(
    recorded: ReportInputs, charts_without_pictures: None
) -> None:
    assert "reliability diagrams" in missing_in(calibration.section(recorded))
    recorded.predictions[PHOTOS] = make_predictions([0.25, 0.25, 0.75], [False, False, True])
    section = calibration.section(recorded)
    assert not missing_in(section)
    caption = chart_of(section, "reliability-photos").caption
    assert caption.startswith("Reliability diagram, some, 3 faces in 10 bins: ECE 0.250.")
    assert "below the diagonal" not in str(section.parts)
    recorded.predictions[TEST] = recorded.predictions[PHOTOS]
    assert "below the diagonal" in str(calibration.section(recorded).parts)
