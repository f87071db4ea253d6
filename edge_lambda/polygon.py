"""Polygons relative to the frame: whether they are valid, and what lies in them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

Point = tuple[float, float]
Polygon = tuple[Point, ...]

_LEAST_AREA = 1e-4  # of the frame: no face fits into less


def is_simple(polygon: Sequence[Point]) -> bool:
    """Return whether no side touches or crosses another, except its neighbours at the corners."""
    if len(set(polygon)) < len(polygon):
        return False
    sides = _sides(polygon)
    for (first, one), (second, other) in combinations(enumerate(sides), 2):
        if second == first + 1 or (first == 0 and second == len(sides) - 1):
            before, after = (one, other) if second == first + 1 else (other, one)
            if _turns_back(before[0], before[1], after[1]):
                return False
        elif _do_meet(*one, *other):
            return False
    return True


def has_area(polygon: Sequence[Point]) -> bool:
    """Return whether a polygon covers at least 1/10,000 of the frame."""
    doubled = sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in _sides(polygon))
    return abs(doubled) / 2 >= _LEAST_AREA


def contains(polygon: Sequence[Point], x: ArrayLike, y: ArrayLike) -> NDArray[np.bool_]:
    """Return which points lie inside, by the even-odd rule.

    Parameters
    ----------
    polygon : sequence of Point
    x, y : array_like
        Coordinates of the points, of one shape.

    Returns
    -------
    ndarray
        bool, of the same shape. Points on a side may count either way.
    """
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    inside = np.zeros(x.shape, dtype=np.bool_)
    for (x1, y1), (x2, y2) in _sides(polygon):
        if y1 == y2:
            continue
        is_between = (y1 > y) != (y2 > y)
        inside ^= is_between & (x < x1 + (y - y1) / (y2 - y1) * (x2 - x1))
    return inside


def side_touches(
    polygon: Sequence[Point], left: ArrayLike, top: ArrayLike, right: ArrayLike, bottom: ArrayLike
) -> NDArray[np.bool_]:
    """Return into which rectangles a side of the polygon reaches; along the border is not into.

    Parameters
    ----------
    polygon : sequence of Point
    left, top, right, bottom : array_like
        The rectangles, of one shape.

    Returns
    -------
    ndarray
        bool, of the same shape.
    """
    edges = (np.asarray(edge, dtype=np.float64) for edge in (left, top, right, bottom))
    left, top, right, bottom = edges
    touched = np.zeros(left.shape, dtype=np.bool_)
    middle_x, middle_y = (left + right) / 2, (top + bottom) / 2
    half_width, half_height = (right - left) / 2, (bottom - top) / 2
    for (x1, y1), (x2, y2) in _sides(polygon):
        dx, dy = x2 - x1, y2 - y1
        # Separating axes: horizontal, vertical, and across the side.
        is_near = (np.maximum(x1, x2) > left) & (np.minimum(x1, x2) < right)
        is_near &= (np.maximum(y1, y2) > top) & (np.minimum(y1, y2) < bottom)
        across = np.abs(dx * (middle_y - y1) - dy * (middle_x - x1))
        touched |= is_near & (across < half_width * abs(dy) + half_height * abs(dx))
    return touched


def _sides(polygon: Sequence[Point]) -> list[tuple[Point, Point]]:
    return list(pairwise([*polygon, polygon[0]]))


def _turns_back(a: Point, b: Point, c: Point) -> bool:
    """Return whether the way from a to b and on to c doubles back on itself."""
    along = (b[0] - a[0]) * (c[0] - b[0]) + (b[1] - a[1]) * (c[1] - b[1])
    return _turn(a, b, c) == 0 and along < 0


def _do_meet(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Return whether the segments a-b and c-d have a point in common."""
    turns = _turn(a, b, c), _turn(a, b, d), _turn(c, d, a), _turn(c, d, b)
    if turns[0] * turns[1] < 0 and turns[2] * turns[3] < 0:
        return True
    ends = ((a, b, c), (a, b, d), (c, d, a), (c, d, b))
    return any(turn == 0 and _is_within(*end) for turn, end in zip(turns, ends, strict=True))


def _turn(a: Point, b: Point, c: Point) -> float:
    """Return a number that is positive for a left turn at b, negative for a right turn."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _is_within(a: Point, b: Point, point: Point) -> bool:
    """Return whether a point of the line through a and b lies between them."""
    (x, y), (x1, y1), (x2, y2) = point, a, b
    return min(x1, x2) <= x <= max(x1, x2) and min(y1, y2) <= y <= max(y1, y2)
