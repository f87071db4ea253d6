"""Texts in Markdown tables."""

from __future__ import annotations

from html import escape


def cell(text: str) -> str:
    """Return a text for a cell of a table; a bar would end the cell, even in code."""
    return escape(text, quote=False).replace("|", "&#124;")
