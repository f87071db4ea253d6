"""Results have the same bits with every BLAS library of numpy and number of threads."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from smile_vision.faces.weighted_sum import weighted_sum

ROOT = Path(__file__).parents[3]
# Kernels that OpenBLAS has for the processors on which the tests run; each adds in its own order.
KERNELS = ("NEOVERSEN1", "ARMV8") if platform.machine() == "aarch64" else ("Prescott", "Haswell")
PROGRAM = """
from smile_vision.photos.photo_smiles import PhotoSmileDetector
from tests.helpers.synthetic_photos import synthetic_photo
faces = [(20, 30, 180, True), (300, 250, 180, False), (500, 20, 90, True)]
for face in PhotoSmileDetector.load().detect(synthetic_photo(faces)).faces:
    print(face.box, face.face_score.hex(), face.smile_score.hex())
"""


def results(**environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_scores_have_the_same_bits_when_blas_or_its_threads_change() -> None:
    first = results(OPENBLAS_CORETYPE=KERNELS[0], OPENBLAS_NUM_THREADS="1")
    assert first.count("\n") == 3
    assert results(OPENBLAS_CORETYPE=KERNELS[1], OPENBLAS_NUM_THREADS="2") == first


@pytest.mark.parametrize("shape", [(), (4,), (6, 2)])
def test_rows_are_added_from_the_first_to_the_last(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(1)
    weights, rows = rng.random(9, np.float32), rng.random((9, *shape), np.float32)
    expected = weights[0] * rows[0]
    for weight, row in zip(weights[1:], rows[1:], strict=True):
        expected = expected + weight * row
    assert np.array_equal(weighted_sum(weights, rows), expected)
    assert np.allclose(expected, np.tensordot(weights, rows, axes=1))
