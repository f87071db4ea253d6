"""Numbers of things, in words for a person."""

from __future__ import annotations


def counted(count: int, thing: str, verb: str = "") -> str:
    """Return ``1 face`` or ``2 faces``, and with ``is/are``: ``1 face is`` or ``2 faces are``."""
    one, _, many = verb.partition("/")
    word = one if count == 1 else many
    return f"{count} {thing}{'' if count == 1 else 's'}{word and f' {word}'}"
