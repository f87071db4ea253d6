"""The frames of the bundled clip, or of any video."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from training.workspace import REPOSITORY

__all__ = ["CLIP", "decode", "rgb_of"]

CLIP = REPOSITORY / "local" / "clip" / "smiles.mp4"


def decode(clip: Path = CLIP) -> Iterator[tuple[float, av.VideoFrame]]:
    """Yield (media time in ms, frame) for every frame of a video file."""
    with av.open(str(clip)) as container:
        for frame in container.decode(video=0):
            yield float(frame.time or 0) * 1000, frame


def rgb_of(frame: av.VideoFrame) -> NDArray[np.uint8]:
    """Return a frame as uint8 (H, W, 3)."""
    return frame.to_ndarray(format="rgb24").astype(np.uint8, copy=False)
