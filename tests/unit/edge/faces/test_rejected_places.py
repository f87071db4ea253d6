"""Places that are left alone because a closer look found no face there."""

from __future__ import annotations

import numpy as np
import pytest

from edge_lambda.faces.motion import COLUMNS, ROWS, cells_of
from edge_lambda.faces.rejected_places import RejectedPlaces
from smile_vision.faces.boxes import Box

HERE: Box = (0.4, 0.4, 0.1, 0.2)


def after(age_ms: float, moves: bool, elsewhere: bool = False) -> RejectedPlaces:
    places = RejectedPlaces()
    places.add(HERE, 1000)
    moved = np.zeros((ROWS, COLUMNS), dtype=np.bool_)
    if moves:
        moved[cells_of((0.1, 0.1, 0.1, 0.1) if elsewhere else HERE)] = True
    places.forget(moved, 1000 + age_ms)
    return places


@pytest.mark.parametrize(
    ("age_ms", "moves", "is_known"),
    [(500, True, True), (900, True, False), (3000, False, True), (5000, False, False)],
)
def test_place_is_left_alone_longer_while_nothing_moves_there(
    age_ms: float, moves: bool, is_known: bool
) -> None:
    assert after(age_ms, moves).contains(HERE) == is_known


def test_motion_elsewhere_does_not_matter() -> None:
    assert after(3000, moves=True, elsewhere=True).contains(HERE)


@pytest.mark.parametrize(("widths", "is_known"), [(0.3, True), (0.42, True), (0.58, False)])
def test_place_includes_what_overlaps_it_much(widths: float, is_known: bool) -> None:
    shifted = (HERE[0] + widths * HERE[2], *HERE[1:])  # IoU 0.54, 0.41 and 0.27
    assert after(0, moves=False).contains(shifted) == is_known


def test_nothing_is_left_alone_after_a_cut() -> None:
    places = after(0, moves=False)
    places.clear()
    assert not places.contains(HERE)
