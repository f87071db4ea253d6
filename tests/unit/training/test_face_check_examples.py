"""The examples of the face check: faces in the frame of the service, and things without a face."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from smile_vision.smiles.crop import TEMPLATE
from training.data.face_check.altered_faces import ALTERATIONS, altered_face
from training.data.face_check.camera import ANY, USABLE, Quality, photographed
from training.data.face_check.examples import KINDS, faces, not_faces
from training.data.face_check.faces import PICTURE_POINTS, framed, varied_face
from training.evaluation.synthetic_faces import synthetic_faces

PICTURES = synthetic_faces()
Crop = NDArray[np.uint8]


def _dots(points: NDArray[np.float64]) -> Crop:
    """Return a black picture with a soft white dot at each point (x, y)."""
    rows, columns = np.mgrid[:64, :64] + 0.5
    light = sum(np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 4) for x, y in points)
    return np.rint(np.clip(255 * light, 0, 255)).astype(np.uint8)


def _place(crop: Crop) -> tuple[float, float]:
    """Return the middle of what is white."""
    rows, columns = np.mgrid[:64, :64] + 0.5
    total = crop.sum(dtype=float)
    return float((columns * crop).sum() / total), float((rows * crop).sum() / total)


@pytest.mark.parametrize("point", [0, 1, 2])
def test_eyes_and_mouth_lie_where_the_service_puts_them(point: int) -> None:
    crop = framed(_dots(PICTURE_POINTS[point : point + 1]))
    assert _place(crop) == pytest.approx(TEMPLATE[point], abs=0.7)


def test_face_is_shifted_scaled_turned_and_narrowed_about_the_middle() -> None:
    picture = _dots(PICTURE_POINTS[1:2])
    x, y = _place(framed(picture))
    assert _place(framed(picture, shift=(3, 5))) == pytest.approx((x + 3, y + 5), abs=0.3)
    scaled = (32 + (x - 32) * 0.8, 32 + (y - 32) * 0.8)
    assert _place(framed(picture, scale=0.8)) == pytest.approx(scaled, abs=0.5)
    narrow = (32 + (x - 32) * 0.7, y)
    assert _place(framed(picture, width=0.7)) == pytest.approx(narrow, abs=0.5)
    turned = _place(framed(picture, angle_deg=20))
    assert turned[0] > x
    assert turned[1] > y + 3  # clockwise: the right eye comes down


def test_examples_depend_on_the_seed_only() -> None:
    def drawn(seed: int) -> bytes:
        rng = np.random.default_rng(seed)
        things, kinds = not_faces(PICTURES, 60, rng)
        return faces(PICTURES[:20], rng).tobytes() + things.tobytes() + kinds.tobytes()

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


def test_every_kind_of_thing_occurs_and_no_two_are_the_same() -> None:
    things, kinds = not_faces(PICTURES, 700, np.random.default_rng(0))
    assert things.dtype == np.uint8
    assert things.shape == (700, 64, 64)
    assert set(kinds.tolist()) == set(range(len(KINDS)))
    assert len({thing.tobytes() for thing in things}) > 690  # some are plain


def test_altered_faces_and_drawings_have_about_the_stated_shares() -> None:
    _, kinds = not_faces(PICTURES, 1500, np.random.default_rng(0))
    assert np.isin(kinds, range(len(ALTERATIONS))).mean() == pytest.approx(0.35, abs=0.04)


@pytest.mark.parametrize("kind", ALTERATIONS)
def test_altered_face_differs_much_from_the_face(kind: str) -> None:
    plain = framed(PICTURES[-1]).astype(float)
    for seed in range(10):
        altered = altered_face(PICTURES[-1], kind, np.random.default_rng(seed)).astype(float)
        assert altered.shape == (64, 64)
        correlation = np.corrcoef(plain.ravel(), altered.ravel())[0, 1]
        assert correlation < 0.85


def test_varied_face_resembles_the_face() -> None:
    rng = np.random.default_rng(0)
    plain = framed(PICTURES[-1]).astype(float).ravel()
    alike = [
        np.corrcoef(plain, varied_face(PICTURES[-1], rng).astype(float).ravel())[0, 1]
        for _ in range(50)
    ]
    assert np.median(alike) > 0.2  # a shift of 2 px leaves about 0.4


@pytest.mark.parametrize("worst", [USABLE, ANY])
def test_picture_is_never_worse_than_the_lowest_quality(worst: Quality) -> None:
    rng = np.random.default_rng(0)
    board = np.kron(np.indices((8, 8)).sum(axis=0) % 2, np.ones((8, 8))) * 200
    crops = [photographed(board.astype(np.uint8), worst, rng) for _ in range(200)]
    means = [crop.mean() for crop in crops]
    assert min(means) < 30
    assert max(means) > 220
    usual = [crop.std() for crop in crops if 60 < crop.mean() < 190]  # not clipped
    assert min(usual) > worst.deviation * 0.4
    assert max(usual) > 40


def test_other_things_are_smaller_and_paler_than_faces() -> None:
    assert ANY.side_px < USABLE.side_px
    assert ANY.deviation < USABLE.deviation
