"""Covers hide the share of faces that is documented, in all kinds, and say what they hide."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from training.evaluation.synthetic_faces import synthetic_faces
from training.model import occlusion as module
from training.model.occlusion import (
    HIDDEN,
    UNDECIDED,
    VISIBLE,
    cover_randomly,
    mouth_visibility,
)

MOUTH_ROWS, MOUTH_COLUMNS = slice(43, 58), slice(19, 46)

Crops = NDArray[np.uint8]


@pytest.fixture(scope="module")
def faces() -> Crops:
    return np.tile(synthetic_faces(), (100, 1, 1))


@pytest.fixture(scope="module")
def covered(faces: Crops) -> tuple[Crops, NDArray[np.float32]]:
    return cover_randomly(faces, np.random.default_rng(5), faces)


def _changed(before: Crops, after: Crops) -> NDArray[np.bool_]:
    return np.asarray((before != after).any(axis=(1, 2)))


def test_covers_repeat_when_the_seed_is_the_same(faces: Crops) -> None:
    few = faces[:200]
    once, visible = cover_randomly(few, np.random.default_rng(1), few)
    again, visible_again = cover_randomly(few, np.random.default_rng(1), few)
    assert np.array_equal(once, again)
    assert np.array_equal(visible, visible_again)
    assert not np.array_equal(once, cover_randomly(few, np.random.default_rng(2), few)[0])


def test_originals_are_unchanged_and_most_faces_stay_as_they_are(
    faces: Crops, covered: tuple[Crops, NDArray[np.float32]]
) -> None:
    crops, visible = covered
    assert np.array_equal(faces, np.tile(synthetic_faces(), (100, 1, 1)))
    changed = _changed(faces, crops)
    assert changed.mean() == pytest.approx(0.30, abs=0.025)
    assert set(visible[~changed].tolist()) == {VISIBLE}


def test_a_seventh_of_the_faces_is_covered_about_the_mouth(
    monkeypatch: pytest.MonkeyPatch, faces: Crops
) -> None:
    monkeypatch.setattr(module, "ELSEWHERE_SHARE", 0.0)
    crops, visible = cover_randomly(faces, np.random.default_rng(6), faces)
    changed = _changed(faces, crops)
    assert changed.mean() == pytest.approx(0.14, abs=0.02)
    assert (visible[changed] == HIDDEN).mean() > 0.6
    middles = crops[:, 50, 32] != faces[:, 50, 32]
    assert middles[changed].mean() > 0.9


def test_a_cover_elsewhere_may_leave_the_mouth_visible(
    monkeypatch: pytest.MonkeyPatch, faces: Crops
) -> None:
    monkeypatch.setattr(module, "MOUTH_SHARE", 0.0)
    crops, visible = cover_randomly(faces, np.random.default_rng(7), faces)
    changed = _changed(faces, crops)
    assert changed.mean() == pytest.approx(0.16, abs=0.02)
    shares = {label: (visible[changed] == label).mean() for label in (VISIBLE, HIDDEN)}
    assert shares[VISIBLE] == pytest.approx(0.45, abs=0.06)
    assert shares[HIDDEN] == pytest.approx(0.43, abs=0.06), "masks, and large things"


def test_a_fifth_of_the_mouths_is_hidden(covered: tuple[Crops, NDArray[np.float32]]) -> None:
    assert (covered[1] == HIDDEN).mean() == pytest.approx(0.215, abs=0.015)


def _mask(share: float) -> NDArray[np.float32]:
    """Return a cover over the left part of the mouth that hides this share of it."""
    mask = np.zeros((64, 64), np.float32)
    mouth = np.argwhere(module._IS_MOUTH)
    mouth = mouth[np.argsort(mouth[:, 1], kind="stable")]
    for row, column in mouth[: round(share * len(mouth))]:
        mask[row, column] = 1
    return mask


@pytest.mark.parametrize(
    ("share", "label"),
    [(0, VISIBLE), (0.24, VISIBLE), (0.26, UNDECIDED), (0.69, UNDECIDED), (0.71, HIDDEN),
     (1, HIDDEN)],
)  # fmt: skip
def test_label_follows_the_share_of_the_mouth_that_is_covered(share: float, label: float) -> None:
    assert mouth_visibility(_mask(share)) == label


def test_a_cover_outside_of_the_mouth_leaves_it_visible() -> None:
    mask = np.ones((64, 64), np.float32)
    mask[MOUTH_ROWS, MOUTH_COLUMNS] = 0
    assert mouth_visibility(mask) == VISIBLE
    mask[MOUTH_ROWS, MOUTH_COLUMNS] = 0.5  # half transparent
    assert mouth_visibility(mask) == UNDECIDED


def test_label_agrees_with_what_is_left_of_the_mouth(
    faces: Crops, covered: tuple[Crops, NDArray[np.float32]]
) -> None:
    crops, visible = covered
    untouched = (crops == faces)[:, module._IS_MOUTH].mean(axis=1)
    assert untouched[visible == VISIBLE].min() > 0.55
    assert untouched[visible == HIDDEN].max() < 0.3


@pytest.mark.parametrize("kinds", ["_SHAPES", "_TEXTURES"])
def test_every_shape_and_texture_is_used(
    monkeypatch: pytest.MonkeyPatch, faces: Crops, kinds: str
) -> None:
    used: Counter[str] = Counter()

    def counted(kind: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object) -> object:
            used[kind.__name__] += 1
            return kind(*arguments)

        return call

    known = getattr(module, kinds)
    monkeypatch.setattr(module, kinds, tuple(counted(kind) for kind in known))
    cover_randomly(faces, np.random.default_rng(8), faces)
    assert set(used) == {kind.__name__ for kind in known}
    assert len(used) == 5
    assert max(used.values()) < 1.5 * min(used.values())


@pytest.mark.parametrize("shape", module._SHAPES, ids=lambda shape: shape.__name__)
def test_each_shape_can_hide_the_mouth(
    monkeypatch: pytest.MonkeyPatch, shape: module._Shape
) -> None:
    monkeypatch.setattr(module, "_SHAPES", (shape,))
    rng = np.random.default_rng(9)
    labels = Counter(mouth_visibility(module._mask(rng, 32, 50)) for _ in range(100))
    assert labels[HIDDEN] > 50


@pytest.mark.parametrize("texture", module._TEXTURES, ids=lambda texture: texture.__name__)
def test_each_texture_varies_and_keeps_to_grey_levels(
    monkeypatch: pytest.MonkeyPatch, texture: Callable[..., NDArray[np.float32]]
) -> None:
    monkeypatch.setattr(module, "_TEXTURES", (texture,))
    rng, faces = np.random.default_rng(10), synthetic_faces()
    drawn = np.stack([module._texture(rng, faces) for _ in range(50)])
    assert drawn.min() >= 0
    assert drawn.max() <= 255
    assert drawn.mean(axis=(1, 2)).std() > 8
    assert {one.tobytes() for one in drawn} == {one.tobytes() for one in np.unique(drawn, axis=0)}


def test_a_hand_has_the_texture_of_some_face(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_TEXTURES", (module._skin,))
    monkeypatch.setattr(module, "_GRAIN", 0.0)
    bright = np.full((3, 64, 64), 201, np.uint8)
    assert (module._texture(np.random.default_rng(1), bright) == 201).all()


def test_covers_are_grainy_by_up_to_8_levels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_TEXTURES", (lambda rng, faces: np.full((64, 64), 127.0),))
    rng, faces = np.random.default_rng(14), synthetic_faces()
    deviations = [float(module._texture(rng, faces).std()) for _ in range(100)]
    assert max(deviations) == pytest.approx(8, abs=0.4)
    assert min(deviations) < 1


def test_three_in_ten_covers_are_out_of_focus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SHAPES", (module._board,))
    rng = np.random.default_rng(11)
    soft = []
    for _ in range(400):
        mask = module._mask(rng, 32, 32)
        partly = ((mask > 0) & (mask < 1)).sum()
        edges = (np.abs(np.diff(mask > 0.5, axis=0)).sum()) + np.abs(np.diff(mask > 0.5)).sum()
        soft.append(partly > 1.2 * edges)
    assert np.mean(soft) == pytest.approx(0.3, abs=0.08)


def test_some_covers_that_reach_the_edge_repeat_the_row_above(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_SHAPES", (module._lower_part,))
    monkeypatch.setattr(module, "MOUTH_SHARE", 1.0)
    faces = np.tile(synthetic_faces(), (20, 1, 1))
    crops, _ = cover_randomly(faces, np.random.default_rng(12), faces)
    repeated = np.array([(crop[-6:] == crop[-1]).all() and crop[-1].std() > 0 for crop in crops])
    assert repeated.mean() == pytest.approx(0.12, abs=0.04)
    for crop, face in zip(crops[repeated], faces[repeated], strict=True):
        first = int((crop != face).any(axis=1).argmax())
        assert np.array_equal(crop[-1], face[first - 1])


def test_a_third_of_the_covers_is_as_bright_as_the_face(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SHAPES", (module._ellipse,))
    monkeypatch.setattr(module, "_TEXTURES", (module._plain,))
    monkeypatch.setattr(module, "_GRAIN", 0.0)
    monkeypatch.setattr(module, "MOUTH_SHARE", 1.0)
    face = np.full((600, 64, 64), 137, np.uint8)
    crops, _ = cover_randomly(face, np.random.default_rng(13), face)
    assert (np.abs(crops[:, 50, 32].astype(int) - 137) <= 1).mean() == pytest.approx(0.35, abs=0.06)
