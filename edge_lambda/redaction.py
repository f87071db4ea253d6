"""Hide addresses in messages: they may contain a password."""

from __future__ import annotations

import re

# What may be shown of an address: the flag in front of it, and its scheme.
_HARMLESS = re.compile(r"(--[\w-]+=)?['\"]?([a-z0-9+.-]+:/+)?", re.IGNORECASE)


def without_addresses(text: str) -> str:
    """Return a text with ``…`` in place of what follows the scheme of an address.

    Any word with an @ counts as an address, because its scheme may be missing.
    """
    return re.sub(r"\S+", lambda word: _shown(word[0]), text)


def _shown(word: str) -> str:
    if ":/" not in word and "@" not in word:
        return word
    harmless = _HARMLESS.match(word)
    return f"{harmless[0] if harmless else ''}…"
