"""The tiles in which small faces are searched, worked out by hand."""

from __future__ import annotations

from smile_vision.faces.tiles import pyramid


def test_levels_have_tiles_of_40_and_16_percent_of_the_longer_side() -> None:
    sides = [right - left for left, _, right, _ in pyramid(6000, 3000, 256)]
    assert sorted(set(sides), reverse=True) == [2400, 960]


def test_tiles_are_as_few_as_overlap_by_a_quarter() -> None:
    tiles = [(0, 0, 400, 400), (300, 0, 700, 400), (600, 0, 1000, 400)]
    assert list(pyramid(1000, 400, 256)) == tiles
    assert len(list(pyramid(1001, 400, 256))) == 4  # three would overlap too little
    upright = [(left, top, right, bottom) for top, left, bottom, right in tiles]
    assert list(pyramid(400, 1000, 256)) == upright


def test_small_image_needs_no_tiles() -> None:
    assert list(pyramid(638, 500, 256)) == []
    assert len(list(pyramid(640, 250, 256))) == 3
