"""Checks of the camera: it opens, gives enough frames, and its picture shows something."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import closing

from edge_lambda.app import make_attention, make_rules
from edge_lambda.camera import FrameSource, open_source
from edge_lambda.camera.address import parse_address
from edge_lambda.config import EdgeConfig
from edge_lambda.counted import counted
from edge_lambda.doctor.check import Check, failed, ok, skipped
from edge_lambda.errors import EdgeError
from edge_lambda.faces.vision import SmileVision
from edge_lambda.health.clock_gate import ClockGate
from edge_lambda.health.vitals import Vitals
from edge_lambda.loop import EdgeLoop
from edge_lambda.settings import SmileSettings
from edge_lambda.smiles.event_maker import EventMaker
from smile_contract import CameraState, Model, SmileEvent
from smile_vision.errors import VisionError

# A camera that is too dark or covered is found after ten seconds.
_WATCH_S, _LONGEST_WATCH_S = 5.0, 13.0
_FRAMES_PER_SMILE = 4
_LIGHT_ADVICE: dict[CameraState, tuple[str, str]] = {
    "too_dark": ("the picture is too dark", "turn on a light, or take the cap off the lens"),
    "too_bright": ("the picture is white", "turn the camera away from the light"),
    "covered": ("the picture has no structure", "uncover the lens, or turn the camera"),
    "frozen": ("the picture does not change", "restart the camera"),
    "out_of_focus": ("the picture is out of focus", "focus the camera, clean its lens"),
}


def check_camera(config: EdgeConfig) -> Iterator[Check]:
    """Run the device on its camera for some seconds; the events go nowhere."""
    try:
        label = parse_address(config.source).label
        with closing(open_source(config.source, config.camera)) as source:
            watch = _Watch(config, source)
            watch.run()
            yield from _results(config, label, source, watch)
    except (EdgeError, VisionError) as error:
        reason = str(error).removeprefix("source: ")
        yield failed("camera", reason, "connect the camera, or correct the source")


class _Nowhere:
    """Takes events and forgets them."""

    def publish(self, event: SmileEvent) -> None:
        """Forget an event."""

    def note(self, smiles: Sequence[SmileEvent]) -> None:
        """Forget the state of smiles."""


class _Watch:
    """The loop of the device, for some seconds after the first frame."""

    def __init__(self, config: EdgeConfig, source: FrameSource) -> None:
        self._source = source
        self._wait_s = config.camera.open_timeout_s + _WATCH_S
        self._started_s = time.monotonic()
        self._first_s: float | None = None
        vision = SmileVision()
        rules = make_rules(config, vision)
        model = Model(vision.card.sha256, rules.threshold_on, rules.threshold_off)
        self.vitals = Vitals(source)
        self._loop = EdgeLoop(
            source,
            vision=vision,
            attention=make_attention(vision, config.vision, config.track),
            rules=rules,
            events=EventMaker(config.device_id, model, source.time_at),
            gate=ClockGate(_Nowhere(), follows_clock=False),
            vitals=self.vitals,
        )
        self.elapsed_s = 0.0

    def run(self) -> None:
        """Watch until the state of the camera is known, or for the longest time."""
        self._loop.run(self._is_done)
        if self._first_s is not None:
            self.elapsed_s = max(time.monotonic() - self._first_s, 1e-3)

    def _is_done(self) -> bool:
        now_s = time.monotonic()
        if self._first_s is None:
            if self.vitals.frames:
                self._first_s = now_s
            return now_s - self._started_s >= self._wait_s
        is_known = self.vitals.camera not in {"starting", "unplugged"}
        return now_s - self._first_s >= (_WATCH_S if is_known else _LONGEST_WATCH_S)


def _results(config: EdgeConfig, label: str, source: FrameSource, watch: _Watch) -> Iterator[Check]:
    frames = watch.vitals.frames
    if not frames:
        reason = source.problem or f"{label} sends no frame"
        advice = "check its cable, power and address, and that no other program uses it"
        yield failed("camera", reason.removeprefix("source: "), advice)
        return
    damaged = source.damaged_frames
    if damaged > frames:
        yield failed(
            "camera", f"{counted(damaged, 'damaged frame')} from {label}", "check its network"
        )
    else:
        yield ok("camera", f"{label} opens")
    yield _check_rate(config.smile, frames, source.skipped_frames, watch.elapsed_s)
    yield _check_light(watch.vitals.camera)


def _check_rate(settings: SmileSettings, frames: int, skipped: int, elapsed_s: float) -> Check:
    """Compare the frame rate with what it takes to follow the shortest smile."""
    shortest_s = max(settings.min_duration_ms, settings.max_gap_ms) / 1000
    needed = _FRAMES_PER_SMILE / max(shortest_s, 1e-3)
    reached, offered = frames / elapsed_s, (frames + skipped) / elapsed_s
    found = f"{reached:.1f} frames/s reached, {needed:.0f} needed"
    if reached >= needed:
        return ok("frame rate", found)
    if offered >= needed:
        advice = "lower vision.cpu_ms_per_s or the resolution of the camera"
        return failed("frame rate", f"{found}, the camera offers {offered:.1f}", advice)
    return failed(
        "frame rate",
        found,
        "turn on a light, because cameras are slow in the dark, or set another mode",
    )


def _check_light(state: CameraState) -> Check:
    if state == "ok":
        return ok("light", "light, structure and change")
    if state in _LIGHT_ADVICE:
        return failed("light", *_LIGHT_ADVICE[state])
    return skipped("light", "too few frames")
