"""Draw smile scores over time beside the ground truth."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

__all__ = ["plot_scores"]

ROW_HEIGHT_PX, MARGIN_PX, PX_PER_S = 150, 20, 40


def plot_scores(
    times_ms: NDArray[np.float64],
    scores: NDArray[np.float32],
    episodes: list[list[tuple[int, int]]],
    path: Path,
) -> None:
    """Write a PNG with one row per person: the episodes shaded, the scores as a line from 0 to 1.

    Parameters
    ----------
    times_ms
        Of the frames, float64 (N,).
    scores
        Smile scores, float32 (P, N); NaN leaves a gap.
    episodes
        (start, end) in ms of each smile, by person.
    path
        The PNG to write.
    """
    width = round(times_ms[-1] / 1000 * PX_PER_S) + 2 * MARGIN_PX
    picture = Image.new("RGB", (width, len(scores) * (ROW_HEIGHT_PX + MARGIN_PX)), "white")
    draw = ImageDraw.Draw(picture)
    for row, (line, smiles) in enumerate(zip(scores, episodes, strict=True)):
        top = row * (ROW_HEIGHT_PX + MARGIN_PX) + MARGIN_PX // 2
        for start, end in smiles:
            box = (to_x(start), top, to_x(end), top + ROW_HEIGHT_PX)
            draw.rectangle(box, fill=(255, 232, 170))
        for level in (0.0, 0.15, 0.5, 0.85, 1.0):
            y = top + (1 - level) * ROW_HEIGHT_PX
            draw.line((MARGIN_PX, y, width - MARGIN_PX, y), fill=(205, 205, 205))
        points = [
            (to_x(t_ms), top + (1 - float(score)) * ROW_HEIGHT_PX)
            for t_ms, score in zip(times_ms, line, strict=True)
        ]
        for before, after in pairwise(points):
            if not np.isnan([before[1], after[1]]).any():
                draw.line((before, after), fill=(30, 80, 160), width=2)
    picture.save(path)


def to_x(t_ms: float) -> float:
    """Return the column of a moment."""
    return MARGIN_PX + t_ms / 1000 * PX_PER_S
