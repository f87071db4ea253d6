"""A grey canvas to draw on, larger than the crop and seen from a random pose."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from smile_vision.smiles.preprocess import CROP_SIZE_PX
from training.data.face_check.choices import chance

__all__ = ["Canvas", "noise_field"]

_UNIT_PX = 2  # pixels of the canvas per pixel of the crop
_MARGIN = 24  # around the crop, px of the crop
_SIDE = CROP_SIZE_PX + 2 * _MARGIN


def noise_field(
    rng: np.random.Generator, side: int, fall: float, stretch: tuple[float, float] = (1.0, 1.0)
) -> NDArray[np.float32]:
    """Return random texture whose amplitude falls with the frequency.

    Parameters
    ----------
    rng
        Source of the texture.
    side
        Of the result, px; an even number.
    fall
        Exponent; 0 is white noise, 2 is smooth.
    stretch
        Across and down: above 1 gives longer structures.

    Returns
    -------
    NDArray[np.float32]
        (side, side), mean 0, standard deviation 1.
    """
    side //= _UNIT_PX  # finer structures than a pixel of the crop would be lost
    down = np.fft.fftfreq(side)[:, np.newaxis] * stretch[1]
    across = np.fft.rfftfreq(side)[np.newaxis] * stretch[0]
    frequency = np.hypot(across, down)
    frequency[0, 0] = 1
    spectrum = np.fft.rfft2(rng.standard_normal((side, side))) / frequency**fall
    spectrum[0, 0] = 0
    field = np.fft.irfft2(spectrum, (side, side))
    unit = (field / max(float(field.std()), 1e-6)).astype(np.float32)
    return unit.repeat(_UNIT_PX, axis=0).repeat(_UNIT_PX, axis=1)


class Canvas:
    """Shapes in px of the crop, whose centre is (0, 0); x to the right, y down."""

    def __init__(self, tone: int) -> None:
        self.image = Image.new("L", (_SIDE * _UNIT_PX, _SIDE * _UNIT_PX), tone)
        self.draw = ImageDraw.Draw(self.image)

    def _px(self, value: float) -> float:
        return (value + _SIDE / 2) * _UNIT_PX

    def ellipse(self, x: float, y: float, rx: float, ry: float, tone: int) -> None:
        """Draw a filled ellipse about (x, y)."""
        box = [self._px(x - rx), self._px(y - ry), self._px(x + rx), self._px(y + ry)]
        self.draw.ellipse(box, fill=tone)

    def rectangle(self, x: float, y: float, rx: float, ry: float, tone: int) -> None:
        """Draw a filled rectangle about (x, y) with half the sides rx and ry."""
        box = [self._px(x - rx), self._px(y - ry), self._px(x + rx), self._px(y + ry)]
        self.draw.rectangle(box, fill=tone)

    def ring(self, x: float, y: float, radius: float, width: float, tone: int) -> None:
        """Draw a circle."""
        box = [self._px(x - radius), self._px(y - radius)]
        box += [self._px(x + radius), self._px(y + radius)]
        self.draw.ellipse(box, outline=tone, width=max(round(width * _UNIT_PX), 1))

    def line(self, points: list[tuple[float, float]], width: float, tone: int) -> None:
        """Draw lines from point to point."""
        path = [(self._px(x), self._px(y)) for x, y in points]
        self.draw.line(path, fill=tone, width=max(round(width * _UNIT_PX), 1))

    def polygon(self, points: list[tuple[float, float]], tone: int) -> None:
        """Draw a filled polygon."""
        self.draw.polygon([(self._px(x), self._px(y)) for x, y in points], fill=tone)

    def text(
        self, x: float, y: float, text: str, size: float, tone: int, *, stroke: float = 0
    ) -> None:
        """Write text centred at (x, y); the size is the height of the font."""
        self.draw.text(
            (self._px(x), self._px(y)),
            text,
            fill=tone,
            font=ImageFont.load_default(size * _UNIT_PX),
            anchor="mm",
            stroke_width=round(stroke * _UNIT_PX),
        )

    def texture(self, field: NDArray[np.float32], levels: float) -> None:
        """Add a texture, (`side_px`, `side_px`)."""
        grey = np.asarray(self.image, dtype=np.float32) + levels * field
        self.image.paste(Image.fromarray(grey.clip(0, 255).astype(np.uint8)))

    def blur(self, radius: float) -> None:
        """Blur what was drawn so far."""
        self.image.paste(self.image.filter(ImageFilter.GaussianBlur(radius * _UNIT_PX)))

    def grained(self, rng: np.random.Generator) -> Canvas:
        """Return the canvas, half of the time with a little texture on it."""
        if chance(rng, 0.5):
            stretch = (1.0, 1.0) if chance(rng, 0.6) else (rng.uniform(0.1, 0.4), 2.0)
            field = noise_field(rng, self.side_px, rng.uniform(0.6, 2), stretch)
            self.texture(field, rng.uniform(2, 14))
        return self

    @property
    def side_px(self) -> int:
        """Side of the canvas, px of the canvas."""
        return _SIDE * _UNIT_PX

    def seen(
        self, *, angle_deg: float = 0.0, scale: float = 1.0, shift: tuple[float, float] = (0, 0)
    ) -> NDArray[np.uint8]:
        """Return the crop, uint8 (64, 64): the drawing rotated, scaled and shifted."""
        side = CROP_SIZE_PX * _UNIT_PX
        angle = math.radians(angle_deg)
        a, b = math.cos(angle) / scale, math.sin(angle) / scale
        u, v = side / 2 + shift[0] * _UNIT_PX, side / 2 + shift[1] * _UNIT_PX
        middle = self.side_px / 2
        fill = int(np.median(np.asarray(self.image)[0]))
        view = self.image.transform(
            (side, side),
            Image.Transform.AFFINE,
            (a, b, middle - a * u - b * v, -b, a, middle + b * u - a * v),
            Image.Resampling.BILINEAR,
            fillcolor=fill,
        )
        return np.array(view.reduce(_UNIT_PX))
