"""Zones in a settings file, and what is said about wrong ones."""

from __future__ import annotations

import pytest

from edge_lambda.config import load_config
from edge_lambda.errors import ConfigError

SQUARE = [[0, 0], [1, 0], [1, 1], [0, 1]]
SHAPE = "polygon 1: expected points [x, y] with numbers from 0 to 1"
SIDES = "polygon 1: expected sides that do not cross or touch, and no point twice"


@pytest.mark.parametrize(
    ("zones", "problem"),
    [
        ("left", "expected a list of polygons, each a list of [x, y]"),
        ([SQUARE] * 17, "expected at most 16 polygons"),
        ([3], SHAPE),
        ([[]], SHAPE),
        ([[[0, 0], [1, 0], [1, 2]]], SHAPE),
        ([[[0, 0], [1, 0], [1, True]]], SHAPE),
        ([[[0, 0], [1, 0], [float("nan"), 0]]], SHAPE),
        ([[[0, 0], [1, 0], [1]]], SHAPE),
        ([SQUARE[:2]], "polygon 1: expected 3 to 32 points"),
        ([SQUARE, [[index / 40, index % 2] for index in range(33)]], "polygon 2: expected 3 to 32"),
        ([[[0, 0], [1, 1], [1, 0], [0, 1]]], SIDES),
        ([[[0, 0], [1, 0], [1, 1], [1, 0]]], SIDES),
        ([[[0, 0], [1, 0], [0.5, 0], [0.5, 1]]], SIDES),
        ([[[0, 0], [1, 0], [1, 1], [0.5, 0], [0, 1]]], SIDES),
        ([[[0, 0], [1, 0], [1, 0.0001]]], "polygon 1: expected an area"),
    ],
)
def test_wrong_zone_is_refused_with_its_number_and_fault(zones: object, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(None, {"source": "0", "zones.ignore": zones})
    assert str(caught.value).startswith(f"zones.ignore: {problem}")


def test_zones_are_polygons_of_numbers() -> None:
    config = load_config(None, {"source": "0", "zones.include": [SQUARE]})
    assert config.zones.include == (((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)),)
    assert config.zones.ignore == ()
