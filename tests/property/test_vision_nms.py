from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from smile_vision.faces.nms import box_iou, suppress

sizes = st.floats(1, 100, width=32)
places = st.floats(-100, 100, width=32)


@st.composite
def boxes_of(draw: st.DrawFn, least: int = 1) -> np.ndarray:
    rows = draw(st.lists(st.tuples(places, places, sizes, sizes), min_size=least, max_size=12))
    boxes = np.array(rows, np.float32).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    return boxes


@st.composite
def detections(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    boxes = draw(boxes_of())
    scores = arrays(np.float32, len(boxes), elements=st.floats(0.125, 1, width=32))
    points = arrays(np.float32, (len(boxes), 6, 2), elements=places)
    return boxes, draw(scores), draw(points)


@given(boxes_of())
def test_iou_is_one_with_itself_and_symmetric(boxes: np.ndarray) -> None:
    table = np.array([box_iou(box, boxes) for box in boxes])
    assert np.allclose(np.diag(table), 1, atol=1e-4)
    assert np.allclose(table, table.T, atol=1e-5)
    assert table.min() >= 0
    assert table.max() <= 1 + 1e-4


@given(boxes_of(), places, places)
def test_iou_stays_when_everything_moves(boxes: np.ndarray, x: float, y: float) -> None:
    moved = boxes + np.array([x, y, x, y], np.float32)
    assert np.allclose(box_iou(moved[0], moved), box_iou(boxes[0], boxes), atol=1e-3)


def test_iou_is_the_one_worked_out_by_hand() -> None:
    boxes = np.array([[0, 0, 2, 2], [1, 1, 3, 3], [2, 0, 4, 2], [5, 5, 5, 5]], np.float32)
    assert box_iou(boxes[0], boxes).tolist() == [1, np.float32(1 / 7), 0, 0]
    assert box_iou(boxes[3], boxes).tolist() == [0, 0, 0, 0]


@given(detections(), st.floats(0.1, 0.9))
def test_kept_boxes_are_some_of_the_given_and_apart_when_not_weighted(
    found: tuple[np.ndarray, np.ndarray, np.ndarray], threshold: float
) -> None:
    boxes, scores, points = found
    kept = suppress(boxes, scores, points, threshold, weighted=False)
    kept_boxes = np.array([box for box, _, _ in kept])
    assert all((box == boxes).all(axis=1).any() for box in kept_boxes)
    for i, box in enumerate(kept_boxes):
        assert (box_iou(box, kept_boxes[i + 1 :]) <= threshold).all()
    for box in boxes:
        assert (box_iou(box, kept_boxes) > threshold).any() or (box == kept_boxes).all(1).any()


@given(detections(), st.floats(0.1, 0.9), st.booleans())
def test_best_score_comes_first_and_scores_fall(
    found: tuple[np.ndarray, np.ndarray, np.ndarray], threshold: float, weighted: bool
) -> None:
    kept = [score for _, score, _ in suppress(*found, threshold, weighted=weighted)]
    assert kept[0] == found[1].max()
    assert kept == sorted(kept, reverse=True)


@given(detections())
def test_weighted_box_lies_within_those_it_is_made_of(
    found: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    boxes, scores, points = found
    for box, _, keypoints in suppress(boxes, scores, points, 0.3):
        assert (box >= boxes.min(axis=0) - 1e-3).all()
        assert (box <= boxes.max(axis=0) + 1e-3).all()
        assert keypoints.shape == (6, 2)


def test_weighted_mean_is_the_one_worked_out_by_hand() -> None:
    boxes = np.array([[0, 0, 10, 10], [2, 0, 12, 10], [50, 50, 60, 60]], np.float32)
    scores = np.array([0.6, 0.2, 0.4], np.float32)
    points = np.stack([np.full((6, 2), value, np.float32) for value in (0, 4, 9)])
    first, second = suppress(boxes, scores, points, 0.3)
    assert first[0].tolist() == [0.5, 0, 10.5, 10]
    assert first[2].tolist() == [[1, 1]] * 6
    assert second[0].tolist() == [50, 50, 60, 60]
