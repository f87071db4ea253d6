"""Sample smile scores over time, and the smiles that a detector reports for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import cycle

from smile_contract.episodes.episode import EpisodeDetector, EpisodeRules
from smile_contract.episodes.smile import Smile

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


def mouth_samples_of(
    spans: Iterable[tuple[float, float, float]], gaps_ms: Sequence[float] = (FRAME_MS,)
) -> list[tuple[float, float, float]]:
    """Return ``(time in ms, score, openness of the mouth)`` for spans of the same kind."""
    spans = list(spans)
    scores = samples_of([(length, score) for length, score, _ in spans], gaps_ms)
    mouths = samples_of([(length, openness) for length, _, openness in spans], gaps_ms)
    return [(at, score, mouth) for (at, score), (_, mouth) in zip(scores, mouths, strict=True)]


def feed(detector: EpisodeDetector, samples: Iterable[tuple[float, ...]]) -> list[Smile]:
    """Return what the detector reports while it gets the samples."""
    return [smile for sample in samples for smile in detector.update(*sample)]


def smiles_in(rules: EpisodeRules, samples: Iterable[tuple[float, ...]]) -> list[Smile]:
    """Return what a detector reports for the samples of a video that then ends."""
    detector = EpisodeDetector(rules)
    return feed(detector, samples) + detector.close()
