"""The page: sections of text, charts, tables and faces, as one self-contained HTML file."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["Chart", "Face", "Faces", "Missing", "Part", "Section", "Table", "Tiles", "render"]

_STYLE = Path(__file__).with_name("page.css")


@dataclass(frozen=True)
class Chart:
    """A drawn figure without people in it.

    Attributes
    ----------
    name
        File name of the PNG, without suffix.
    svg, png
        The same drawing twice: for the page, for documents.
    alt
        What it shows, for those who cannot see it.
    caption
        What to see in it, with counts.
    """

    name: str
    svg: bytes
    png: bytes
    alt: str
    caption: str


@dataclass(frozen=True)
class Table:
    """Rows of text; the first column names the row.

    Attributes
    ----------
    caption, header, rows
        Plain text.
    tint
        For each row, for each cell but the first: "+" right, "-" wrong, "" neither.
    folded
        Show the caption alone until somebody asks for more.
    """

    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    tint: Sequence[Sequence[str]] | None = None
    folded: bool = False


@dataclass(frozen=True)
class Face:
    """A crop, uint8 (64, 64), and the words below it."""

    grey: NDArray[np.uint8]
    words: str


@dataclass(frozen=True)
class Faces:
    """Pictures of people: for the local page only, never written as files of their own."""

    caption: str
    faces: Sequence[Face]


@dataclass(frozen=True)
class Tiles:
    """The figures to remember: (value, what it is) pairs."""

    tiles: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Missing:
    """What cannot be shown, and what would make it appear."""

    text: str


Part = Chart | Table | Faces | Tiles | Missing | str


@dataclass(frozen=True)
class Section:
    """A chapter of the page; plain strings among the parts are paragraphs."""

    anchor: str
    title: str
    parts: Sequence[Part]


def render(title: str, lead: str, sections: Sequence[Section], footer: str) -> str:
    """Return the whole page as HTML that needs no other file and no script.

    Parameters
    ----------
    title, lead, footer
        Plain text.
    sections
        In reading order.

    Returns
    -------
    str
        A complete document.
    """
    links = "".join(
        f'<li><a href="#{section.anchor}">{escape(section.title)}</a></li>' for section in sections
    )
    body = "".join(_section(section) for section in sections)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n"
        f"<style>\n{_STYLE.read_text(encoding='utf-8')}</style>\n</head>\n<body>\n"
        f'<header>\n<h1>{escape(title)}</h1>\n<p class="lead">{escape(lead)}</p>\n</header>\n'
        f'<nav aria-label="Contents"><ul>{links}</ul></nav>\n<main>\n{body}</main>\n'
        f"<footer><p>{escape(footer)}</p></footer>\n</body>\n</html>\n"
    )


def _section(section: Section) -> str:
    parts = "\n".join(_part(part) for part in section.parts)
    title = f'<h2 id="{section.anchor}">{escape(section.title)}</h2>'
    return f"<section>\n{title}\n{parts}\n</section>\n"


def _part(part: Part) -> str:
    match part:
        case str():
            return f"<p>{_with_code(part)}</p>"
        case Missing():
            return f'<p class="missing">Not available: {_with_code(part.text)}</p>'
        case Chart():
            image = _data_uri(part.svg, "image/svg+xml")
            return (
                f'<figure class="chart"><img src="{image}" alt="{escape(part.alt, quote=True)}">'
                f"<figcaption>{escape(part.caption)}</figcaption></figure>"
            )
        case Tiles():
            tiles = "".join(
                f"<div><dd>{escape(value)}</dd><dt>{escape(words)}</dt></div>"
                for value, words in part.tiles
            )
            return f'<dl class="tiles">{tiles}</dl>'
        case Table():
            return _table(part)
        case Faces():
            return _faces(part)


def _with_code(text: str) -> str:
    """Escape a text and set what stands between backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _table(table: Table) -> str:
    header = "".join(f'<th scope="col">{escape(name)}</th>' for name in table.header)
    rows = []
    for place, (first, *others) in enumerate(table.rows):
        tints = table.tint[place] if table.tint else [""] * len(others)
        cells = "".join(
            f"<td{_TINTS[tint]}>{escape(cell)}</td>"
            for cell, tint in zip(others, tints, strict=True)
        )
        rows.append(f'<tr><th scope="row">{escape(first)}</th>{cells}</tr>')
    name = escape(table.caption, quote=True)
    whole = (
        f'<div class="table" role="region" aria-label="{name}" tabindex="0">'
        f'<table aria-label="{name}"><thead><tr>{header}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )
    if table.folded:
        return f"<details><summary>{escape(table.caption)}</summary>{whole}</details>"
    return f"<figure><figcaption>{escape(table.caption)}</figcaption>{whole}</figure>"


_TINTS = {"": "", "+": ' class="right"', "-": ' class="wrong"'}


def _faces(faces: Faces) -> str:
    items = "".join(
        f'<li><img src="{_data_uri(_png(face.grey), "image/png")}" width="96" height="96"'
        f' alt="Face, {escape(face.words, quote=True)}"><span>{escape(face.words)}</span></li>'
        for face in faces.faces
    )
    return (
        f'<figure class="faces"><figcaption>{escape(faces.caption)}</figcaption>'
        f"<ul>{items}</ul></figure>"
    )


def _png(grey: NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(grey).save(file, "PNG")
    return file.getvalue()


def _data_uri(content: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
