"""The report page: sections of text, charts, tables and faces, in one self-contained HTML file."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup, escape
from numpy.typing import NDArray
from PIL import Image

__all__ = ["Chart", "Face", "Faces", "Missing", "Part", "Section", "Table", "Tiles", "render"]


@dataclass(frozen=True)
class Chart:
    """A chart without people in it.

    Attributes
    ----------
    name
        File name of the PNG, without suffix.
    svg, png
        The same chart twice: for the page, and for documents and notebooks.
    alt
        Description for readers who cannot see the chart.
    caption
        What to see in it, with counts.
    """

    kind: ClassVar[str] = "chart"
    name: str
    svg: bytes = field(repr=False)
    png: bytes = field(repr=False)
    alt: str
    caption: str

    def _repr_png_(self) -> bytes:  # how Jupyter shows it
        return self.png


@dataclass(frozen=True)
class Table:
    """Rows of text; the first cell names the row. A folded table opens on a click."""

    kind: ClassVar[str] = "table"
    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    folded: bool = False

    def _repr_html_(self) -> str:
        return str(_TEMPLATE.make_module().table(self))  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Face:
    """A crop, uint8 (64, 64), and its caption."""

    grey: NDArray[np.uint8]
    caption: str

    @property
    def png(self) -> bytes:
        """The crop as a PNG file."""
        file = io.BytesIO()
        Image.fromarray(self.grey).save(file, "PNG")
        return file.getvalue()


@dataclass(frozen=True)
class Faces:
    """Pictures of people. They appear on the local page only, never as files."""

    kind: ClassVar[str] = "faces"
    caption: str
    faces: Sequence[Face]


@dataclass(frozen=True)
class Tiles:
    """The most important metrics as (value, label) pairs."""

    kind: ClassVar[str] = "tiles"
    tiles: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Missing:
    """What the page cannot show, and how to make it appear."""

    kind: ClassVar[str] = "missing"
    text: str


Part = Chart | Table | Faces | Tiles | Missing | str


@dataclass(frozen=True)
class Section:
    """A chapter of the page. Plain strings among its parts are paragraphs."""

    anchor: str
    title: str
    parts: Sequence[Part]


def render(title: str, lead: str, sections: Sequence[Section], footer: str) -> str:
    """Return the whole page as HTML that needs no other file and no script.

    Parameters
    ----------
    title, lead, footer
        Plain text; `code` between backticks.
    sections
        In reading order.

    Returns
    -------
    str
        A complete HTML document.
    """
    return _TEMPLATE.render(title=title, lead=lead, sections=sections, footer=footer)


def _data_uri(content: bytes, media_type: str) -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


def _with_code(text: str) -> Markup:
    """Escape a text and mark what stands between backticks as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped


def _template_environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"data_uri": _data_uri, "with_code": _with_code}
    return environment


_TEMPLATE = _template_environment().get_template("page.html.jinja")
