"""Anchors and decoding of the BlazeFace networks."""

from __future__ import annotations

import numpy as np
import pytest

from smile_vision.faces.blazeface import VARIANTS, anchors, decode
from smile_vision.faces.weights import load_weights
from smile_vision.interpreter import load_interpreter


@pytest.mark.parametrize(("kind", "count"), [("short", 896), ("back", 896), ("full", 2304)])
def test_network_has_one_output_row_for_each_anchor(kind: str, count: int) -> None:
    interpreter = load_interpreter(load_weights(VARIANTS[kind].weights))
    shapes = [tuple(output["shape"]) for output in interpreter.get_output_details()]
    assert anchors(kind).shape == (count, 2)
    assert sorted(shapes) == [(1, count, 1), (1, count, 16)]


@pytest.mark.parametrize(
    ("kind", "index", "centre"),
    [
        ("short", 0, (4, 4)),
        ("short", 1, (4, 4)),
        ("short", 2, (12, 4)),
        ("short", 511, (124, 124)),
        ("short", 512, (8, 8)),
        ("short", 518, (24, 8)),
        ("back", 2, (24, 8)),
        ("back", 895, (240, 240)),
        ("full", 0, (2, 2)),
        ("full", 49, (6, 6)),
    ],
)
def test_anchor_is_in_the_middle_of_its_cell(
    kind: str, index: int, centre: tuple[float, float]
) -> None:
    assert tuple(anchors(kind)[index]) == centre


def test_anchors_are_computed_once_and_read_only() -> None:
    assert anchors("full") is anchors("full")
    with pytest.raises(ValueError, match="read-only"):
        anchors("full")[0, 0] = 1


def test_row_is_decoded_relative_to_its_anchor() -> None:
    row = np.array([3, -1, 40, 60, -10, -12, 10, -12, 0, 0, 0, 15, -20, 1, 20, 2], np.float32)
    boxes, points = decode(row[None], np.array([[60, 100]], np.float32))
    # centre (63, 99), half size (20, 30)
    assert boxes.tolist() == [[43, 69, 83, 129]]
    assert points[0].tolist() == [[50, 88], [70, 88], [60, 100], [60, 115], [40, 101], [80, 102]]
