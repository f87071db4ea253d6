"""Random choices that the drawings share."""

from __future__ import annotations

import string

import numpy as np

__all__ = ["chance", "tone", "tones", "word"]

_MIN_DIFFERENCE = 25  # grey levels
_SIGNS = list(string.ascii_letters + string.digits + "&@#%?!+*")


def chance(rng: np.random.Generator, share: float) -> bool:
    """Return True with a probability of ``share``."""
    return bool(rng.random() < share)


def tone(rng: np.random.Generator) -> int:
    """Return any grey level."""
    return int(rng.integers(0, 256))


def tones(rng: np.random.Generator, count: int) -> list[int]:
    """Return grey levels of which neighbours differ visibly."""
    chosen = [tone(rng)]
    while len(chosen) < count:
        another = tone(rng)
        if abs(another - chosen[-1]) > _MIN_DIFFERENCE:
            chosen.append(another)
    return chosen


def word(rng: np.random.Generator, length: int) -> str:
    """Return random letters, digits and signs."""
    return "".join(rng.choice(_SIGNS, size=length))
