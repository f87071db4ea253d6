"""How far the picture moves when the camera shakes or turns."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from edge_lambda.faces.camera_motion import CameraMotion

WIDTH, HEIGHT = 1280, 720
MOVING = 10.0  # grey levels


@pytest.fixture(scope="module")
def panorama() -> NDArray[np.uint8]:
    cells = np.random.default_rng(2).integers(40, 200, (20, 34), dtype=np.uint8)
    size = (WIDTH + 400, HEIGHT + 400)
    return np.asarray(Image.fromarray(cells).resize(size, Image.Resampling.BICUBIC))


def view(panorama: NDArray[np.uint8], left: int, top: int) -> NDArray[np.uint8]:
    return panorama[200 + top : 200 + top + HEIGHT, 200 + left : 200 + left + WIDTH]


def shift_px(camera: CameraMotion, grey: NDArray[np.uint8], now_ms: float) -> tuple[float, float]:
    dx, dy = camera.update(grey, MOVING, now_ms)
    return dx * WIDTH, dy * HEIGHT


@pytest.mark.parametrize(
    ("right", "down"), [(12, 0), (0, -9), (-25, 14), (31, -22), (70, 40), (-5, 7)]
)
def test_picture_moves_against_the_camera(
    right: int, down: int, panorama: NDArray[np.uint8]
) -> None:
    camera = CameraMotion()
    assert shift_px(camera, view(panorama, 0, 0), 0) == (0, 0)
    moved = shift_px(camera, view(panorama, right, down), 40)
    assert moved == pytest.approx((-right, -down), abs=2.5)


def test_motion_is_found_despite_noise_and_changing_light(panorama: NDArray[np.uint8]) -> None:
    rng = np.random.default_rng(1)
    camera = CameraMotion()
    shift_px(camera, view(panorama, 0, 0), 0)
    noisy = view(panorama, 18, -12) * 0.9 + 12 + rng.normal(0, 6, (HEIGHT, WIDTH))
    moved = shift_px(camera, noisy.clip(0, 255).astype(np.uint8), 40)
    assert moved == pytest.approx((-18, 12), abs=2)


def test_somebody_who_walks_by_is_no_motion_of_the_camera(panorama: NDArray[np.uint8]) -> None:
    camera = CameraMotion()
    for index in range(8):
        frame = view(panorama, 0, 0).copy()
        frame[100:, 100 + 60 * index : 500 + 60 * index] = 220
        assert shift_px(camera, frame, index * 200) == (0, 0)


def test_turn_that_is_too_fast_is_not_followed(panorama: NDArray[np.uint8]) -> None:
    camera = CameraMotion()
    shift_px(camera, view(panorama, 0, 0), 0)
    dx, _ = shift_px(camera, view(panorama, 160, 0), 40)
    assert dx == 0


@pytest.mark.parametrize(("change", "is_compared"), [(1.4, False), (2.6, True)])
def test_frames_are_compared_only_when_enough_has_changed(
    change: float, is_compared: bool, panorama: NDArray[np.uint8]
) -> None:
    camera = CameraMotion()
    camera.update(view(panorama, 0, 0), change, 0)
    assert (camera.update(view(panorama, 20, 0), change, 40) != (0, 0)) == is_compared


@pytest.mark.parametrize(("after_ms", "is_compared"), [(80, False), (160, True)])
def test_camera_that_stood_still_is_not_compared_for_a_while(
    after_ms: float, is_compared: bool, panorama: NDArray[np.uint8]
) -> None:
    camera = CameraMotion()
    shift_px(camera, view(panorama, 0, 0), 0)
    assert shift_px(camera, view(panorama, 0, 0), 40) == (0, 0)
    moved = shift_px(camera, view(panorama, 20, 0), 40 + after_ms)
    assert (moved != (0, 0)) == is_compared


def test_first_frame_and_frames_of_another_size_have_no_motion(
    panorama: NDArray[np.uint8],
) -> None:
    camera = CameraMotion()
    shift_px(camera, view(panorama, 0, 0), 0)
    assert shift_px(camera, view(panorama, 20, 0)[:360], 40) == (0, 0)
    camera.reset()
    assert shift_px(camera, view(panorama, 40, 0), 80) == (0, 0)


def test_tiny_and_plain_frames_do_no_harm() -> None:
    camera = CameraMotion()
    for size in ((1, 1), (9, 16), (90, 160)):
        for level in (0, 90, 255):
            assert camera.update(np.full(size, level, np.uint8), MOVING, 0) == (0, 0)
