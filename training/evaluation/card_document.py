"""The blocks of docs/model.md that state the model card."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["card_text", "limits_text"]


def card_text(card: dict[str, Any]) -> str:
    """Return version, use and data of a model card as Markdown, under their headings.

    Parameters
    ----------
    card
        The content of smile_classifier.json.

    Returns
    -------
    str
        Ends with a line break.
    """
    licence = card["licence"]
    lines = [
        "## Model details",
        "",
        "| | |",
        "|---|---|",
        f"| model | `{card['name']}`: {card['description']} |",
        f"| version, date of the training | {card['version']}, {card['date']} |",
        f"| developer | {card['developer']} |",
        f"| licence | code: {licence['code']}, weights: {licence['weights']}"
        f" (`{licence['text']}`). {licence['limits']} |",
        f"| contact | {card['contact']} |",
        "",
        "## Intended use",
        "",
        *_items(card["intended_use"]),
        "",
        "## Excluded use",
        "",
        *_items(card["excluded_use"]),
        "",
        "## Human oversight and operation",
        "",
        *_items([*card["human_oversight"], *card["operation"]]),
        "",
        "## Training and evaluation data",
        "",
        "| learned from | content | labels | licence |",
        "|---|---|---|---|",
        *(
            f"| {name}: {data['source']} | {data['content']} | {data['labels']}"
            f" | {data['licence']} |"
            for name, data in card["training_data"].items()
        ),
        "",
        "| evaluated on | content |",
        "|---|---|",
        *(f"| {name} | {content} |" for name, content in card["evaluation_data"].items()),
    ]
    return "\n".join(lines) + "\n"


def limits_text(card: dict[str, Any]) -> str:
    """Return the known limits of a model card as a Markdown list."""
    limits = [f"**{name}.** {limit}" for name, limit in card["limits"].items()]
    return "\n".join(_items(limits)) + "\n"


def _items(texts: Sequence[str]) -> list[str]:
    return [f"* {text}" for text in texts]
