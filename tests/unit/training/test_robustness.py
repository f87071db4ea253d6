"""The grid spoils what it says it spoils, and the floor is enforced."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from smile_vision.smiles.classifier import SmileClassifier
from training.data.crops import Crops
from training.errors import TrainingError
from training.evaluation.corruptions import conditions, move
from training.robustness import FLOOR, check_floor, corruption_metrics


@pytest.fixture
def crop() -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (64, 64), dtype=np.uint8)


def test_every_condition_gives_a_crop_that_differs_from_the_clean_one(crop: np.ndarray) -> None:
    rows = list(conditions())
    for condition in rows[1:]:
        spoilt = condition.spoil(crop, np.random.default_rng(0))
        assert spoilt.shape == crop.shape, condition
        assert spoilt.dtype == np.uint8, condition
        assert not np.array_equal(spoilt, crop), condition
    assert np.array_equal(rows[0].spoil(crop, np.random.default_rng(0)), crop)


def test_face_goes_where_it_is_moved() -> None:
    dot = np.zeros((64, 64), np.uint8)
    dot[30:33, 40:43] = 255
    moved = move(dot, 0.0, 1.0, 5.0, -10.0)
    assert np.array_equal(np.argwhere(moved == 255).mean(axis=0), [21.0, 46.0])
    grown = move(dot, 0.0, 2.0, 0.0, 0.0)
    assert (grown > 127).sum() > 2 * (dot > 127).sum()


def test_grid_counts_only_pictures_on_which_both_labellers_agree() -> None:
    rng = np.random.default_rng(1)
    crops = Crops(
        grey=rng.integers(0, 256, (6, 64, 64), dtype=np.uint8),
        smile=np.array([True, False, True, False, True, False]),
        target=np.zeros(6, np.float32),
        tier=np.array(["clear", "none", "faint", "none", "smile, one annotator", "faint"]),
        adjudicated=np.array(["clear", "none", "faint", "none", "clear", "none"]),
        split=np.array(["test"] * 6),
        name=np.array(list("123456")),
    )
    rows = corruption_metrics(SmileClassifier.load(), crops)
    assert {row["pictures"] for row in rows} == {3}
    assert len(rows) == len(list(conditions()))


def _row(accuracy: float, within: bool) -> dict[str, Any]:
    return {"family": "blur", "setting": "1 px", "within": within, "accuracy": accuracy}


def test_floor_is_broken_when_a_promised_condition_is_below_it() -> None:
    with pytest.raises(TrainingError, match=r"blur, 1 px: accuracy 0\.500"):
        check_floor([_row(0.99, True), _row(0.5, True)])


def test_floor_tells_where_it_does_not_hold() -> None:
    floor = check_floor([_row(0.99, True), _row(0.5, False), _row(0.97, False)])
    assert floor["accuracy"] == FLOOR
    assert floor["holds_for"] == ["blur: 1 px"]
    assert floor["does_not_hold_for"] == ["blur: 1 px"]
