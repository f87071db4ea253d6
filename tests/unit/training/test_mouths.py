"""Mouths are opened on faces without a smile only."""

from __future__ import annotations

import numpy as np

from training.evaluation.synthetic_faces import synthetic_faces
from training.model.open_mouths import SHARE, open_mouths


def test_only_faces_without_a_smile_get_an_open_mouth() -> None:
    faces = np.repeat(synthetic_faces(), 20, axis=0)
    targets = np.tile([0.02, 0.5, 0.98], len(faces) // 3).astype(np.float32)
    opened = open_mouths(faces, targets, np.random.default_rng(0))
    changed = (opened != faces).any(axis=(1, 2))
    assert not changed[targets > 0.2].any()
    assert abs(changed[targets < 0.2].mean() - SHARE) < 0.06


def test_opening_is_at_the_mouth() -> None:
    faces = np.repeat(synthetic_faces(), 10, axis=0)
    opened = open_mouths(faces, np.zeros(len(faces), np.float32), np.random.default_rng(1))
    assert not (opened != faces)[:, :34].any()
    assert (opened != faces)[:, 45:60, 24:40].any()
