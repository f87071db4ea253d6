"""Pictures, tables and charts that a notebook shows when they end a cell."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from training.report.page import Chart

__all__ = ["HtmlTable", "Sheet", "Svg", "chart", "sheet", "table"]

_ENLARGED_PX, _GAP_PX, _WORDS_PX = 96, 8, 18


@dataclass(frozen=True)
class HtmlTable:
    """Rows of text under a header."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]

    def __repr__(self) -> str:
        return "\n".join("  ".join(row) for row in [self.header, *self.rows])

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(name)}</th>" for name in self.header)
        rows = (
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"
            for row in self.rows
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


@dataclass(frozen=True)
class Sheet:
    """Pictures in rows, each with a few words below."""

    image: Image.Image

    def _repr_png_(self) -> bytes:
        file = io.BytesIO()
        self.image.save(file, "PNG")
        return file.getvalue()


@dataclass(frozen=True)
class Svg:
    """A chart of the report."""

    content: str
    caption: str

    def __repr__(self) -> str:
        return self.caption

    def _repr_svg_(self) -> str:
        return self.content


def table(columns: Mapping[str, Sequence[object]]) -> HtmlTable:
    """Return a table of named columns; whole numbers get their thousands parted.

    Parameters
    ----------
    columns
        Of equal length.

    Returns
    -------
    HtmlTable
    """
    rows = [tuple(_text(cell) for cell in row) for row in zip(*columns.values(), strict=True)]
    return HtmlTable(tuple(columns), rows)


def _text(cell: object) -> str:
    if isinstance(cell, int | np.integer) and not isinstance(cell, bool):
        return f"{cell:,}"
    return f"{cell:.3f}" if isinstance(cell, float | np.floating) else str(cell)


def sheet(crops: NDArray[np.uint8], words: Sequence[str] | None = None, columns: int = 8) -> Sheet:
    """Return crops side by side, enlarged.

    Parameters
    ----------
    crops
        uint8 (N, 64, 64).
    words
        N short texts to stand below; None for none.
    columns
        How many in a row.

    Returns
    -------
    Sheet
    """
    cell_px = _ENLARGED_PX + _GAP_PX
    row_px = cell_px + (0 if words is None else _WORDS_PX)
    rows = max(1, -(-len(crops) // columns))
    image = Image.new("L", (min(columns, max(1, len(crops))) * cell_px, rows * row_px), 255)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(size=12)
    for place, crop in enumerate(crops):
        left, top = place % columns * cell_px, place // columns * row_px
        face = Image.fromarray(crop).resize((_ENLARGED_PX, _ENLARGED_PX), Image.Resampling.BICUBIC)
        image.paste(face, (left, top))
        if words is not None:
            draw.text((left, top + _ENLARGED_PX + 1), words[place], fill=40, font=font)
    return Sheet(image)


def chart(of_report: Chart) -> Svg:
    """Return a chart of the report, ready for a notebook."""
    return Svg(of_report.svg.decode(), of_report.caption)
