"""Frames of the bundled clip as faulty cameras would show them: luma, uint8 (H, W)."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import cache

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from tests.helpers.video import CLIP

Grey = NDArray[np.uint8]
SIZE = (720, 1280)
_BLACK, _WHITE = 16, 235


@cache
def clip_frames() -> tuple[Grey, ...]:
    """Return the frames of the bundled clip at whole seconds."""
    frames: list[Grey] = []
    with av.open(str(CLIP)) as container:
        for picture in container.decode(video=0):
            if picture.time is not None and picture.time >= len(frames):
                frames.append(_luma(picture))
    return tuple(frames)


def exposed(grey: Grey, factor: float) -> NDArray[np.float64]:
    """Return the frame with another exposure, not clipped yet."""
    return _BLACK + (grey.astype(float) - _BLACK) * factor


def with_noise(values: NDArray[np.generic], sigma: float, seed: int = 0) -> Grey:
    """Return the values with sensor noise, clipped to video levels."""
    noise = np.random.default_rng(seed).normal(0, sigma, values.shape)
    return np.clip(values + noise, _BLACK, _WHITE).astype(np.uint8)


def blurred(grey: Grey, sigma_px: float) -> Grey:
    """Return the frame out of focus."""
    return np.asarray(Image.fromarray(grey).filter(ImageFilter.GaussianBlur(sigma_px)))


def finger(noise: float = 4.0, seed: int = 0) -> Grey:
    """Return a finger on the lens, with light from one side behind it."""
    y, x = np.mgrid[0 : SIZE[0], 0 : SIZE[1]]
    light = 150 * np.exp(-(((x - 100) / 300) ** 2) - ((y - 600) / 300) ** 2)
    return with_noise(_BLACK + 20 + light, noise, seed)


def tape(level: float, noise: float = 4.0, seed: int = 0) -> Grey:
    """Return tape on the lens."""
    return with_noise(np.full(SIZE, level), noise, seed)


def night(noise: float = 4.0, seed: int = 0) -> Grey:
    """Return a dark room with a dim window and a small lamp."""
    room = np.full(SIZE, 18.0)
    room[100:250, 900:1050] = 60
    room[400:404, 200:204] = 200
    return with_noise(room, noise, seed)


def encoded(frames: Sequence[Grey], crf: int, frames_per_s: int = 5, gop: int = 50) -> list[Grey]:
    """Return the frames after H.264, one per second."""
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as container:
        stream = container.add_stream("libx264", rate=frames_per_s)
        stream.height, stream.width = frames[0].shape
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": str(crf), "preset": "veryfast", "g": str(gop)}
        for grey in frames:
            planes = np.full((grey.shape[0] * 3 // 2, grey.shape[1]), 128, np.uint8)
            planes[: grey.shape[0]] = grey
            container.mux(stream.encode(av.VideoFrame.from_ndarray(planes, format="yuv420p")))
        container.mux(stream.encode(None))
    file.seek(0)
    with av.open(file) as container:
        pictures = list(container.decode(video=0))
    return [_luma(picture) for picture in pictures[::frames_per_s]]


def _luma(picture: av.VideoFrame) -> Grey:
    plane = picture.planes[0]
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return rows[: picture.height, : picture.width].copy()
