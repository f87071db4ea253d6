"""Zones and their polygons."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from edge_lambda.faces.motion import COLUMNS, ROWS
from edge_lambda.faces.search_plan import SearchPlan
from edge_lambda.faces.zones import Zones
from edge_lambda.polygon import Polygon, contains, has_area, is_simple, side_touches

coordinates = st.floats(0, 1).map(lambda value: round(value, 3))
points = st.tuples(coordinates, coordinates)
polygons = (
    st.lists(points, min_size=3, max_size=7)
    .map(tuple)
    .filter(lambda polygon: is_simple(polygon) and has_area(polygon))
)
zones = st.builds(
    Zones,
    st.lists(polygons, max_size=2).map(tuple),
    st.lists(polygons, max_size=2).map(tuple),
)


def distance_to_sides(polygon: Polygon, x: float, y: float) -> float:
    nearest = math.inf
    for (x1, y1), (x2, y2) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        dx, dy = x2 - x1, y2 - y1
        along = min(max(((x - x1) * dx + (y - y1) * dy) / (dx * dx + dy * dy), 0.0), 1.0)
        nearest = min(nearest, math.hypot(x - x1 - along * dx, y - y1 - along * dy))
    return nearest


@st.composite
def regular(draw: st.DrawFn) -> tuple[Polygon, float, float, float]:
    """Return a regular polygon with its centre and radius."""
    count, turn = draw(st.integers(3, 20)), draw(st.floats(0, 6))
    radius = draw(st.floats(0.05, 0.5))
    x, y = draw(st.floats(radius, 1 - radius)), draw(st.floats(radius, 1 - radius))
    angles = [turn + 2 * math.pi * index / count for index in range(count)]
    return (
        tuple((x + radius * math.cos(a), y + radius * math.sin(a)) for a in angles),
        x,
        y,
        radius,
    )


@given(regular(), points)
def test_regular_polygon_is_simple_and_contains_what_is_near_its_centre(
    shape: tuple[Polygon, float, float, float], point: tuple[float, float]
) -> None:
    polygon, x, y, radius = shape
    assert is_simple(polygon) and has_area(polygon)
    away = math.hypot(point[0] - x, point[1] - y)
    if away < radius * math.cos(math.pi / len(polygon)) - 1e-6:
        assert contains(polygon, *point)
    elif away > radius + 1e-6:
        assert not contains(polygon, *point)


@given(regular(), st.data())
def test_polygon_is_not_simple_when_two_corners_of_it_are_swapped(
    shape: tuple[Polygon, float, float, float], data: st.DataObject
) -> None:
    polygon = list(shape[0])
    assume(len(polygon) >= 4)
    at = data.draw(st.integers(0, len(polygon) - 2))
    polygon[at], polygon[at + 1] = polygon[at + 1], polygon[at]
    assert not is_simple(polygon)


@given(polygons, points)
def test_start_and_direction_of_a_polygon_do_not_matter(
    polygon: Polygon, point: tuple[float, float]
) -> None:
    assume(distance_to_sides(polygon, *point) > 1e-6)
    inside = contains(polygon, *point)
    for other in (polygon[::-1], polygon[1:] + polygon[:1]):
        assert is_simple(other)
        assert contains(other, *point) == inside


@given(polygons, points, points)
def test_rectangle_that_no_side_touches_is_inside_or_outside_as_a_whole(
    polygon: Polygon, corner: tuple[float, float], other: tuple[float, float]
) -> None:
    (left, right), (top, bottom) = (sorted(pair) for pair in zip(corner, other, strict=True))
    assume(left < right and top < bottom)
    steps = np.linspace(0.01, 0.99, 9)  # a side along the border is not inside
    x, y = np.meshgrid(left + steps * (right - left), top + steps * (bottom - top))
    inside = contains(polygon, x, y)
    if not side_touches(polygon, left, top, right, bottom):
        assert inside.all() or not inside.any()


@given(zones, st.lists(points, min_size=1, max_size=20))
def test_no_place_where_a_face_counts_is_left_out_of_motion_and_search(
    places: Zones, centres: list[tuple[float, float]]
) -> None:
    regions = SearchPlan(1920, 1080, 24, places).regions
    for x, y in centres:
        if not places.counts_at(x, y):
            continue
        cell = min(int(y * ROWS), ROWS - 1), min(int(x * COLUMNS), COLUMNS - 1)
        assert places.cells()[cell]
        # The tile that shows a small face whole, with the face in its middle.
        tiles = [tile for tile in SearchPlan(1920, 1080, 24).regions if not tile.is_whole]
        best = max(tiles, key=lambda tile: _room(tile, x * 1920, y * 1080))
        assert any((one.x, one.y) == (best.x, best.y) for one in regions if not one.is_whole)


def _room(tile: object, x: float, y: float) -> float:
    left, top, width, height = (getattr(tile, name) for name in ("x", "y", "width", "height"))
    return min(x - left, left + width - x, y - top, top + height - y)


@given(zones, points, st.floats(0.01, 0.3))
def test_face_that_counts_is_kept(places: Zones, centre: tuple[float, float], size: float) -> None:
    box = (centre[0] - size / 2, centre[1] - size / 2, size, size)
    if places.count(box):
        assert places.keep(box)
