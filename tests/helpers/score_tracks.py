"""Invented smile scores of a face that smiles now and then, at the frame rates of cameras."""

from __future__ import annotations

import math
import random

LENGTH_MS = 30_000.0


def score_track(rng: random.Random) -> list[tuple[float, float]]:
    """Return ``(time in ms, score)`` of half a minute: rises, plateaus, dips and noise."""
    frame_ms = 1000 / rng.choice([5, 8, 12, 15, 25])
    inertia_ms, noise_size = rng.uniform(60, 250), rng.uniform(0.01, 0.06)
    at = until = noise = 0.0
    level = target = 0.05
    track: list[tuple[float, float]] = []
    while at < LENGTH_MS:
        if at >= until:
            is_smile = target < 0.3
            target = rng.uniform(*rng.choice(_SMILES if is_smile else _BREAKS))
            until = at + rng.expovariate(1 / (2500 if is_smile else 1800)) + 120
        elapsed_ms = frame_ms * rng.uniform(0.8, 1.25)
        level += (1 - math.exp(-elapsed_ms / inertia_ms)) * (target - level)
        noise = 0.7 * noise + rng.gauss(0, noise_size)
        track.append((at, min(max(level + noise, 0.0), 1.0)))
        at += elapsed_ms
    return track


_SMILES = [(0.5, 1.0), (0.7, 1.0)]
_BREAKS = [(0.0, 0.2), (0.2, 0.6), (0.5, 1.0)]
