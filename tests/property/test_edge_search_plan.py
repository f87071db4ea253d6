"""Every place of the frame is searched in time, and motion is searched first."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edge_lambda.faces.motion import COLUMNS, ROWS
from edge_lambda.faces.search_plan import MAX_AGE_MS, SearchPlan

SIZES = st.tuples(st.integers(64, 4000), st.integers(64, 4000))
NOTHING = np.zeros((ROWS, COLUMNS), dtype=np.bool_)


@given(SIZES, st.floats(0, 100))
def test_every_pixel_lies_in_a_region_and_small_faces_in_a_whole_tile(
    size: tuple[int, int], min_face_px: float
) -> None:
    width, height = size
    plan = SearchPlan(width, height, min_face_px)
    whole, *tiles = plan.regions
    assert (whole.x, whole.y, whole.width, whole.height) == (0, 0, width, height)
    for tile in tiles:
        assert 0 <= tile.x <= tile.x + tile.width <= width
        assert 0 <= tile.y <= tile.y + tile.height <= height
    if not tiles:
        return
    face = round(max(0.02 * max(size), min_face_px))
    corners = [
        (x, y)
        for x in range(0, width - face, max(face // 2, 1))
        for y in (0, height // 2, max(height - face, 0))
        if y + face <= height
    ]
    for x, y in corners:
        assert any(
            tile.x <= x
            and tile.y <= y
            and x + face <= tile.x + tile.width
            and y + face <= tile.y + tile.height
            for tile in tiles
        ), (x, y, face)


@given(SIZES, st.lists(st.floats(5, 700), min_size=30, max_size=200), st.floats(0, 40))
def test_every_region_is_searched_within_two_seconds_when_nothing_moves(
    size: tuple[int, int], gaps_ms: list[float], min_face_px: float
) -> None:
    plan, now_ms = SearchPlan(*size, min_face_px), 0.0
    steady_ms = gaps_ms[0]
    for _ in gaps_ms:
        now_ms += steady_ms
        for region in plan.overdue(now_ms):
            plan.searched(region, now_ms)
        if now_ms > 2 * MAX_AGE_MS:  # after the first round
            oldest_ms = min(region.searched_ms for region in plan.regions)
            assert now_ms - oldest_ms <= MAX_AGE_MS
