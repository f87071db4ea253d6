"""Polygons as values of a setting: read from lists, and checked."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from edge_lambda.polygon import Polygon, has_area, is_simple

# So many points, with three decimals, fit into the 8 KB of a device shadow.
_MOST_ZONES, _LEAST_POINTS, _MOST_POINTS = 16, 3, 32


def _read_polygons(value: object) -> tuple[Polygon, ...]:
    """Return lists of [x, y] points as polygons. Of several faults, name the first."""
    if not isinstance(value, list | tuple):
        raise PydanticCustomError("zones", "expected a list of polygons, each a list of [x, y]")
    if len(value) > _MOST_ZONES:
        raise PydanticCustomError("zones", f"expected at most {_MOST_ZONES} polygons")
    return tuple(_read_polygon(number, polygon) for number, polygon in enumerate(value, start=1))


def _read_polygon(number: int, value: object) -> Polygon:
    points = value if isinstance(value, list | tuple) else ()
    polygon = tuple(point for point in map(_read_point, points) if point is not None)
    if len(polygon) < len(points) or not polygon:
        fault = "points [x, y] with numbers from 0 to 1"
    elif not _LEAST_POINTS <= len(polygon) <= _MOST_POINTS:
        fault = f"{_LEAST_POINTS} to {_MOST_POINTS} points"
    elif not is_simple(polygon):
        fault = "sides that do not cross or touch, and no point twice"
    elif not has_area(polygon):
        fault = "an area, the points are almost on a line"
    else:
        return polygon
    raise PydanticCustomError("polygon", "polygon {number}: expected " + fault, {"number": number})


def _read_point(value: object) -> tuple[float, float] | None:
    if not isinstance(value, list | tuple) or len(value) != 2:  # noqa: PLR2004 - x and y
        return None
    if not all(type(part) in {int, float} and 0 <= part <= 1 for part in value):
        return None
    return float(value[0]), float(value[1])


Polygons = Annotated[tuple[Polygon, ...], BeforeValidator(_read_polygons)]
