"""Open mouths are drawn on faces without a smile only, at the mouth, in the documented sizes."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from training.evaluation.synthetic_faces import synthetic_faces
from training.model import open_mouths as module
from training.model.open_mouths import open_mouths

SKIN = 150


def test_open_mouth_is_drawn_on_a_part_of_the_faces_without_a_smile() -> None:
    faces = np.repeat(synthetic_faces(), 40, axis=0)
    targets = np.tile([0.02, 0.19, 0.5, 0.98, 0.21], len(faces) // 5).astype(np.float32)
    opened = open_mouths(faces, targets, np.random.default_rng(0))
    changed = (opened != faces).any(axis=(1, 2))
    assert not changed[targets > 0.2].any()
    for target in (0.02, 0.19):
        of_target = changed[targets == np.float32(target)]
        assert of_target.mean() == pytest.approx(0.15, abs=0.045)


def test_originals_are_unchanged() -> None:
    faces = synthetic_faces()
    open_mouths(faces, np.zeros(len(faces), np.float32), np.random.default_rng(0))
    assert np.array_equal(faces, synthetic_faces())


@pytest.fixture
def face(monkeypatch: pytest.MonkeyPatch) -> NDArray[np.uint8]:
    """Every face gets a mouth; an eighth of it is darker than the skin, three eighths brighter.

    Percentiles 0 to 12.5 are the grey levels 0 to 100, those from 62.5 to 100 are 160 to 255. The
    lower half, where the mouth is drawn, is skin.
    """
    monkeypatch.setattr(module, "SHARE", 1.0)
    levels = np.full((64, 64), SKIN, np.uint8)
    levels[:8] = np.linspace(0, 100, 8 * 64).reshape(8, 64)
    levels[8:32] = np.linspace(160, 255, 24 * 64).reshape(24, 64)
    return levels


def _mouths(face: NDArray[np.uint8], count: int = 1500) -> NDArray[np.int_]:
    """Return the lower halves of faces with an open mouth."""
    faces = np.repeat(face[np.newaxis], count, axis=0)
    opened = open_mouths(faces, np.zeros(count, np.float32), np.random.default_rng(3))
    assert np.array_equal(opened[:, :32], faces[:, :32])
    return opened[:, 32:].astype(int)


def _centres(mouths: NDArray[np.bool_]) -> NDArray[np.float64]:
    return np.array([np.argwhere(mouth).mean(axis=0) for mouth in mouths])


def test_mouth_is_centred_below_the_nose(
    face: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "HALF_HEIGHT", (4.0, 4.0))
    rows, columns = _centres(_mouths(face) != SKIN).T
    assert columns.mean() == pytest.approx(32, abs=0.3)
    assert columns.std() == pytest.approx(2.0, abs=0.3)
    assert rows.mean() + 32 == pytest.approx(50 + 0.3 * 4, abs=0.3)
    assert rows.std() == pytest.approx(1.5, abs=0.25)


def test_mouths_are_between_the_smallest_and_the_largest_size(
    face: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TEETH_SHARE", 0.0)
    mouths = _mouths(face) != SKIN
    mouths = mouths[~mouths[:, -1].any(axis=1)]  # not cut off by the edge of the crop
    soft = np.sqrt(1.25)  # the soft border reaches beyond the ellipse
    widths, heights = mouths.any(axis=1).sum(axis=1), mouths.any(axis=2).sum(axis=1)
    assert widths.min() == pytest.approx(2 * 5 * soft, abs=1.5)
    assert widths.max() == pytest.approx(2 * 10 * soft, abs=1.5)
    assert heights.min() == pytest.approx(2 * 2.5 * soft, abs=1)
    assert heights.max() == pytest.approx(2 * 9 * soft, abs=1.5)


def test_opening_has_one_of_the_darkest_grey_levels(
    face: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TEETH_SHARE", 0.0)
    mouths = _mouths(face)
    darkest = mouths.min(axis=(1, 2))
    first, twelfth = 8, 96  # percentiles 1 and 12
    assert darkest.min() == pytest.approx(first + 2, abs=2)  # never quite opaque
    assert darkest.max() == pytest.approx(0.4 * SKIN + 0.6 * twelfth, abs=6)
    assert mouths.max() <= SKIN


def test_teeth_are_bright_and_above_the_opening_on_two_fifths_of_the_mouths(
    face: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    mouths = _mouths(face)
    brightest = mouths.max(axis=(1, 2))
    with_teeth = brightest > SKIN
    visible = (92 - 62.5) / (92 - 60)  # of the percentiles from 60 to 92, those above the skin
    assert with_teeth.mean() == pytest.approx(0.4 * visible, abs=0.05)
    assert brightest[with_teeth].min() < 165
    assert brightest.max() == pytest.approx(160 + 95 * (92 - 62.5) / 37.5, abs=5)
    for name, value in (
        ("CENTRE_SPREAD", (0.0, 0.0)), ("HALF_HEIGHT", (9.0, 9.0)), ("HALF_WIDTH", (9.0, 9.0)),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, value)
    centre = 50 + 0.3 * 9
    mouths = _mouths(face)
    mouths = mouths[mouths.max(axis=(1, 2)) > SKIN]
    lowest = [np.argwhere(mouth > SKIN)[:, 0].max() + 32 for mouth in mouths]
    assert min(lowest) == np.floor(centre - 0.6 * 9)
    assert max(lowest) == np.floor(centre - 0.1 * 9)
    for mouth in mouths:
        below = np.argwhere(mouth < SKIN)
        assert np.argwhere(mouth > SKIN)[:, 0].max() <= below[:, 0].min() if len(below) else True
