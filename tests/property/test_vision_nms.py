"""Rules of the overlap of boxes and of non-maximum suppression that hold for any boxes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from smile_vision.faces.boxes import iou, iou_of_corners
from smile_vision.faces.nms import suppress

sizes = st.floats(1, 100, width=32)
places = st.floats(-100, 100, width=32)

Found = tuple[np.ndarray, np.ndarray, np.ndarray]


@st.composite
def boxes_of(draw: st.DrawFn) -> np.ndarray:
    rows = draw(st.lists(st.tuples(places, places, sizes, sizes), min_size=1, max_size=12))
    boxes = np.array(rows, np.float32).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    return boxes


@st.composite
def detections(draw: st.DrawFn) -> Found:
    boxes = draw(boxes_of())
    scores = arrays(np.float32, len(boxes), elements=st.floats(0.125, 1, width=32))
    points = arrays(np.float32, (len(boxes), 6, 2), elements=places)
    return boxes, draw(scores), draw(points)


@given(boxes_of())
def test_iou_is_one_with_itself_and_symmetric(boxes: np.ndarray) -> None:
    table = np.array([iou_of_corners(box, boxes) for box in boxes])
    assert np.allclose(np.diag(table), 1, atol=1e-4)
    assert np.allclose(table, table.T, atol=1e-5)
    assert table.min() >= 0
    assert table.max() <= 1 + 1e-4


@given(boxes_of(), places, places)
def test_iou_stays_when_everything_moves(boxes: np.ndarray, x: float, y: float) -> None:
    moved = boxes + np.array([x, y, x, y], np.float32)
    before = iou_of_corners(boxes[0], boxes)
    assert np.allclose(iou_of_corners(moved[0], moved), before, atol=1e-3)


@given(boxes_of())
def test_iou_is_the_same_for_boxes_and_for_their_corners(boxes: np.ndarray) -> None:
    as_boxes = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1).tolist()
    expected = [iou(tuple(as_boxes[0]), tuple(box)) for box in as_boxes]
    assert iou_of_corners(boxes[0], boxes).tolist() == pytest.approx(expected, abs=1e-4)


@given(detections())
def test_every_box_belongs_to_a_face_and_faces_are_sorted_by_score(found: Found) -> None:
    boxes, scores, points = found
    faces = suppress(boxes, scores, points)
    kept = [score for _, score, _ in faces]
    assert kept[0] == scores.max()
    assert kept == sorted(kept, reverse=True)
    assert 1 <= len(faces) <= len(boxes)
    assert set(kept) <= set(scores.tolist())


@given(boxes_of(), places)
def test_boxes_in_one_place_are_one_face(boxes: np.ndarray, x: float) -> None:
    same = np.repeat(boxes[:1], 5, axis=0)
    (face,) = suppress(same, np.full(5, 0.5, np.float32), np.full((5, 6, 2), x, np.float32))
    assert np.allclose(face[0], boxes[0], atol=1e-3)
    assert np.allclose(face[2], x, atol=1e-3)


@given(detections())
def test_face_lies_within_the_boxes_that_it_is_made_of(found: Found) -> None:
    boxes, scores, points = found
    for box, _, keypoints in suppress(boxes, scores, points):
        assert (box >= boxes.min(axis=0) - 1e-3).all()
        assert (box <= boxes.max(axis=0) + 1e-3).all()
        assert keypoints.shape == (6, 2)
