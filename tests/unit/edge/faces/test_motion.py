"""The motion map notices people, and neither noise nor light."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_lambda.faces.motion import COLUMNS, ROWS, MotionMap, cells_of

WIDTH, HEIGHT = 1920, 1080
LEVEL = 90
PATCH = (slice(300, 500), slice(700, 900))


@pytest.fixture
def room() -> NDArray[np.uint8]:
    """Return a room with some texture."""
    blocks = np.random.default_rng(1).integers(40, 140, (27, 48), dtype=np.uint8)
    return np.kron(blocks, np.ones((40, 40), np.uint8))


@pytest.fixture
def calm() -> MotionMap:
    """Return a map that has seen a plain wall for four seconds."""
    motion = MotionMap()
    for _ in range(100):
        moved = motion.update(wall())
    assert not moved.any()
    return motion


def wall(patch_change: float = 0.0, level: float = LEVEL) -> NDArray[np.uint8]:
    """Return a plain wall; a patch of it has another grey level."""
    grey = np.full((HEIGHT, WIDTH), round(level), np.uint8)
    grey[PATCH] = round(level + patch_change)
    return grey


def noisy(rng: np.random.Generator, deviation: float, patch_change: float = 0) -> NDArray[np.uint8]:
    # The map looks at one pixel of each cell, so the others need no noise.
    noise = np.kron(rng.normal(0, deviation, (ROWS, COLUMNS)), np.ones((20, 20)))
    return np.clip(wall(patch_change) + noise, 0, 255).round().astype(np.uint8)


def test_everything_moves_in_the_first_frame_and_after_a_reset(room: NDArray[np.uint8]) -> None:
    motion = MotionMap()
    assert motion.update(room).shape == (ROWS, COLUMNS)
    assert not motion.update(room).any()
    motion.reset()
    assert motion.update(room).all()
    assert not motion.update(room).any()


@pytest.mark.parametrize("shape", [(90, 160), (360, 640), (1920, 1080), (2160, 3840), (20, 30)])
def test_frames_of_any_size_have_the_same_cells(shape: tuple[int, int]) -> None:
    motion = MotionMap()
    motion.update(np.zeros(shape, np.uint8))
    grey = np.zeros(shape, np.uint8)
    grey[: shape[0] // 2, shape[1] // 2 :] = 200
    moved = motion.update(grey)
    quarter = moved[: ROWS // 2 - 2, COLUMNS // 2 + 3 :]
    assert quarter.all() and moved.sum() < ROWS * COLUMNS / 3.5


def test_motion_is_noticed_where_it_is(calm: MotionMap) -> None:
    moved = calm.update(wall(60))
    rows, columns = np.nonzero(moved)
    assert (rows.min(), rows.max()) == (15, 24)
    assert (columns.min(), columns.max()) == (35, 44)
    assert moved.sum() == 100


def test_thing_a_48th_of_the_width_is_noticed_at_every_place(room: NDArray[np.uint8]) -> None:
    motion = MotionMap()
    motion.update(room)
    for offset in range(0, 41, 3):  # passes two cells
        grey = room.copy()
        grey[500 + offset : 540 + offset, 1000 + offset : 1040 + offset] = 250
        motion.update(room)
        assert motion.update(grey).any(), offset


def test_single_cell_is_noise(calm: MotionMap) -> None:
    grey = wall()
    grey[500:520, 1000:1020] = 250
    assert not calm.update(grey).any()


@pytest.mark.parametrize(("change", "is_motion"), [(10, False), (14, True), (-14, True)])
def test_change_is_motion_when_the_noise_of_a_good_camera_stays_below(
    calm: MotionMap, change: float, is_motion: bool
) -> None:
    assert calm.update(wall(change)).any() == is_motion


@pytest.mark.parametrize(("change", "is_motion"), [(14, False), (18, True)])
def test_change_must_be_larger_while_the_noise_is_not_known(change: float, is_motion: bool) -> None:
    motion = MotionMap()
    motion.update(wall())
    assert motion.update(wall(change)).any() == is_motion


def test_noise_is_no_motion_after_two_seconds_and_somebody_in_the_noise_is() -> None:
    motion, rng = MotionMap(), np.random.default_rng(2)
    for _ in range(50):
        motion.update(noisy(rng, 8))
    cells = [motion.update(noisy(rng, 8)).sum() for _ in range(60)]
    assert np.mean(cells) < 1
    moved = motion.update(noisy(rng, 8, 30))
    assert moved[15:25, 35:45].mean() > 0.5


@pytest.mark.parametrize(
    ("per_frame", "is_motion"),
    [(2.5, False), (-2.5, False), (3.2, True)],
    ids=["dawn", "dusk", "somebody"],
)
def test_slow_light_is_no_motion(calm: MotionMap, per_frame: float, is_motion: bool) -> None:
    levels = [LEVEL + per_frame * count for count in range(1, 36)]
    moved = [calm.update(wall(level=level)).any() for level in levels]
    assert any(moved) == is_motion


def frames_with_motion(motion: MotionMap, grey_at: Callable[[int], NDArray[np.uint8]]) -> list[int]:
    return [number for number in range(1, 101) if motion.update(grey_at(number)).any()]


def test_flicker_is_known_as_noise_after_ten_frames(calm: MotionMap) -> None:
    frames = frames_with_motion(calm, lambda number: wall(60 * (number % 2)))
    assert frames[-1] == pytest.approx(11, abs=1)


def test_strong_flicker_is_no_motion_in_the_long_run_but_somebody_before_it_is(
    calm: MotionMap,
) -> None:
    frames = frames_with_motion(calm, lambda number: wall(125 * (number % 2), 60))
    assert frames[-1] < 60
    assert calm.update(wall(147, 60)).any()


def test_somebody_who_stops_is_no_motion_half_a_second_later(calm: MotionMap) -> None:
    assert frames_with_motion(calm, lambda _: wall(60))[-1] <= 12


def test_shaking_camera_moves_edges_only_and_is_noise_after_two_seconds(
    room: NDArray[np.uint8],
) -> None:
    motion, rng = MotionMap(), np.random.default_rng(3)
    for _ in range(25):
        motion.update(room)
    shares = [motion.update(np.roll(room, rng.integers(-4, 5), 1)).mean() for _ in range(150)]
    assert max(shares) < 0.35
    assert np.mean(shares[50:]) < 0.02


@pytest.mark.parametrize(
    ("box", "rows", "columns"),
    [
        ((0.0, 0.0, 1.0, 1.0), (0, ROWS), (0, COLUMNS)),
        ((0.25, 0.5, 0.25, 0.25), (27, 41), (24, 48)),
        ((0.251, 0.501, 0.01, 0.01), (27, 28), (24, 26)),  # touched cells count
        ((-0.5, -0.5, 0.6, 0.6), (0, 6), (0, 10)),
        ((0.9, 0.9, 0.5, 0.5), (48, ROWS), (86, COLUMNS)),
        ((-0.5, -0.5, 0.2, 0.2), (0, 0), (0, 0)),
    ],
)
def test_box_touches_cells(
    box: tuple[float, float, float, float], rows: tuple[int, int], columns: tuple[int, int]
) -> None:
    moved = np.zeros((ROWS, COLUMNS), np.bool_)
    moved[cells_of(box)] = True
    expected = np.zeros((ROWS, COLUMNS), np.bool_)
    expected[slice(*rows), slice(*columns)] = True
    assert (moved == expected).all()
