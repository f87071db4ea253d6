"""Statistics of one frame that show what is wrong with a camera."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# A grid of the frame's own pixels, not averaged, so that noise stays visible.
_COLUMNS, _ROWS = 320, 45
_BLOCK_COLUMNS, _BLOCK_ROWS = 16, 9
_COARSE_STEP = 8
"""In columns of the grid: the width of a strong edge that is out of focus."""
_EDGE_SHARE = 0.02
_BLACK, _RANGE = 16.0, 219.0  # of limited-range luma (ITU-R BT.601)
_WHITE_SHARE = 0.97


@dataclass(frozen=True, slots=True)
class PictureStats:
    """What one frame says about its camera.

    Attributes
    ----------
    brightness : float
        Of the brightest parts of the picture, without noise: 0 black, 1 white.
    white_share : float
        Share of the picture that is white, 0 to 1.
    structure : float
        How much neighbouring parts of the picture differ, apart from smooth shading, relative to
        its brightness.
    sharpness : float
        How steep the strongest edges are: 1 within 4 of 1280 px, 0.13 for none steeper than a
        slope of 32 px. Hardly depends on what the picture shows.
    changed : float
        Share of points that differ from the previous sample; 1 for the first.
    """

    brightness: float
    white_share: float
    structure: float
    sharpness: float
    changed: float


def sample_of(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a grid of points of a luma plane; uint8 (about 45, about 320), copied."""
    height, width = grey.shape
    return grey[:: max(height // _ROWS, 1), :: max(width // _COLUMNS, 1)].copy()


def picture_stats(
    sample: NDArray[np.uint8], previous: NDArray[np.uint8] | None, is_limited_range: bool
) -> PictureStats:
    """Return the statistics of a sample.

    Parameters
    ----------
    sample, previous : ndarray
        From `sample_of`; None when there is no previous sample.
    is_limited_range : bool
        Whether black is 16 and white 235, instead of 0 and 255.
    """
    black, span = (_BLACK, _RANGE) if is_limited_range else (0.0, 255.0)
    blocks = (_block_means(sample) - black) / span
    brightness = float(np.clip(_percentile(blocks.ravel(), 95), 0, 1))
    bends = np.concatenate([np.abs(np.diff(blocks, 2, axis=axis)).ravel() for axis in (0, 1)])
    is_same_size = previous is not None and previous.shape == sample.shape
    return PictureStats(
        brightness=brightness,
        white_share=float(np.mean(sample >= black + _WHITE_SHARE * span)),
        structure=_percentile(bends, 90) / max(brightness, 1 / span),
        sharpness=_sharpness(sample),
        changed=float(np.mean(sample != previous)) if is_same_size else 1.0,
    )


def _percentile(values: NDArray[np.float64], percent: int) -> float:
    """Return a percentile of few values; 20 times faster than numpy's, which interpolates."""
    return float(np.sort(values)[(values.size - 1) * percent // 100]) if values.size else 0.0


def _block_means(sample: NDArray[np.uint8]) -> NDArray[np.float64]:
    height, width = sample.shape
    rows, columns = min(_BLOCK_ROWS, height), min(_BLOCK_COLUMNS, width)
    cut = sample[: height // rows * rows, : width // columns * columns]
    means: NDArray[np.float64] = cut.reshape(rows, height // rows, columns, width // columns).mean(
        (1, 3)
    )
    return means


def _sharpness(sample: NDArray[np.uint8]) -> float:
    """Return the steps of the strongest edges from point to point, relative to the whole edges."""
    values = sample.astype(np.int16)
    if values.shape[1] <= _COARSE_STEP:
        return 0.0
    whole = np.abs(values[:, _COARSE_STEP:] - values[:, :-_COARSE_STEP])
    steps = np.abs(np.diff(values, axis=1))
    # The largest step within each edge.
    windows = np.lib.stride_tricks.sliding_window_view(steps, _COARSE_STEP, axis=1)
    count = max(round(_EDGE_SHARE * whole.size), 1)
    strongest = np.argpartition(whole.ravel(), -count)[-count:]
    rows, columns = np.unravel_index(strongest, whole.shape)
    largest = windows[rows, columns].max(axis=1).sum()
    return float(largest / max(whole.ravel()[strongest].sum(), 1))
