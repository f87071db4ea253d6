"""The camera of an AWS DeepLens, through the module ``awscam`` of its system.

https://docs.aws.amazon.com/deeplens/latest/dg/deeplens-library-awscam-module.html
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import av

from edge_lambda.errors import CameraError

_LARGEST_FRAMES_PER_S = 30.0


class Awscam:
    """Reads the newest frame again and again, like a `Decoder` the pictures of a video.

    The module is imported here and not before: it exists on a DeepLens only, and OpenCV must not
    be imported before it.

    Parameters
    ----------
    timeout_s : float
        How long the camera may send nothing.

    Raises
    ------
    CameraError
        When there is no such module.
    """

    sample_aspect_ratio = None
    damaged_frames = 0

    def __init__(self, timeout_s: float) -> None:
        self._module = load_awscam()
        self._timeout_s = timeout_s

    def pictures(self) -> Iterator[tuple[av.VideoFrame, None]]:
        """Yield pictures, at most 30 a second.

        Raises
        ------
        CameraError
            When the camera sends nothing for too long.
        """
        last_s = time.monotonic()
        while True:
            begun_s = time.monotonic()
            is_good, pixels = self._module.getLastFrame()
            if is_good:
                last_s = begun_s
                # Pixels are BGR, uint8 (H, W, 3).
                yield av.VideoFrame.from_ndarray(pixels, format="bgr24"), None
            elif begun_s - last_s >= self._timeout_s:
                raise CameraError("source: awscam sends no frame")
            time.sleep(max(begun_s + 1 / _LARGEST_FRAMES_PER_S - time.monotonic(), 0))

    def close(self) -> None:
        """Do nothing: the system of the DeepLens keeps the camera open."""


def load_awscam() -> Any:
    """Return the module ``awscam``.

    Raises
    ------
    CameraError
        When there is no such module.
    """
    try:
        return import_module("awscam")
    except ImportError:
        raise CameraError("source: awscam exists on an AWS DeepLens only") from None
