"""Tables and pictures that a notebook shows at the end of a cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from training.report.page import Table

__all__ = ["sheet", "table"]

_ENLARGED_PX, _GAP_PX, _LABEL_PX = 96, 8, 18


def table(columns: Mapping[str, Sequence[object]]) -> Table:
    """Return a table of named columns of equal length."""
    rows = [[_text(cell) for cell in row] for row in zip(*columns.values(), strict=True)]
    return Table(", ".join(columns), tuple(columns), rows)


def _text(cell: object) -> str:
    if isinstance(cell, int | np.integer) and not isinstance(cell, bool):
        return f"{cell:,}"
    return f"{cell:.3f}" if isinstance(cell, float | np.floating) else str(cell)


def sheet(
    crops: NDArray[np.uint8], labels: Sequence[str] | None = None, columns: int = 8
) -> Image.Image:
    """Return enlarged crops side by side.

    Parameters
    ----------
    crops
        uint8 (N, 64, 64).
    labels
        N short texts below the crops, if any.
    columns
        Crops per row.

    Returns
    -------
    Image
        Grey levels on white.
    """
    cell_px = _ENLARGED_PX + _GAP_PX
    row_px = cell_px + (0 if labels is None else _LABEL_PX)
    rows = -(-len(crops) // columns)
    image = Image.new("L", (min(columns, len(crops)) * cell_px, rows * row_px), 255)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(size=12)
    for place, crop in enumerate(crops):
        left, top = place % columns * cell_px, place // columns * row_px
        face = Image.fromarray(crop).resize((_ENLARGED_PX, _ENLARGED_PX), Image.Resampling.BICUBIC)
        image.paste(face, (left, top))
        if labels is not None:
            draw.text((left, top + _ENLARGED_PX + 1), labels[place], fill=40, font=font)
    return image
