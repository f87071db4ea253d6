"""The people of the bundled clip: where they are, how they move and when they smile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.clip.canvas import Look

WIDTH_PX, HEIGHT_PX = 1280, 720
FRAME_RATE = 25
DURATION_MS = 30_000
TRANSITION_MS = 360  # a smile takes this long to appear or fade; its middle is the start or end


@dataclass(frozen=True, slots=True)
class Pose:
    """Position of the middle between the eyes in the frame, size and tilt of the head."""

    x_px: float
    y_px: float
    scale: float
    roll_deg: float


@dataclass(frozen=True, slots=True)
class Person:
    """One synthetic person of the clip.

    Attributes
    ----------
    name
        In the ground truth.
    latent
        Index into the generator's synthetic people.
    look
        The parts painted around the face.
    neutral, smile
        Multiples of the smile direction without and with a smile.
    smiles_ms
        (start, end) of each smile: the moments of half a smile.
    rest
        The pose around which the person sways.
    sway
        Periods in seconds of the sideways, vertical, roll and near-far motion.
    enters_ms
        When the person, who walks in from the right, arrives at the rest pose. 0: present from
        the start.
    """

    name: str
    latent: int
    look: Look
    neutral: float
    smile: float
    smiles_ms: tuple[tuple[int, int], ...]
    rest: Pose
    sway: tuple[float, float, float, float]
    enters_ms: int = 0


ENTRANCE_MS = 1800
HALF_FACE_PX = 150

PEOPLE: tuple[Person, ...] = (
    Person(
        name="Noor",
        latent=19,
        look=Look((120, 72, 40), (150, 60, 60), "bob", warmth=1.15, seed=2),
        neutral=0.0,
        smile=1.45,
        smiles_ms=((5_000, 8_400), (18_500, 21_500)),
        rest=Pose(640, 268, 0.93, 0),
        sway=(9.1, 5.3, 7.7, 11.9),
    ),
    Person(
        name="Robin",
        latent=90,
        look=Look((52, 34, 24), (70, 110, 120), "curls", seed=1),
        neutral=0.1,
        smile=1.65,
        smiles_ms=((3_000, 6_200), (12_500, 15_000), (22_500, 26_000)),
        rest=Pose(228, 300, 0.97, -1),
        sway=(7.3, 4.7, 6.1, 10.3),
    ),
    Person(
        name="Sam",
        latent=31,
        look=Look((40, 34, 30), (96, 100, 70), "beanie", hat=(150, 70, 50), seed=3),
        neutral=0.1,
        smile=2.05,
        smiles_ms=((13_500, 17_500), (24_000, 27_000)),
        rest=Pose(1052, 292, 0.96, 1),
        sway=(8.3, 6.1, 5.3, 9.7),
        enters_ms=9_500,
    ),
)


def smile_share(smiles_ms: Sequence[tuple[int, int]], t_ms: float) -> float:
    """Return the strength of the smile at `t_ms`, from 0 to 1; it is 0.5 at starts and ends."""
    rises = (smooth_step((t_ms - start) / TRANSITION_MS + 0.5) for start, _ in smiles_ms)
    falls = (smooth_step((t_ms - end) / TRANSITION_MS + 0.5) for _, end in smiles_ms)
    return sum(rises) - sum(falls)


def smooth_step(t: float) -> float:
    """Return a smooth step from 0 at t = 0 to 1 at t = 1."""
    t = min(1.0, max(0.0, t))
    return t * t * (3 - 2 * t)


def pose_at(person: Person, t_ms: float) -> Pose:
    """Return the pose of `person` at `t_ms`."""
    t = t_ms / 1000
    side, height, roll, near = (float(np.sin(2 * np.pi * t / period)) for period in person.sway)
    away = 1 - smooth_step((t_ms - person.enters_ms + ENTRANCE_MS) / ENTRANCE_MS)
    step = abs(float(np.sin(2 * np.pi * 1.6 * t))) * min(away, 1 - away)
    return Pose(
        x_px=person.rest.x_px + 9 * side + 720 * away,
        y_px=person.rest.y_px + 5 * height - 14 * step,
        scale=person.rest.scale * (1 + 0.02 * near),
        roll_deg=person.rest.roll_deg + 2.2 * roll,
    )


def frame_times_ms() -> list[float]:
    """Return the media time of every frame."""
    return [index * 1000 / FRAME_RATE for index in range(DURATION_MS * FRAME_RATE // 1000)]


def visible_from_ms(person: Person) -> int:
    """Return when a part of the face is visible for the first time."""
    return first_time_ms(person, WIDTH_PX + HALF_FACE_PX)


def present_from_ms(person: Person) -> int:
    """Return when the whole face is visible for the first time."""
    return first_time_ms(person, WIDTH_PX - HALF_FACE_PX)


def first_time_ms(person: Person, x_px: float) -> int:
    """Return the time of the first frame in which the person is left of `x_px`."""
    return round(next(t for t in frame_times_ms() if pose_at(person, t).x_px < x_px))
