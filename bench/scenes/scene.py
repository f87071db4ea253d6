"""A synthetic room with people and things whose places and smiles are known.

>>> scene = Scene("one", (Person(0, still(640, 300, 120)),), duration_ms=2000)
>>> for picture, faces in scene.frames(): ...
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from bench.scenes.layers import Person, Prop, place_at, still, walk
from bench.scenes.room import paint_panorama
from bench.scenes.sprite import Place
from training.clip.storyboard import FRAME_RATE, smile_share

__all__ = ["FRAME_RATE", "Face", "Person", "Picture", "Prop", "Scene", "still", "walk"]

VISIBLE_SHARE = 0.5  # a face of which less is visible counts as hidden
_SHAKE_HZ = (2.3, 3.7, 5.9)
_NOISE_TILES_PX = 64  # the noise repeats, at another offset in each frame

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Face:
    """The ground truth of a face in a frame.

    Attributes
    ----------
    identity : int
        Index among the people of the scene.
    box : tuple of float
        x, y, width and height in px, brows to chin.
    is_smiling : bool
    visible_share : float
        The part of the face that is inside the frame and not hidden, 0 to 1.
    """

    identity: int
    box: tuple[float, float, float, float]
    is_smiling: bool
    visible_share: float

    @property
    def is_visible(self) -> bool:
        """Whether enough of the face is visible to be found."""
        return self.visible_share >= VISIBLE_SHARE


@dataclass(frozen=True, slots=True)
class Scene:
    """A synthetic video. The same scene always gives the same frames.

    Attributes
    ----------
    name : str
    layers : tuple of Person or Prop
        From back to front.
    duration_ms : int
    size : tuple of int
        Of the frame, (width, height) px.
    seed : int
        Of the room, the noise and the shaking.
    noise : float
        Standard deviation of the sensor noise, grey levels.
    light : float
        Brightness, 1 is normal.
    light_swing : float
        How much the brightness varies; its period is `light_period_s`.
    light_period_s : float
    shake_px : float
        How far the camera shakes.
    pan_px_per_s : float
        How fast the camera turns to the right.
    """

    name: str
    layers: tuple[Person | Prop, ...] = ()
    duration_ms: int = 8000
    size: tuple[int, int] = (1280, 720)
    seed: int = 0
    noise: float = 2.0
    light: float = 1.0
    light_swing: float = 0.0
    light_period_s: float = 4.0
    shake_px: float = 0.0
    pan_px_per_s: float = 0.0

    @property
    def people(self) -> list[Person]:
        """The people, in the order of their identities."""
        return [layer for layer in self.layers if isinstance(layer, Person)]

    @property
    def times_ms(self) -> list[float]:
        """Time of each frame."""
        return [index * 1000 / FRAME_RATE for index in range(self.duration_ms * FRAME_RATE // 1000)]

    def frames(self, every: int = 1) -> Iterator[tuple[Picture, list[Face]]]:
        """Yield every n-th frame, RGB uint8 (H, W, 3), and its visible and hidden faces."""
        rng = np.random.default_rng(self.seed)
        margin = round(self.shake_px * 2)
        reach = round(self.pan_px_per_s * self.duration_ms / 1000)
        room = paint_panorama(self.size, margin, reach, self.seed)
        phases = rng.uniform(0, 2 * np.pi, (2, len(_SHAKE_HZ)))
        tile_px = (self.size[1] + _NOISE_TILES_PX, self.size[0] + _NOISE_TILES_PX)
        noise = rng.normal(0, self.noise, tile_px).round().astype(np.int16)[..., None]
        for t_ms in self.times_ms[::every]:
            camera = self._camera_at(t_ms, phases)
            left, top = camera[0] + margin, camera[1] + margin
            frame = room.crop((left, top, left + self.size[0], top + self.size[1]))
            faces = self._place_layers(frame, t_ms, camera)
            yield self._exposed(frame, t_ms, noise, rng), faces

    def _camera_at(self, t_ms: float, phases: NDArray[np.float64]) -> tuple[int, int]:
        """Return where the camera looks, in whole px, so that room and people move alike."""
        turns = 2 * np.pi * np.array(_SHAKE_HZ) * t_ms / 1000
        x, y = self.shake_px * np.sin(turns + phases).mean(axis=1) * 2
        return round(x + self.pan_px_per_s * t_ms / 1000), round(y)

    def _place_layers(self, frame: Image.Image, t_ms: float, camera: tuple[int, int]) -> list[Face]:
        """Paste people and things into the frame; return the faces."""
        owners = Image.new("L", frame.size)  # which layer each pixel shows, from 1; 0 is the room
        placed: list[tuple[int, Person, Place]] = []
        for number, layer in enumerate(self.layers, start=1):
            place = place_at(layer, t_ms, phase=number * 1.7)
            place = Place(place.x - camera[0], place.y - camera[1], place.width, place.roll_deg)
            part = layer.sprite_at(t_ms, place.width).moved(place, self.size)
            if part is not None:
                picture, corner = part
                frame.paste(picture, corner, picture)
                owners.paste(number, corner, picture.getchannel("A").point(_OPAQUE))
            if isinstance(layer, Person):
                placed.append((number, layer, place))
        return [
            Face(
                identity,
                (place.x - place.width / 2, place.y - place.width / 2, place.width, place.width),
                smile_share(person.smiles_ms, t_ms) >= 0.5,  # noqa: PLR2004 - as defined by the clip
                _visible_share(owners, number, place),
            )
            for identity, (number, person, place) in enumerate(placed)
        ]

    def _exposed(
        self,
        frame: Image.Image,
        t_ms: float,
        noise: NDArray[np.int16],
        rng: np.random.Generator,
    ) -> Picture:
        """Return the frame as the sensor sees it: with its light and noise."""
        wave = float(np.sin(2 * np.pi * t_ms / 1000 / self.light_period_s))
        light = self.light * (1 + self.light_swing * wave)
        if light != 1:
            frame = frame.point([min(round(level * light), 255) for level in range(256)] * 3)
        pixels = np.asarray(frame)
        if not self.noise:
            return pixels
        top, left = rng.integers(_NOISE_TILES_PX, size=2)
        height, width = pixels.shape[:2]
        noisy = pixels + noise[top : top + height, left : left + width]
        return np.clip(noisy, 0, 255, out=noisy).astype(np.uint8)


_OPAQUE = [255 * (alpha > 127) for alpha in range(256)]  # noqa: PLR2004 - half


def _visible_share(owners: Image.Image, number: int, place: Place) -> float:
    """Return the part of a face that is inside the frame and not covered, 0 to 1."""
    side = max(round(place.width), 1)
    face = Image.new("L", (side, side))
    ImageDraw.Draw(face).ellipse((0.12 * side, 0, 0.88 * side, side), fill=1)
    left, top = round(place.x - side / 2), round(place.y - side / 2)
    shown = np.asarray(owners.crop((left, top, left + side, top + side))) == number
    is_face = np.asarray(face) > 0
    return float((shown & is_face).sum() / is_face.sum())
