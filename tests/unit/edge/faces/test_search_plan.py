"""When which part of the frame is searched."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_lambda.faces.motion import COLUMNS, ROWS
from edge_lambda.faces.search_plan import Region, SearchPlan

FRAME_MS = 40.0
NOTHING = np.zeros((ROWS, COLUMNS), dtype=np.bool_)


def motion_at(x: float, y: float) -> NDArray[np.bool_]:
    moved = NOTHING.copy()
    moved[int(y * ROWS), int(x * COLUMNS)] = True
    return moved


def searched_plan(width: int = 1920, height: int = 1080, min_face_px: float = 0) -> SearchPlan:
    """Return a plan whose regions were all searched at 0 ms, after which nothing moved."""
    plan = SearchPlan(width, height, min_face_px)
    for region in plan.regions:
        plan.searched(region, 0.0, found=True)
    return plan


def test_everything_is_searched_one_region_a_frame_at_the_start() -> None:
    plan = SearchPlan(1920, 1080)
    searched = []
    for frame in range(len(plan.regions)):
        (region,) = plan.overdue(frame * FRAME_MS)
        plan.searched(region, frame * FRAME_MS)
        searched.append(region)
    assert searched == plan.regions  # the whole frame first
    assert plan.overdue(len(plan.regions) * FRAME_MS) == []


@pytest.mark.parametrize(
    ("size", "min_face_px", "smallest_px"),
    [((1920, 1080), 0, 38.4), ((1280, 720), 24, 25.6), ((720, 1280), 24, 25.6),
     ((1280, 720), 40, 40), ((3840, 2160), 24, 76.8)],
)  # fmt: skip
def test_smallest_face_is_wide_enough_in_a_tile(
    size: tuple[int, int], min_face_px: float, smallest_px: float
) -> None:
    _, *tiles = SearchPlan(*size, min_face_px).regions
    for tile in tiles:
        assert smallest_px / tile.width == pytest.approx(0.065, rel=0.02)


def test_wide_frame_needs_eight_tiles() -> None:
    for size in ((1920, 1080), (1280, 720), (3840, 2160), (1080, 1920)):
        assert len(SearchPlan(*size, 24).regions) == 1 + 8


def test_no_tiles_are_needed_when_the_whole_frame_shows_as_much() -> None:
    (whole,) = SearchPlan(320, 240, 24).regions
    assert whole.is_whole


def test_face_that_the_whole_frame_shows_too_small_lies_inside_a_tile() -> None:
    side = 40 / 0.065
    width = round(side * 1.88)  # two tiles would hardly overlap
    _, *tiles = SearchPlan(width, width, 40).regions
    face = 0.14 * side
    for x in np.arange(0, width - face, 5):
        assert any(tile.x <= x and x + face <= tile.x + tile.width for tile in tiles), x


@pytest.mark.parametrize(("waited_ms", "is_due"), [(200, False), (260, True)])
def test_motion_waits_a_quarter_of_a_second_since_the_last_search(
    waited_ms: float, is_due: bool
) -> None:
    plan = searched_plan()
    plan.note_motion(motion_at(0.1, 0.1), 20)
    assert (plan.moved(waited_ms) is not None) == is_due


def test_motion_that_was_searched_is_forgotten() -> None:
    plan = searched_plan()
    plan.note_motion(motion_at(0.1, 0.1), 20)
    for region in plan.regions:
        plan.searched(region, 300)
    assert plan.moved(1500) is None


def test_motion_is_searched_where_it_is_and_the_longest_unsearched_region_comes_first() -> None:
    plan = searched_plan()
    whole, *tiles = plan.regions
    plan.searched(tiles[0], 100, found=True)
    plan.note_motion(motion_at(0.02, 0.02), 150)
    assert [region for region in plan.regions if region.has_moved] == [whole, tiles[0]]
    assert plan.moved(400) is whole
    plan.searched(whole, 400, found=True)
    assert plan.moved(440) is tiles[0]
    plan.searched(tiles[0], 440)
    assert plan.moved(5000) is None


def searches_while_something_moves(plan: SearchPlan, region: Region, end_ms: float) -> list[float]:
    """Return when a region is searched if something moves in every frame and nobody is found."""
    searches = []
    for now_ms in np.arange(0, end_ms, FRAME_MS):
        plan.note_motion(~NOTHING, now_ms)
        for other in plan.regions:
            if other is not region:
                other.searched_ms, other.has_moved = now_ms, False
        if plan.moved(now_ms) is region:
            plan.searched(region, now_ms)
            searches.append(float(now_ms))
    return searches


@pytest.mark.parametrize(("number", "longest_ms"), [(0, 500), (1, 1500)])
def test_wait_doubles_up_to_a_limit_while_nobody_new_is_found(
    number: int, longest_ms: float
) -> None:
    plan = SearchPlan(1920, 1080)
    waits = np.diff(searches_while_something_moves(plan, plan.regions[number], 15_000))
    assert waits[0] == pytest.approx(480, abs=FRAME_MS)
    assert (np.diff(waits) >= -FRAME_MS).all()
    assert waits[-1] == pytest.approx(longest_ms, abs=FRAME_MS)


def test_wait_is_short_again_after_somebody_was_found() -> None:
    plan = SearchPlan(1920, 1080)
    tile = plan.regions[1]
    searches_while_something_moves(plan, tile, 15_000)
    plan.searched(tile, 15_000, found=True)
    plan.note_motion(motion_at(0.02, 0.02), 15_100)
    assert tile.wait_ms < 260


@pytest.mark.parametrize(("calm_ms", "is_short"), [(800, False), (1200, True)])
def test_wait_is_short_again_after_a_second_of_calm(calm_ms: float, is_short: bool) -> None:
    plan = SearchPlan(1920, 1080)
    tile = plan.regions[1]
    searches_while_something_moves(plan, tile, 15_000)
    assert tile.wait_ms > 1000
    plan.note_motion(motion_at(0.02, 0.02), tile.moved_ms + calm_ms)
    assert (tile.wait_ms < 260) == is_short


@pytest.mark.parametrize(
    ("gaps_ms", "more_often"),
    [((40,), 1.1), ((40, 40, 40, 80), 1.1), ((100,), 1.2), ((40,) * 9 + (120,), 1.1),
     ((15, 25), 1.1), ((700,), 1.6)],
    ids=["25 fps", "lost frames", "10 fps", "late frames", "50 fps", "1.4 fps"],
)  # fmt: skip
def test_everything_is_searched_every_two_seconds_and_hardly_more_often_when_nothing_moves(
    gaps_ms: tuple[float, ...], more_often: float
) -> None:
    plan, now_ms, searches = SearchPlan(1920, 1080), 0.0, 0
    for turn in range(1500):
        now_ms += gaps_ms[turn % len(gaps_ms)]
        if now_ms > 4000:
            assert now_ms - min(region.searched_ms for region in plan.regions) <= 2000
        for region in plan.overdue(now_ms):
            plan.searched(region, now_ms)
            searches += 1
    assert searches / len(plan.regions) < more_often * now_ms / 2000 + 2


def test_everything_is_searched_in_time_when_any_one_frame_is_lost() -> None:
    frame_ms = 37.0
    for lost in range(100, 170):
        plan = SearchPlan(1920, 1080)
        for number in range(240):
            if number == lost:
                continue
            now_ms = number * frame_ms
            if number > len(plan.regions):
                oldest_ms = min(region.searched_ms for region in plan.regions)
                assert now_ms - oldest_ms <= 2000, (lost, number)
            for region in plan.overdue(now_ms):
                plan.searched(region, now_ms)


def test_everything_is_searched_again_after_a_scene_cut() -> None:
    plan = searched_plan()
    plan.overdue(100)
    plan.restart()
    assert all(region.searched_ms == -math.inf and region.has_moved for region in plan.regions)
    (region,) = plan.overdue(140)
    assert region.is_whole
    assert plan.moved(140) is not None
