"""What is wrong with a camera, from one sample of its picture per second.

Some faults look the same, and get the name that claims less:

* A covered lens in a dark room and a night without light are both ``too_dark``.
* A covered lens and a camera that faces a blank wall are both ``covered``.
* A camera that encodes a frozen picture again and again looks like one in an empty room: ``ok``.
* A camera that has been out of focus since the start has no sharper past: ``ok``.
"""

from __future__ import annotations

from collections import deque
from statistics import median

import numpy as np
from numpy.typing import NDArray

from edge_lambda.health.picture_stats import PictureStats, picture_stats, sample_of
from smile_contract import CameraState

SAMPLE_S = 1.0
LOST_S = 3.0
"""A camera without a frame for this long is unplugged."""

# Measured on 14 videos of people, as they are and made darker, brighter or blurred, with noise
# and encoded again. At .3 of the exposure the brightness is .146 to .219, and every face of the
# bundled clip can be scored; at .15 it is .072 to .107, and none can.
_TOO_DARK = 0.12
# At 2.5 times the exposure .54 to .8 of the picture is white; as recorded, .02 at most.
_TOO_WHITE = 0.5
# Scenes have .27 and more, even dark ones with noise; tape and fingers with light behind .14.
_NO_STRUCTURE = 0.2
# Blurred by 6 of 1280 px, 1/5 to 1/3 of the sharpness above that of a slope is left. In one scene,
# it varies by a third.
_SLOPE_SHARPNESS = 0.125
_SHARPNESS_LEFT = 0.5
_USUAL_EVERY_S, _USUAL_SAMPLES, _USUAL_LEAST = 10.0, 180, 6
# Encoders repeat a still scene exactly for a few seconds, until the next full picture. A clock
# that the camera draws into a frozen picture changes about .002.
_FROZEN_CHANGE = 0.005

# How long a finding lasts before it counts, in seconds. People walk up to a camera and cameras
# focus again within seconds.
_HOLD_S: dict[CameraState, float] = {
    "ok": 2.0,
    "too_dark": 10.0,
    "too_bright": 10.0,
    "covered": 10.0,
    "out_of_focus": 30.0,
    "frozen": 60.0,
}


class CameraWatch:
    """Follows the state of one camera; costs about 0.2 ms a second.

    Attributes
    ----------
    state : CameraState
        ``starting`` until the first finding has lasted.
    """

    def __init__(self) -> None:
        self.state: CameraState = "starting"
        self._sample: NDArray[np.uint8] | None = None
        self._sampled_s = -SAMPLE_S
        self._frame_s = 0.0
        self._finding: CameraState = "starting"
        self._since_s = 0.0
        self._usual: deque[float] = deque(maxlen=_USUAL_SAMPLES)
        self._usual_s = 0.0
        self._still_s: float | None = None

    def is_due(self, at_s: float) -> bool:
        """Note a frame at `at_s`, and return whether to `look` at it."""
        self._frame_s = at_s
        return at_s - self._sampled_s >= SAMPLE_S

    def look(self, grey: NDArray[np.uint8], is_limited_range: bool, at_s: float) -> None:
        """Take a sample of a frame.

        Parameters
        ----------
        grey : ndarray
            Luma, uint8 (H, W).
        is_limited_range : bool
            Whether black is 16 and white 235.
        at_s : float
            Time of the frame by any clock that only goes forward.
        """
        sample = sample_of(grey)
        stats = picture_stats(sample, self._sample, is_limited_range)
        self._sample, self._sampled_s, self._frame_s = sample, at_s, at_s
        if self.state == "unplugged":
            self.state, self._still_s = "starting", None
        finding = self._find(stats, at_s)
        if finding != self._finding:
            # A picture that has been still for a minute was so before it was found to be.
            self._finding, self._since_s = finding, at_s
        if at_s - self._since_s >= _HOLD_S[finding] or finding == "frozen":
            self.state = finding
        self._learn(stats, at_s)

    def miss(self, at_s: float) -> None:
        """Note that there is no frame at `at_s`."""
        if at_s - self._frame_s >= LOST_S:
            self.state = self._finding = "unplugged"
            self._sample = None

    def _find(self, stats: PictureStats, at_s: float) -> CameraState:
        """Return what the sample shows. Dark and covered pictures may be still, but not frozen."""
        if stats.changed >= _FROZEN_CHANGE or self._still_s is None:
            self._still_s = at_s
        if stats.brightness < _TOO_DARK:
            return "too_dark"
        if stats.white_share >= _TOO_WHITE:
            return "too_bright"
        if stats.structure < _NO_STRUCTURE:
            return "covered"
        if at_s - self._still_s >= _HOLD_S["frozen"]:
            return "frozen"
        if len(self._usual) >= _USUAL_LEAST:
            usual = median(self._usual) - _SLOPE_SHARPNESS
            if stats.sharpness - _SLOPE_SHARPNESS < _SHARPNESS_LEFT * usual:
                return "out_of_focus"
        return "ok"

    def _learn(self, stats: PictureStats, at_s: float) -> None:
        """Remember how sharp good pictures are, once in ten seconds, for half an hour."""
        if self.state == self._finding == "ok" and at_s - self._usual_s >= _USUAL_EVERY_S:
            self._usual.append(stats.sharpness)
            self._usual_s = at_s
