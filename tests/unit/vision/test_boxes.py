"""Boxes and their overlap, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from smile_vision.faces.boxes import Box, clipped, grown, iou, iou_of_corners, overlap
from smile_vision.faces.detection import FaceDetection
from smile_vision.faces.nms import distinct, suppress

SQUARE: Box = (0, 0, 2, 2)
OTHERS: list[tuple[Box, float, float]] = [
    (SQUARE, 4, 1),
    ((1, 1, 2, 2), 1, 1 / 7),
    ((0.5, 0, 1, 2), 2, 0.5),
    ((2, 0, 2, 2), 0, 0),  # they touch
    ((5, 0, 2, 2), 0, 0),
    ((0, 5, 2, 2), 0, 0),
    ((1, 1, 0, 0), 0, 0),
]


@pytest.mark.parametrize(("other", "shared", "share"), OTHERS)
def test_overlap_of_two_boxes(other: Box, shared: float, share: float) -> None:
    assert overlap(SQUARE, other) == overlap(other, SQUARE) == shared
    assert iou(SQUARE, other) == iou(other, SQUARE) == pytest.approx(share)


def test_overlap_is_the_same_when_boxes_are_given_by_their_corners() -> None:
    boxes = np.array([(x, y, x + width, y + height) for (x, y, width, height), *_ in OTHERS])
    shares = iou_of_corners(np.array([0, 0, 2, 2], np.float32), boxes.astype(np.float32))
    assert shares.tolist() == pytest.approx([share for *_, share in OTHERS])
    empty = np.array([[1, 1, 1, 1], [3, 3, 2, 2]], np.float32)
    assert iou_of_corners(empty[0], empty).tolist() == [0, 0]


def test_iou_is_at_most_1_when_rounding_makes_a_thin_box_wider() -> None:
    thin = (0.3, 0.1, 5.99684373068181e-16, 0.2)
    assert iou(thin, thin) == 1


def test_grown_box_keeps_its_centre() -> None:
    assert grown((10, 20, 4, 8), 0.25) == (9, 18, 6, 12)


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((0.2, 0.3, 0.4, 0.5), (0.2, 0.3, 0.4, 0.5)),
        ((-0.2, -0.1, 0.5, 0.5), (0, 0, 0.3, 0.4)),
        ((0.8, 0.7, 0.5, 0.5), (0.8, 0.7, 0.2, 0.3)),
        ((1.5, -3, 1, 1), (1, 0, 0, 0)),
        ((0.2, 3, 1, 1), (0.2, 1, 0.8, 0)),
    ],
)
def test_clipped_box_is_the_part_within_the_frame(box: Box, expected: Box) -> None:
    assert clipped(box) == pytest.approx(expected)


def corners(left: float, score: float) -> tuple[list[float], float]:
    """Return a box of 10 x 10 px by its corners, and its score."""
    return [left, 0, left + 10, 10], score


def test_raw_boxes_of_one_face_become_their_mean_weighted_by_score() -> None:
    boxes, scores = zip(corners(0, 0.6), corners(2, 0.2), corners(50, 0.4), strict=True)
    points = np.stack([np.full((6, 2), value, np.float32) for value in (0, 4, 9)])
    first, second = suppress(np.array(boxes, np.float32), np.array(scores, np.float32), points)
    assert first[0].tolist() == [0.5, 0, 10.5, 10]
    assert first[1] == np.float32(0.6)
    assert first[2].tolist() == [[1, 1]] * 6
    assert second[0].tolist() == [50, 0, 60, 10]


@pytest.mark.parametrize(("left", "count"), [(5.0, 1), (5.8, 2)])  # IoU 0.33 and 0.27
def test_raw_boxes_are_one_face_when_they_overlap_enough(left: float, count: int) -> None:
    boxes, scores = zip(corners(0, 0.6), corners(left, 0.5), strict=True)
    points = np.zeros((2, 6, 2), np.float32)
    found = suppress(np.array(boxes, np.float32), np.array(scores, np.float32), points)
    assert len(found) == count


@pytest.mark.timeout(20)
def test_raw_box_that_does_not_even_overlap_itself_is_one_face() -> None:
    empty = np.array([[3, 3, 3, 3], [0, 0, 9, 9], [np.nan] * 4], np.float32)
    scores = np.array([0.9, 0.8, 0.7], np.float32)
    assert [score for _, score, _ in suppress(empty, scores, np.zeros((3, 6, 2), np.float32))] == [
        pytest.approx(score) for score in scores
    ]


def face(box: Box, score: float = 0.9) -> FaceDetection:
    return FaceDetection(box, score, np.zeros((6, 2), np.float32))


@pytest.mark.parametrize(
    ("other", "count"),
    [
        ((3, 0, 10, 10), 1),  # IoU 0.54
        ((4, 0, 10, 10), 1),  # IoU 0.43, 60 % inside
        ((4.6, 0, 10, 10), 2),  # IoU 0.37, 54 % inside
        ((0, 0, 4, 4), 1),  # completely inside
        ((8, 0, 6, 6), 2),  # a third inside
        ((7.7, 0, 4, 4), 2),  # 57 % inside
        ((7.2, 0, 4, 4), 1),  # 70 % inside
        ((20, 0, 10, 10), 2),
    ],
)
def test_detections_are_one_face_when_they_overlap_or_contain_each_other(
    other: Box, count: int
) -> None:
    best, worse = face((0, 0, 10, 10)), face(other, 0.5)
    assert distinct([worse, best])[0] is best
    assert len(distinct([worse, best])) == count


def test_detections_inside_each_other_stay_apart_while_they_are_candidates() -> None:
    assert len(distinct([face((0, 0, 10, 10)), face((2, 2, 4, 4))], inside=1.0)) == 2
    assert len(distinct([face((0, 0, 10, 10)), face((1, 1, 9, 9))], inside=1.0)) == 1
