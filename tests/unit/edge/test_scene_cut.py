from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_lambda.faces.scene_cut import SceneCutDetector


def scene(seed: int) -> NDArray[np.uint8]:
    """Return soft random shapes, as large as those of a room."""
    coarse = np.random.default_rng(seed).uniform(20, 235, (9, 16))
    return np.kron(coarse, np.ones((40, 40))).astype(np.uint8)


def cuts(*frames: NDArray[np.uint8]) -> list[bool]:
    detector = SceneCutDetector()
    return [detector.is_cut(frame) for frame in frames]


def test_cut_is_noticed_when_scene_changes() -> None:
    assert cuts(scene(1), scene(1), scene(2), scene(2)) == [False, False, True, False]


def test_cut_is_noticed_when_black_frames_lie_between() -> None:
    black = np.full((360, 640), 16, dtype=np.uint8)
    assert cuts(scene(1), black, black, scene(2)) == [False, False, False, True]
    assert cuts(scene(1), black, scene(1)) == [False, False, False]


def test_cut_is_noticed_when_frame_size_changes_too() -> None:
    assert cuts(scene(1), scene(1)[::2, ::2], scene(2)[::2, ::2]) == [False, False, True]


@pytest.mark.parametrize("gain", [0.3, 0.5, 1.5])
def test_light_that_changes_is_no_cut(gain: float) -> None:
    dim = np.clip(scene(1) * gain, 0, 255).astype(np.uint8)
    assert cuts(scene(1), dim, scene(1)) == [False, False, False]


def test_noise_and_motion_are_no_cut() -> None:
    rng = np.random.default_rng(0)
    room = scene(1)
    moved = np.roll(room, 6, axis=1)
    noisy = np.clip(room + rng.normal(0, 30, room.shape), 0, 255).astype(np.uint8)
    assert cuts(room, moved, noisy, room) == [False] * 4
