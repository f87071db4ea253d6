"""Sample smile scores over time, and the smiles that a detector reports for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import cycle

from edge_lambda.smiles.episode import EpisodeDetector, EpisodeRules
from edge_lambda.smiles.smile import Smile

Samples = list[tuple[float, float]]
FRAME_MS = 40.0


def samples_of(
    spans: Iterable[tuple[float, float]], gaps_ms: Sequence[float] = (FRAME_MS,)
) -> Samples:
    """Return ``(time in ms, score)`` for spans of ``(length in ms, score)``.

    `gaps_ms` are the times between frames; they repeat.
    """
    samples, at, end, gaps = [], 0.0, 0.0, cycle(gaps_ms)
    for length, score in spans:
        end += length
        while at < end:
            samples.append((at, score))
            at += next(gaps)
    return samples


def feed(detector: EpisodeDetector, samples: Samples) -> list[Smile]:
    """Return what the detector reports while it gets the samples."""
    return [smile for at, score in samples for smile in detector.update(at, score)]


def smiles_in(rules: EpisodeRules, samples: Samples) -> list[Smile]:
    """Return what a detector reports for the samples of a video that then ends."""
    detector = EpisodeDetector(rules)
    return feed(detector, samples) + detector.close()
