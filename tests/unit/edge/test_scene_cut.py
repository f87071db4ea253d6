from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_lambda.faces.scene_cut import SceneCutDetector

BLOCKS, BLOCK_PX = (9, 16), 40


def pattern(seed: int) -> NDArray[np.float64]:
    """Return random blocks with mean 0 and standard deviation 1; float64 (9, 16)."""
    blocks = np.random.default_rng(seed).uniform(-1, 1, BLOCKS)
    return (blocks - blocks.mean()) / blocks.std()


def picture(blocks: NDArray[np.float64], contrast: float = 50.0) -> NDArray[np.uint8]:
    """Return a frame of 640 x 360 px with mean grey 128 and this standard deviation."""
    levels = np.clip(128 + contrast * blocks, 0, 255)
    return np.kron(levels, np.ones((BLOCK_PX, BLOCK_PX))).round().astype(np.uint8)


def scene(seed: int) -> NDArray[np.uint8]:
    return picture(pattern(seed))


def cuts(*frames: NDArray[np.uint8]) -> list[bool]:
    detector = SceneCutDetector()
    return [detector.is_cut(frame) for frame in frames]


def test_cut_is_detected_when_the_scene_changes() -> None:
    assert cuts(scene(1), scene(1), scene(2), scene(2)) == [False, False, True, False]


def test_cut_is_detected_when_black_frames_lie_between() -> None:
    black = np.full((360, 640), 16, dtype=np.uint8)
    assert cuts(scene(1), black, black, scene(2)) == [False, False, False, True]
    assert cuts(scene(1), black, scene(1)) == [False, False, False]


def test_cut_is_detected_when_the_frame_size_changes_too() -> None:
    assert cuts(scene(1), scene(1)[::2, ::2], scene(2)[::2, ::2]) == [False, False, True]


@pytest.mark.parametrize("gain", [0.3, 0.5, 1.5])
def test_no_cut_is_detected_when_the_light_changes(gain: float) -> None:
    dim = np.clip(scene(1) * gain, 0, 255).astype(np.uint8)
    assert cuts(scene(1), dim, scene(1)) == [False, False, False]


def test_no_cut_is_detected_when_the_picture_is_noisy_or_moves() -> None:
    rng = np.random.default_rng(0)
    room = scene(1)
    moved = np.roll(room, 6, axis=1)
    noisy = np.clip(room + rng.normal(0, 30, room.shape), 0, 255).astype(np.uint8)
    assert cuts(room, moved, noisy, room) == [False] * 4


# Frames of one hand-held photo correlate above 0.68, frames of two photos below 0.55.
@pytest.mark.parametrize(("correlation", "is_cut"), [(0.68, False), (0.55, True)])
def test_cut_is_detected_when_frames_correlate_as_little_as_two_photos(
    correlation: float, is_cut: bool
) -> None:
    before, other = pattern(1), pattern(2)
    other -= (before * other).mean() * before  # not correlated at all
    after = correlation * before + np.sqrt(1 - correlation**2) * other / other.std()
    assert cuts(picture(before), picture(after)) == [False, is_cut]


@pytest.mark.parametrize(("difference", "is_cut"), [(15, False), (25, True)])
def test_no_cut_is_detected_when_grey_levels_differ_by_less_than_noise_in_the_dark(
    difference: float, is_cut: bool
) -> None:
    before, after = pattern(1), pattern(2)
    contrast = difference / np.abs(after - before).mean()
    assert cuts(picture(before, contrast), picture(after, contrast)) == [False, is_cut]


@pytest.mark.parametrize(("contrast", "is_cut"), [(5, False), (7, True)])
def test_frame_is_skipped_when_it_has_hardly_any_contrast(contrast: float, is_cut: bool) -> None:
    washed_out = picture(pattern(2), contrast)
    assert cuts(scene(1), washed_out, scene(1)) == [False, is_cut, is_cut]


@pytest.mark.parametrize("size", [(1, 1), (2, 300), (20, 20)])
def test_no_cut_is_detected_when_frames_are_tiny(size: tuple[int, int]) -> None:
    frame = np.random.default_rng(0).integers(0, 255, size, dtype=np.uint8)
    assert cuts(frame, frame) == [False, False]


@pytest.mark.parametrize("kept", [np.s_[:, :5], np.s_[:, -5:], np.s_[:3], np.s_[-3:]])
def test_cut_is_detected_when_only_a_third_of_the_frame_stays(kept: tuple[slice, ...]) -> None:
    before, after = pattern(1), pattern(2)
    mostly_before = before.copy()
    mostly_before[kept] = after[kept]
    after[kept] = before[kept]
    assert cuts(picture(before), picture(after)) == [False, True]
    assert cuts(picture(before), picture(mostly_before)) == [False, False]
