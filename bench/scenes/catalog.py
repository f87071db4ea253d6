"""The scenes of the measurements, by name."""

from __future__ import annotations

from dataclasses import replace

from bench.scenes.layers import Keyframe, Person, Prop, still, walk
from bench.scenes.scene import Scene
from bench.scenes.sprite import Place
from training.clip.storyboard import PEOPLE

__all__ = ["SCENES", "SIZE_SCENES", "SPEED_SCENES", "people_of_the_clip"]

HD, FULL_HD = (1280, 720), (1920, 1080)
FACE_SIZES_PX = (40, 48, 54, 80, 120, 200)
# Large enough for every peer to find all three.
_LEFT, _MIDDLE, _RIGHT = (270, 300, 200), (640, 330, 200), (1010, 290, 200)


def _three_faces() -> Scene:
    return Scene(
        "three_faces",
        (
            Person(0, still(*_LEFT), ((1500, 3500),)),
            Person(1, still(*_MIDDLE), ((3000, 5000),)),
            Person(2, still(*_RIGHT), ((4500, 7000),)),
        ),
    )


def _empty() -> Scene:
    """Nobody, and little noise: most of each frame is a copy of the one before."""
    return Scene("empty", (Prop("clock", still(820, 120, 90)),), noise=1)


def _empty_noisy() -> Scene:
    return replace(_empty(), name="empty_noisy", noise=2.5)


def _small_face() -> Scene:
    return Scene("small_face", (Person(2, still(1100, 480, 60), ((3000, 6000),)),), size=FULL_HD)


def _crowd() -> Scene:
    widths = (62, 74, 56, 84, 68, 78, 60, 90)
    people = tuple(
        Person(
            index % 6,
            still(110 + 150 * index, 200 + 90 * (index % 2), width),
            ((1000 + 500 * index, 3000 + 500 * index),) if index % 2 else (),
        )
        for index, width in enumerate(widths)
    )
    return Scene("crowd", people, seed=1)


def _crossing() -> Scene:
    return Scene(
        "crossing",
        (
            Person(1, walk((500, 200, 300, 84), (5500, 1080, 300, 84)), ((1500, 4500),)),
            Person(0, walk((500, 1080, 310, 100), (5500, 200, 310, 100))),
            Person(5, walk((2500, -150, 320, 130), (6500, 1430, 320, 130)), ((5000, 6200),)),
        ),
        seed=2,
    )


def _hidden_by_person() -> Scene:
    return Scene(
        "hidden_by_person",
        (
            Person(2, still(660, 310, 80), ((2500, 8000),)),
            Person(4, walk((500, -260, 300, 180), (10300, 1540, 300, 180))),
        ),
        duration_ms=10500,
        seed=3,
    )


def _hidden_by_board() -> Scene:
    return Scene(
        "hidden_by_board",
        (
            Person(1, still(420, 300, 80), ((1500, 6500),)),
            Person(3, still(900, 310, 96)),
            Prop("board", walk((2000, -250, 330, 420), (6200, 1530, 330, 420))),
        ),
        seed=4,
    )


def _walking_up() -> Scene:
    return Scene(
        "walking_up",
        (
            Person(5, walk((0, 700, 240, 30), (11000, 1040, 300, 130)), ((6000, 9000),)),
            Person(3, walk((0, 640, 240, 32), (9500, 640, 330, 150)), ((7000, 9000),)),
            Person(1, walk((0, 560, 240, 30), (10000, 230, 320, 140)), ((4500, 8000),)),
        ),
        duration_ms=11000,
        seed=5,
    )


def _shaking() -> Scene:
    return Scene(
        "shaking",
        (
            Person(0, still(400, 310, 70), ((2000, 4500),)),
            Person(5, still(820, 300, 90), ((3500, 6500),)),
        ),
        seed=6,
        shake_px=14,
    )


def _panning() -> Scene:
    return Scene(
        "panning",
        (
            Person(4, still(500, 300, 80), ((1000, 3000),)),
            Person(2, still(1100, 300, 96), ((3500, 6000),)),
            Person(3, still(1750, 310, 88)),
        ),
        seed=7,
        pan_px_per_s=150,
    )


def _sits_still() -> Scene:
    return Scene(
        "sits_still",
        (Person(1, still(830, 400, 40), ((4000, 7000),), sway_px=0),),
        duration_ms=10000,
        seed=8,
    )


def _returning() -> Scene:
    path = walk((0, 700, 300, 100), (2500, 700, 300, 100), (4000, 1420, 300, 100),
                (7000, 1420, 300, 100), (8500, 640, 300, 100))  # fmt: skip
    return Scene(
        "returning",
        (Person(0, path, ((800, 2300), (8500, 10500))), Person(5, still(250, 300, 90))),
        duration_ms=11500,
        seed=9,
    )


def _noisy() -> Scene:
    return Scene(
        "noisy",
        (
            Person(1, still(450, 320, 80), ((1500, 4000),)),
            Person(2, still(850, 310, 60), ((3500, 6500),)),
        ),
        seed=10,
        noise=11,
        light=0.45,
    )


