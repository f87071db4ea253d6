"""Rules of transforms, boxes and tiles that hold for any numbers."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from smile_vision.faces.boxes import Box, iou
from smile_vision.faces.detection import FaceDetection
from smile_vision.faces.sampling import Similarity, fit_similarity
from smile_vision.faces.tiles import pyramid
from smile_vision.smiles.crop import TEMPLATE

angles = st.floats(-np.pi, np.pi)
scales = st.floats(0.05, 50)
shifts = st.floats(-2000, 2000)


@given(angles, scales, shifts, shifts)
def test_fit_finds_the_transform_that_made_the_points(
    angle: float, scale: float, shift_x: float, shift_y: float
) -> None:
    true = Similarity(scale * np.cos(angle), scale * np.sin(angle), shift_x, shift_y)
    fitted = fit_similarity(TEMPLATE, true.apply(TEMPLATE).astype(np.float64))
    assert np.allclose(fitted, true, rtol=1e-3, atol=2e-3 * max(scale, 1))
    corners = np.array([[0, 0], [64, 0], [0, 64], [64, 64]], np.float64)
    assert np.allclose(fitted.apply(corners), true.apply(corners), atol=0.05 + 1e-3 * scale)


@given(scales, scales, shifts, shifts)
def test_face_is_unchanged_after_scaling_and_shifting_there_and_back(
    factor_x: float, factor_y: float, x: float, y: float
) -> None:
    keypoints = np.arange(12, dtype=np.float32).reshape(6, 2)
    face = FaceDetection((10, 20, 30, 40), 0.9, keypoints)
    back = face.scaled(factor_x, factor_y).scaled(1 / factor_x, 1 / factor_y)
    back = back.shifted(x, y).shifted(-x, -y)
    assert np.allclose(back.box, face.box, atol=1e-3)
    assert np.allclose(back.keypoints, keypoints, atol=1e-2)
    assert back.score == face.score


boxes = st.tuples(shifts, shifts, st.floats(0, 3000), st.floats(0, 3000))


any_boxes = st.tuples(*[st.floats()] * 4)


@given(any_boxes, any_boxes)
def test_iou_is_from_0_to_1_for_any_numbers(a: Box, b: Box) -> None:
    assert 0 <= iou(a, b) <= 1


@given(boxes, st.integers(1, 4000), st.integers(1, 4000))
def test_pixel_box_lies_in_the_image_and_is_never_empty(
    box: tuple[float, float, float, float], width: int, height: int
) -> None:
    face = FaceDetection(box, 0.9, np.zeros((6, 2), np.float32))
    x, y, w, h = face.pixel_box(width, height)
    assert 0 <= x < x + w <= width
    assert 0 <= y < y + h <= height


@given(st.integers(1, 6000), st.integers(1, 6000))
def test_tiles_cover_every_pixel_and_stay_inside(width: int, height: int) -> None:
    levels: dict[int, list[tuple[int, int, int, int]]] = {}
    for tile in pyramid(width, height, 256):
        left, top, right, bottom = tile
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height
        levels.setdefault(max(right - left, bottom - top), []).append(tile)
    assert len(levels) <= 2
    for side, tiles in levels.items():
        assert side >= 256
        columns = sorted({(left, right) for left, _, right, _ in tiles})
        rows = sorted({(top, bottom) for _, top, _, bottom in tiles})
        assert len(tiles) == len(columns) * len(rows)
        for spans, length in ((columns, width), (rows, height)):
            assert spans[0][0] == 0
            assert spans[-1][1] == length
            overlaps = [a[1] - b[0] for a, b in pairwise(spans)]
            assert all(overlap >= 0.25 * side - 1 for overlap in overlaps)


@given(
    boxes,
    st.floats(1, 4000),
    st.lists(st.floats(-4000, 4000, width=32), min_size=12, max_size=12),
)
def test_face_mirrored_twice_is_the_same(
    box: Box, image_width: float, coordinates: list[float]
) -> None:
    keypoints = np.array(coordinates, np.float32).reshape(6, 2)
    face = FaceDetection(box, 0.9, keypoints.copy())
    mirrored = face.mirrored(image_width)
    assert np.array_equal(face.keypoints, keypoints)  # the original is not changed
    assert np.allclose(mirrored.box[1:], box[1:])
    # The image-left eye and ear are those that were on the right.
    assert np.allclose(mirrored.keypoints[[0, 4], 1], keypoints[[1, 5], 1])
    assert np.allclose(mirrored.keypoints[[0, 4], 0], image_width - keypoints[[1, 5], 0], atol=0.01)
    back = mirrored.mirrored(image_width)
    assert np.allclose(back.box, box, atol=1e-6)
    assert np.allclose(back.keypoints, keypoints, atol=0.01)
    assert back.score == face.score
