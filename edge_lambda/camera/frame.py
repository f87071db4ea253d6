"""A video frame as RGB and as luma."""

from __future__ import annotations

from fractions import Fraction
from typing import cast

import av
import numpy as np
from av.video.reformatter import ColorRange, VideoReformatter
from numpy.typing import NDArray

# Pixel formats whose first plane is 8-bit luma at full resolution.
_LUMA_FIRST = frozenset(
    f"yuv{j}{sub}p" for j in ("", "j") for sub in ("420", "422", "444", "440", "411")
) | {"nv12", "nv21", "nv16", "gray"}
_QUARTER_TURN = 90


class Frame:
    """A decoded frame, converted on demand. All results are upright, with square pixels.

    Parameters
    ----------
    index : int
        Number of the frame in the source, skipped frames included.
    position_ms : float
        Time since the first frame of the source.
    picture : av.VideoFrame
    sample_aspect_ratio : Fraction or None
        Width of a pixel divided by its height. None for square pixels.
    reformatter : VideoReformatter or None
        Shared by the frames of a source, so that the scaler is set up once.
    rotate : int
        How far to turn the upright picture, in degrees clockwise: 0, 90, 180 or 270. For a camera
        that hangs upside down or on its side.
    """

    __slots__ = (
        "_luma", "_picture", "_reformatter", "_rotate", "_sample_aspect", "index", "position_ms",
    )  # fmt: skip

    def __init__(
        self,
        index: int,
        position_ms: float,
        picture: av.VideoFrame,
        sample_aspect_ratio: Fraction | None = None,
        reformatter: VideoReformatter | None = None,
        *,
        rotate: int = 0,
    ) -> None:
        self.index = index
        self.position_ms = position_ms
        self._picture = picture
        self._luma: av.VideoFrame | None = None
        self._sample_aspect = sample_aspect_ratio or Fraction(1)
        self._reformatter = reformatter or VideoReformatter()
        self._rotate = rotate

    def rgb(
        self, long_side_px: int, reformatter: VideoReformatter | None = None
    ) -> NDArray[np.uint8]:
        """Return the frame scaled to a longer side of `long_side_px`; uint8 (h, w, 3).

        A thread other than the loop's must pass its own `reformatter`.
        """
        width, height = self._display_size()
        scale = long_side_px / max(width, height)
        small = (reformatter or self._reformatter).reformat(
            self._picture,
            max(round(width * scale), 1),
            max(round(height * scale), 1),
            "rgb24",
            interpolation="AREA",
            threads=1,
        )
        return self._upright(cast("NDArray[np.uint8]", small.to_ndarray()))

    def grey(self) -> NDArray[np.uint8]:
        """Return the luma plane at full size; uint8 (H, W), not copied if possible."""
        picture = self._luma or self._square_luma()
        plane = picture.planes[0]
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        return self._upright(rows[: picture.height, : picture.width])

    @property
    def width(self) -> int:
        """Width of `grey` in px."""
        width, height = self._display_size()
        return height if self._turns() % 2 else width

    @property
    def height(self) -> int:
        """Height of `grey` in px."""
        width, height = self._display_size()
        return width if self._turns() % 2 else height

    @property
    def is_limited_range(self) -> bool:
        """Whether `grey` has black at 16 and white at 235 (ITU-R BT.601), as most video does."""
        name = self._picture.format.name
        if name not in _LUMA_FIRST or self._sample_aspect != 1:
            return False
        color_range = self._picture.color_range
        if name == "gray":  # full range by default
            return bool(color_range == ColorRange.MPEG)
        return not name.startswith("yuvj") and color_range != ColorRange.JPEG

    def _square_luma(self) -> av.VideoFrame:
        """Return a picture whose first plane is luma in square pixels. Cached: it is slow."""
        picture = self._picture
        if picture.format.name not in _LUMA_FIRST or self._sample_aspect != 1:
            width, height = self._display_size()
            picture = picture.reformat(width, height, "gray", threads=1)
        self._luma = picture
        return picture

    def _display_size(self) -> tuple[int, int]:
        width = round(self._picture.width * self._sample_aspect)
        return max(width, 1), self._picture.height

    def _upright(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return np.rot90(pixels, self._turns())

    def _turns(self) -> int:
        """Return how many quarter turns counterclockwise make the picture upright."""
        return round((self._picture.rotation - self._rotate) / _QUARTER_TURN) % 4
