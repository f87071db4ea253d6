"""The motion map and the cells of boxes for any pictures and boxes."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edge_lambda.faces.motion import COLUMNS, ROWS, MotionMap, cells_of

sides = st.integers(1, 300)
places = st.floats(-2, 2)


@given(sides, sides, st.integers(0, 2**32 - 1))
def test_still_picture_of_anything_has_no_motion(height: int, width: int, seed: int) -> None:
    grey = np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8)
    motion = MotionMap()
    assert motion.update(grey).all()
    assert not any(motion.update(grey).any() for _ in range(5))


@given(places, places, st.floats(0.001, 2), st.floats(0.001, 2))
def test_cells_of_a_box_cover_what_it_shows_of_the_frame(
    x: float, y: float, width: float, height: float
) -> None:
    covered = np.zeros((ROWS, COLUMNS), np.bool_)
    covered[cells_of((x, y, width, height))] = True
    rows, columns = np.mgrid[:ROWS, :COLUMNS]
    centre_x, centre_y = (columns + 0.5) / COLUMNS, (rows + 0.5) / ROWS
    inside = (x < centre_x) & (centre_x < x + width) & (y < centre_y) & (centre_y < y + height)
    assert not (inside & ~covered).any()
    beyond = (
        ((columns + 1) / COLUMNS < x - 1e-9)
        | (columns / COLUMNS > x + width + 1e-9)
        | ((rows + 1) / ROWS < y - 1e-9)
        | (rows / ROWS > y + height + 1e-9)
    )
    assert not (beyond & covered).any()
