"""The report's own arithmetic: calibration, worst mistakes, photos without a face."""

from __future__ import annotations

import numpy as np
import pytest

from training.baselines.evaluate import measure, photo_score_metrics
from training.report.formatting import share_95, with_interval
from training.report.inputs import Judged
from training.report.sections.calibration import calibration_error, reliability
from training.report.sections.mistakes import worst_mistakes
from training.workspace import MODEL


def _judged(scores: list[float], smile: list[bool]) -> Judged:
    count = len(scores)
    return Judged(
        "some",
        np.array(scores),
        np.array(smile),
        np.zeros((count, 64, 64), dtype=np.uint8),
        np.array([f"number {place}" for place in range(count)]),
    )


def test_calibration_error_is_zero_when_shares_equal_scores() -> None:
    scores = np.repeat([0.25, 0.75], 4)
    smile = np.array([True, False, False, False, True, True, True, False])
    assert calibration_error(reliability(scores, smile)) == pytest.approx(0)


def test_calibration_error_is_the_distance_when_all_scores_are_too_high() -> None:
    bins = reliability(np.full(10, 0.9), np.arange(10) < 6)
    assert calibration_error(bins) == pytest.approx(0.3)


def test_calibration_error_weighs_bins_by_their_faces() -> None:
    scores = np.concatenate([np.full(90, 0.05), np.full(10, 0.95)])
    bins = reliability(scores, np.zeros(100, dtype=bool))
    assert [one.count for one in bins] == [90, 10]
    assert calibration_error(bins) == pytest.approx(0.9 * 0.05 + 0.1 * 0.95)


def test_score_of_one_falls_into_the_last_bin() -> None:
    assert len(reliability(np.array([0.95, 1.0]), np.array([True, True]))) == 1


def test_worst_mistakes_come_first_when_faces_are_called_a_smile() -> None:
    judged = _judged([0.6, 0.99, 0.2, 0.8, 0.97], [False, False, False, False, True])
    words = [face.words for face in worst_mistakes(judged, 0.5, smile=False)]
    assert words == ["score 0.99; number 1", "score 0.80; number 3", "score 0.60; number 0"]


def test_worst_mistakes_come_first_when_smiles_are_missed() -> None:
    judged = _judged([0.4, 0.01, 0.5, 0.3], [True, True, True, False])
    words = [face.words for face in worst_mistakes(judged, 0.5, smile=True)]
    assert words == ["score 0.01; number 1", "score 0.40; number 0"]


def test_photo_counts_as_wrong_when_no_face_is_found() -> None:
    scores = np.array([0.9, 0.1, 0.9, 0.2])
    smile = np.array([True, False, True, True])
    found = np.array([True, True, False, True])
    figures = photo_score_metrics(scores, smile, found, 0.5)
    assert figures["accuracy_all_photos"] == 0.5
    assert figures["no_face_found"] == 1
    assert figures["found_faces"]["pictures"] == 3


def test_shares_are_written_with_their_interval() -> None:
    assert share_95(955, 1000) == "95.5% (94.0 to 96.6)"
    assert share_95(0, 0) == "none"
    assert with_interval(0.9751, [0.9697, 0.9802], 4) == "0.9751 (0.9697 to 0.9802)"


def test_inference_time_is_measured_on_the_shipped_file() -> None:
    times = measure(MODEL)
    assert 0 < times["best_ms"] <= times["median_ms"]
