"""Find pictures that are nearly the same, by correlation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smile_vision.smiles.preprocess import CROP_SIZE_PX

__all__ = ["Pairs", "alike"]

_COARSE = 16  # squares per row and column
_ROWS, _COLUMNS = 1000, 8000  # pictures in a block; 32 MB of correlations
_EXACT = 4096  # pairs that are compared at once
_ROUNDING = 1e-4  # of the bounds, at most
_FLAT = 1e-3  # norm of a picture without contrast; it is like no other one


@dataclass(frozen=True)
class Pairs:
    """Pairs of similar pictures.

    Attributes
    ----------
    first, second
        int64 (N,), the places of the pictures in the two sets.
    correlation
        float32 (N,).
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    correlation: NDArray[np.float32]


def alike(first: NDArray[np.uint8], second: NDArray[np.uint8], minimum: float) -> Pairs:
    """Return all pairs whose correlation is above the minimum.

    Parameters
    ----------
    first, second
        uint8 (N, 64, 64) and (M, 64, 64).
    minimum
        Of the correlation of the grey levels, 0 to 1.

    Notes
    -----
    Let P x be the coarse part of a normalised picture x (the means of 4 x 4 px squares) and Q x the
    rest. The two are orthogonal, so x y = Px Py + Qx Qy, at most Px Py + ``|Qx| |Qy|``. This bound
    is a product of 257 numbers instead of 4,096. Only pairs whose bound is above the minimum are
    compared in full. 35,000 pictures with 35,000 others take 10 s on two cores.
    """
    firsts, seconds = _normalised(first), _normalised(second)
    first_bounds, second_bounds = _bounds(firsts), _bounds(seconds)
    found: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]] = []
    for top in range(0, len(firsts), _ROWS):
        for left in range(0, len(seconds), _COLUMNS):
            bounds = first_bounds[top : top + _ROWS] @ second_bounds[left : left + _COLUMNS].T
            rows, columns = np.nonzero(bounds > minimum - _ROUNDING)
            for start in range(0, len(rows), _EXACT):
                one = rows[start : start + _EXACT] + top
                other = columns[start : start + _EXACT] + left
                exact = np.einsum("ij,ij->i", firsts[one], seconds[other])
                near = exact > minimum
                found.append((one[near], other[near], exact[near]))
    if not found:
        nothing = np.zeros(0, np.int64)
        return Pairs(nothing, nothing, np.zeros(0, np.float32))
    ones, others, correlations = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return Pairs(ones, others, correlations)


def _normalised(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return vectors (N, 4096) with mean 0 and length 1."""
    levels = pictures.reshape(len(pictures), CROP_SIZE_PX**2).astype(np.float32)
    levels -= levels.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(levels, axis=1, keepdims=True)
    flat = norms <= _FLAT
    normalised: NDArray[np.float32] = np.where(flat, 0, levels / np.where(flat, 1, norms))
    return normalised


def _bounds(normalised: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return vectors (N, 257) whose products are upper bounds of the correlations."""
    side = CROP_SIZE_PX // _COARSE
    squares = normalised.reshape(-1, _COARSE, side, _COARSE, side).sum(axis=(2, 4)) / side
    coarse = squares.reshape(len(normalised), _COARSE**2)
    rest = np.sqrt(np.maximum(0, 1 - (coarse**2).sum(axis=1, keepdims=True)))
    return np.hstack([coarse, rest]).astype(np.float32)
