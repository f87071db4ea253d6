"""Sums in a fixed order, so that every build of numpy gets the same bits."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["weighted_sum"]

Floats = NDArray[np.floating[Any]]


def weighted_sum(weights: Floats, rows: Floats) -> Floats:
    """Return the sum of rows, each times its weight, added from the first row to the last.

    ``weights @ rows`` leaves the order, and so the rounding, to the BLAS library. It differs
    between processors, between builds of numpy and with the number of threads.

    Parameters
    ----------
    weights
        Floats (N,), N at least 1.
    rows
        Floats (N, ...).

    Returns
    -------
    ndarray
        The shape of one row.
    """
    products = weights.reshape(-1, *(1 for _ in rows.shape[1:])) * rows
    total: Floats = products[0]
    for product in products[1:]:
        total = total + product
    return total