def _changing_light() -> Scene:
    return Scene(
        "changing_light",
        (
            Person(3, still(450, 320, 80), ((2000, 4500),)),
            Person(4, still(850, 310, 70), ((4000, 6500),)),
        ),
        seed=11,
        light=0.85,
        light_swing=0.4,
    )


def _tilted() -> Scene:
    return Scene(
        "tilted",
        (
            Person(0, still(330, 320, 70, -30), ((1500, 4000),)),
            Person(1, still(660, 320, 70, 30), ((3500, 6500),)),
            Person(5, still(980, 320, 54, 20), ((2500, 5000),)),
        ),
        seed=12,
    )


def _street() -> Scene:
    """Six people who walk up; two pairs cross."""
    return Scene(
        "street",
        (
            Person(0, walk((0, 480, 225, 36), (9000, 250, 300, 100), (12000, 60, 320, 118))),
            Person(1, walk((0, 800, 222, 34), (12000, 420, 300, 112)), ((8000, 11000),)),
            Person(2, walk((0, 620, 226, 35), (12000, 900, 310, 120)), ((9000, 11500),)),
            Person(3, walk((1000, 1500, 250, 60), (9000, 120, 260, 66))),
            Person(4, walk((0, 720, 230, 40), (8000, 640, 320, 130), (12000, 600, 360, 170))),
            Person(5, walk((2000, -120, 270, 76), (10000, 1400, 280, 82)), ((4500, 7500),)),
        ),
        duration_ms=12000,
        seed=13,
        shake_px=3,
    )


def _things() -> Scene:
    """No person: bottles, caps, buttons, a clock, a poster and a screen."""
    return Scene(
        "things",
        (
            Prop("poster", still(180, 170, 220)),
            Prop("clock", still(700, 120, 120), variant=1),
            Prop("screen", still(1030, 330, 380)),
            Prop("bottle", still(330, 460, 330)),
            Prop("bottle", walk((0, 520, 450, 300), (4000, 590, 450, 300)), variant=1, sway_px=3),
            Prop("bottle_cap", walk((0, 730, 520, 70), (8000, 690, 500, 90)), sway_px=4),
            Prop("bottle_cap", still(860, 600, 110), variant=1),
            Prop("button", still(960, 620, 60), variant=1, sway_px=2),
            Prop("button", still(1060, 620, 80), variant=2),
            Prop("button", still(1170, 610, 100), variant=3),
        ),
        seed=14,
    )


def _backs_of_heads() -> Scene:
    return Scene(
        "backs_of_heads",
        tuple(
            Prop("back_of_head", still(170 + 235 * index, 330 - 30 * (index % 2), width), index, 4)
            for index, width in enumerate((90, 120, 76, 140, 100))
        ),
        seed=15,
    )


SCENES = {
    scene.name: scene
    for scene in (
        _three_faces(), _empty(), _empty_noisy(), _small_face(), _crowd(), _crossing(),
        _hidden_by_person(), _hidden_by_board(), _walking_up(), _shaking(), _panning(),
        _sits_still(), _returning(), _noisy(), _changing_light(), _tilted(), _street(), _things(),
        _backs_of_heads(),
    )
}  # fmt: skip
SPEED_SCENES = ("three_faces", "empty", "empty_noisy", "small_face", "crowd")


def people_of_the_clip(face_px: int, size: tuple[int, int], roll_deg: float = 0.0) -> Scene:
    """Return the three people of the bundled clip with faces of another size.

    Everything happens twice as fast as in the clip: seven smiles in 15 s. With `roll_deg`, the
    people tilt their heads to one side and the other.
    """
    width, height = size
    people = []
    for index, person in enumerate(PEOPLE):
        x, y, roll = width * (0.22 + 0.28 * index), height * 0.42, (-1) ** index * roll_deg
        arrives_ms = person.enters_ms / 2
        path = (
            (
                Keyframe(arrives_ms - 1500, Place(width + face_px, y, face_px, roll)),
                Keyframe(arrives_ms, Place(x, y, face_px, roll)),
            )
            if arrives_ms
            else still(x, y, face_px, roll)
        )
        smiles_ms = tuple((start // 2, end // 2) for start, end in person.smiles_ms)
        people.append(Person(index, path, smiles_ms, sway_px=face_px / 25))
    tilt = f", tilted {roll_deg:g}°" if roll_deg else ""
    name = f"{face_px} px in {width}x{height}{tilt}"
    return Scene(name, tuple(people), duration_ms=15_000, size=size, seed=face_px)


SIZE_SCENES = {
    scene.name: scene
    for scene in (
        *(people_of_the_clip(face_px, HD) for face_px in FACE_SIZES_PX),
        *(people_of_the_clip(face_px, FULL_HD) for face_px in FACE_SIZES_PX),
        *(people_of_the_clip(face_px, HD, 30) for face_px in FACE_SIZES_PX),
    )
}
