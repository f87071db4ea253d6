"""The state of the camera on frames of the bundled clip, as they are and altered."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable

import numpy as np
import pytest

from edge_lambda.health.camera_state import CameraWatch
from tests.helpers import camera_faults as faults
from tests.helpers.camera_faults import Grey, clip_frames


class Camera:
    """Shows frames to a watch, one per second, and keeps its states."""

    def __init__(self) -> None:
        self.watch = CameraWatch()
        self.now_s = 0.0
        self.states: list[str] = []

    def show(self, frames: Iterable[Grey], seconds: int, is_limited_range: bool = True) -> str:
        for grey in itertools.islice(itertools.cycle(frames), seconds):
            assert self.watch.is_due(self.now_s)
            self.watch.look(grey, is_limited_range, self.now_s)
            self.states.append(self.watch.state)
            self.now_s += 1
        return self.watch.state

    def wait(self, seconds: int) -> str:
        for _ in range(seconds):
            self.watch.miss(self.now_s)
            self.now_s += 1
        return self.watch.state


@pytest.fixture
def camera() -> Camera:
    return Camera()


def altered(change: Callable[[Grey], np.ndarray], noise: float = 3.0) -> list[Grey]:
    return [
        faults.with_noise(change(grey), noise, seed) for seed, grey in enumerate(clip_frames()[:6])
    ]


def test_camera_is_ok_when_it_shows_the_clip(camera: Camera) -> None:
    camera.show(clip_frames(), 120)
    assert camera.states[:2] == ["starting"] * 2
    assert set(camera.states[2:]) == {"ok"}


def test_states_change_after_they_have_lasted(camera: Camera) -> None:
    camera.show(clip_frames(), 30)
    camera.show(altered(lambda grey: faults.exposed(grey, 0.05)), 9)
    assert camera.show(clip_frames(), 5) == "ok"  # somebody switched the light off and on
    assert set(camera.states[2:]) == {"ok"}
    dark = altered(lambda grey: faults.exposed(grey, 0.05))
    assert (camera.show(dark, 10), camera.show(dark, 1)) == ("ok", "too_dark")
    assert (camera.show(clip_frames(), 2), camera.show(clip_frames(), 1)) == ("too_dark", "ok")


@pytest.mark.parametrize(
    ("factor", "noise", "state"),
    [
        (0.15, 3, "too_dark"),
        (0.2, 8, "ok"),
        (0.3, 3, "ok"),
        (0.08, 3, "too_dark"),
        (0.02, 8, "too_dark"),
    ],
)
def test_camera_is_too_dark_below_a_sixth_of_the_exposure(
    camera: Camera, factor: float, noise: float, state: str
) -> None:
    assert camera.show(altered(lambda grey: faults.exposed(grey, factor), noise), 15) == state


@pytest.mark.parametrize(("factor", "state"), [(1.3, "ok"), (2.5, "too_bright"), (4, "too_bright")])
def test_camera_is_too_bright_when_most_of_the_picture_is_white(
    camera: Camera, factor: float, state: str
) -> None:
    assert camera.show(altered(lambda grey: faults.exposed(grey, factor), 0), 15) == state


def test_levels_depend_on_the_range_of_the_video(camera: Camera) -> None:
    dim = [grey - 16 for grey in altered(lambda grey: faults.exposed(grey, 0.08))]
    assert camera.show(dim, 15, is_limited_range=False) == "too_dark"
    full = [np.full_like(dim[0], 250)]
    assert Camera().show(full, 15, is_limited_range=False) == "too_bright"
    assert Camera().show([np.full_like(dim[0], 235)], 15, is_limited_range=False) == "covered"


@pytest.mark.parametrize(
    "frames",
    [
        [faults.finger(seed=seed) for seed in range(3)],
        [faults.finger(noise=8, seed=seed) for seed in range(3)],
        [faults.tape(60, noise=8, seed=seed) for seed in range(3)],
        [faults.tape(50, seed=seed) for seed in range(3)],
        [faults.tape(180)],
    ],
    ids=["finger", "finger in noise", "tape in noise", "dark tape", "white paper without noise"],
)
def test_camera_is_covered_when_light_comes_through_without_structure(
    camera: Camera, frames: list[Grey]
) -> None:
    camera.show(clip_frames(), 20)
    assert camera.show(frames, 11) == "covered"
    assert camera.show(frames, 70) == "covered"  # though it hardly changes


@pytest.mark.parametrize("noise", [0, 1, 4, 12])
def test_covered_lens_in_the_dark_and_night_are_both_too_dark(camera: Camera, noise: float) -> None:
    camera.show(clip_frames(), 20)
    assert camera.show([faults.tape(17, noise, seed) for seed in range(3)], 80) == "too_dark"
    assert camera.show([faults.night(noise, seed) for seed in range(3)], 80) == "too_dark"


def test_camera_is_out_of_focus_when_it_was_sharper_before(camera: Camera) -> None:
    camera.show(clip_frames(), 90)
    soft = altered(lambda grey: faults.blurred(grey, 6))
    assert camera.show(soft, 30) == "ok"  # cameras may need a while to focus
    assert camera.show(soft, 600) == "out_of_focus"  # and it does not get used to it
    assert camera.show(clip_frames(), 3) == "ok"


def test_slight_blur_darkness_and_coarse_encoding_are_not_out_of_focus(camera: Camera) -> None:
    camera.show(clip_frames(), 90)
    assert camera.show(altered(lambda grey: faults.blurred(grey, 2)), 45) == "ok"
    assert camera.show(altered(lambda grey: faults.exposed(grey, 0.2)), 45) == "ok"
    assert camera.show(faults.encoded(clip_frames()[:6], 40, 1), 45) == "ok"


def test_camera_without_a_sharper_past_is_ok(camera: Camera) -> None:
    assert camera.show(altered(lambda grey: faults.blurred(grey, 6)), 120) == "ok"


def test_camera_is_frozen_when_the_picture_stays_the_same(camera: Camera) -> None:
    camera.show(clip_frames(), 10)
    still = clip_frames()[9]
    assert camera.show([still], 59) == "ok"
    assert camera.show([still], 1) == "frozen"
    assert camera.show(clip_frames(), 3) == "ok"


def test_camera_is_frozen_though_it_draws_a_clock_into_the_picture(camera: Camera) -> None:
    pictures = []
    for second in range(10):
        grey = clip_frames()[9].copy()
        grey[20:50, 1100:1160] = 16 + second * 20
        pictures.append(grey)
    assert camera.show(pictures, 65) == "frozen"


def test_empty_room_is_not_frozen_though_an_encoder_removes_its_noise(camera: Camera) -> None:
    scene = clip_frames()[9][::2, ::2]
    room = [faults.with_noise(scene, 1, seed) for seed in range(120)]
    seconds = faults.encoded(room, 30)
    still = [float(np.mean(one == other)) for one, other in itertools.pairwise(seconds)]
    assert sum(share > 0.99 for share in still) > 20, "expected seconds without any change"
    assert camera.show(seconds, 120) == "ok"


def test_camera_is_unplugged_when_frames_stop(camera: Camera) -> None:
    camera.show(clip_frames(), 10)
    assert camera.wait(2) == "ok"
    assert camera.wait(1) == "unplugged"
    assert camera.show(clip_frames(), 1) == "starting"
    assert camera.show(clip_frames(), 2) == "ok"


def test_camera_is_unplugged_when_no_frame_ever_comes(camera: Camera) -> None:
    assert camera.wait(4) == "unplugged"


def test_one_frame_a_second_is_looked_at() -> None:
    watch = CameraWatch()
    due = []
    for frame in range(75):
        due.append(watch.is_due(frame / 25))
        if due[-1]:
            watch.look(clip_frames()[0], True, frame / 25)
    assert sum(due) == 3


@pytest.mark.parametrize("shape", [(1, 1), (2, 500), (8, 8), (40, 9), (90, 160), (1080, 1920)])
def test_pictures_of_any_size_have_a_state(shape: tuple[int, int]) -> None:
    watch = CameraWatch()
    pixels = np.random.default_rng(0).integers(16, 235, (2, *shape), np.uint8)
    for second in range(40):
        watch.look(pixels[second % 2], True, float(second))
    assert watch.state in {"ok", "covered", "too_dark"}
