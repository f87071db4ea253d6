"""The people and things of a scene, and how they move."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from bench.scenes.people import FACE_PX, person_sprite
from bench.scenes.props import SIDE_PX, prop_sprite
from bench.scenes.sprite import Place, Sprite, level_for
from training.clip.storyboard import FRAME_RATE, smile_share

__all__ = ["Keyframe", "Path", "Person", "Prop", "place_at", "still", "walk"]

_SWAY_S = (7.3, 5.1, 6.7)  # periods of the sideways, vertical and roll motion
Smiles = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Keyframe:
    """The place of a person or thing at a moment. Between two, it changes evenly."""

    t_ms: float
    place: Place


Path = tuple[Keyframe, ...]


def still(x: float, y: float, width: float, roll_deg: float = 0.0) -> Path:
    """Return the path of something that stays where it is; see `Place`."""
    return (Keyframe(0.0, Place(x, y, width, roll_deg)),)


def walk(*points: tuple[float, float, float, float]) -> Path:
    """Return the path through points (time in ms, x, y, width)."""
    return tuple(Keyframe(t_ms, Place(x, y, width)) for t_ms, x, y, width in points)


@dataclass(frozen=True, slots=True)
class Person:
    """A person.

    Attributes
    ----------
    look : int
        Which of the synthetic people, 0 to `bench.scenes.people.IDENTITIES` - 1.
    path : Path
        Of the face, in px of the frame while the camera is at rest.
    smiles_ms : tuple
        (start, end) of each smile: the moments of half a smile.
    sway_px : float
        How far the person moves around the path.
    is_frozen : bool
        Whether every frame shows the same face, as a picture does.
    """

    look: int
    path: Path
    smiles_ms: Smiles = ()
    sway_px: float = 2.0
    is_frozen: bool = False

    def sprite_at(self, t_ms: float, width_px: float) -> Sprite:
        """Return the picture of the person for a face of `width_px`."""
        index = 0 if self.is_frozen else round(t_ms * FRAME_RATE / 1000)
        strength = smile_share(self.smiles_ms, t_ms)
        return person_sprite(self.look, strength, index, level_for(width_px / FACE_PX))


@dataclass(frozen=True, slots=True)
class Prop:
    """A thing of a kind in `bench.scenes.props.KINDS`; `path` and `sway_px` as of a person."""

    kind: str
    path: Path
    variant: int = 0
    sway_px: float = 0.0

    def sprite_at(self, t_ms: float, width_px: float) -> Sprite:  # noqa: ARG002 - as of a person
        """Return the picture of the thing for a box of `width_px`."""
        side = FACE_PX if self.kind == "back_of_head" else SIDE_PX
        return prop_sprite(self.kind, self.variant, level_for(width_px / side))


def place_at(layer: Person | Prop, t_ms: float, phase: float) -> Place:
    """Return where a layer is at `t_ms`; `phase` shifts its swaying."""
    place = _between(layer.path, t_ms)
    if not layer.sway_px:
        return place
    side, up, turn = (float(np.sin(2 * np.pi * t_ms / 1000 / period + phase)) for period in _SWAY_S)
    return Place(
        place.x + layer.sway_px * side,
        place.y + 0.5 * layer.sway_px * up,
        place.width,
        place.roll_deg + 0.3 * layer.sway_px * turn,
    )


def _between(path: Path, t_ms: float) -> Place:
    """Return the place on a path; before its start and after its end, that of the end."""
    if t_ms <= path[0].t_ms:
        return path[0].place
    for before, after in pairwise(path):
        if t_ms < after.t_ms:
            share = (t_ms - before.t_ms) / (after.t_ms - before.t_ms)
            one, other = before.place, after.place
            return Place(
                one.x + share * (other.x - one.x),
                one.y + share * (other.y - one.y),
                one.width + share * (other.width - one.width),
                one.roll_deg + share * (other.roll_deg - one.roll_deg),
            )
    return path[-1].place
