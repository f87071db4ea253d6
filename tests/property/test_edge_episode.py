from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from edge_lambda.smiles.episode import EpisodeDetector, EpisodeRules, Smile

relaxed = settings(deadline=None)  # a busy machine is no fault
RULES = EpisodeRules(threshold_on=0.7, threshold_off=0.5)
LEAST_SCORE, LARGEST_SCORE = 0.0, 1.0

rules = st.builds(
    EpisodeRules,
    threshold_on=st.floats(0.6, 0.9),
    threshold_off=st.floats(0.2, 0.59),
    smoothing_ms=st.sampled_from([0.0, 50.0, 250.0, 1000.0]),
    min_duration_ms=st.sampled_from([0.0, 300.0, 500.0, 2000.0]),
    max_gap_ms=st.sampled_from([0.0, 200.0, 500.0, 2000.0]),
)
# Spans of steady score: (length in ms, score), sampled at uneven times.
spans = st.lists(st.tuples(st.integers(1, 3000), st.floats(0, 1)), min_size=1, max_size=8)
gaps_ms = st.lists(st.floats(5, 400), min_size=1, max_size=20)


def told(rules: EpisodeRules, samples: list[tuple[float, float]]) -> list[Smile]:
    detector = EpisodeDetector(rules)
    smiles = [smile for at, score in samples for smile in detector.update(at, score)]
    return smiles + detector.close()


def sampled(spans: list[tuple[int, float]], gaps_ms: list[float]) -> list[tuple[float, float]]:
    samples, at, end, step = [], 0.0, 0.0, 0
    for length, score in spans:
        end += length
        while at < end:
            samples.append((at, score))
            at += gaps_ms[step % len(gaps_ms)]
            step += 1
    return samples


@relaxed
@given(rules, spans, gaps_ms)
def test_smiles_are_well_formed_whatever_the_scores(rules, spans, gaps_ms) -> None:
    samples = sampled(spans, gaps_ms)
    smiles = told(rules, samples)
    assert [s.phase for s in smiles] == ["started", "ended"] * (len(smiles) // 2)
    for started, ended in zip(smiles[::2], smiles[1::2], strict=True):
        assert started.start_ms == ended.start_ms
        assert ended.end_ms >= started.end_ms >= started.start_ms
        assert ended.end_ms - ended.start_ms >= rules.min_duration_ms
        assert samples[0][0] <= ended.start_ms
        assert ended.end_ms <= samples[-1][0]
    for smile in smiles:
        assert 0 <= smile.mean_score <= smile.peak_score <= 1
        assert 1 <= len(smile.score_history) <= 32
        assert all(0 <= score <= 1 for score in smile.score_history)
    for earlier, later in pairwise(smiles[1::2]):
        assert earlier.end_ms <= later.start_ms


@relaxed
@given(
    st.integers(500, 5000),
    st.integers(800, 5000),
    st.floats(0.85, 1.0),
    st.floats(0.0, 0.3),
    st.tuples(st.sampled_from([5, 7.5, 10, 15, 25, 30, 60, 120]), st.floats(0, 1)),
)
def test_moments_are_right_whatever_the_frame_rate(start, length, high, low, sampling) -> None:
    frame_rate, shift = sampling
    spacing = 1000 / frame_rate
    samples = [
        (at, high if start <= at < start + length else low)
        for at in (shift * spacing + i * spacing for i in range(int(14 * frame_rate)))
    ]
    assume(samples[0][0] < start)
    smiles = told(RULES, samples)
    assert [s.phase for s in smiles] == ["started", "ended"]
    assert smiles[1].start_ms == pytest.approx(start, abs=spacing / 2 + 1)
    assert smiles[1].end_ms == pytest.approx(start + length, abs=spacing / 2 + 1)


@relaxed
@given(
    st.integers(1000, 3000),
    st.lists(st.floats(-0.25, 0.25), min_size=50, max_size=50),
    st.floats(0, 0.4),
    st.sampled_from([15, 30]),
)
def test_moments_hold_when_scores_jitter_and_frames_are_missed(
    length, jitter, missed_share, frame_rate
) -> None:
    start = 1500
    samples = []
    for index in range(frame_rate * 7):
        at = index * 1000 / frame_rate
        if (index * 7919 % 100) / 100 < missed_share:
            continue
        score = (0.9 if start <= at < start + length else 0.1) + jitter[index % 50]
        samples.append((at, min(max(score, 0), 1)))
    smiles = told(RULES, samples)
    assert [s.phase for s in smiles] == ["started", "ended"]
    assert smiles[1].start_ms == pytest.approx(start, abs=200)
    assert smiles[1].end_ms == pytest.approx(start + length, abs=200)


@relaxed
@given(st.integers(50, 350), st.sampled_from([10, 25, 30, 60]))
def test_smile_is_not_told_when_shorter_than_the_minimum(length, frame_rate) -> None:
    spacing = 1000 / frame_rate
    samples = [
        (i * spacing, 0.95 if 1000 <= i * spacing < 1000 + length else 0.05)
        for i in range(4 * frame_rate)
    ]
    assert told(RULES, samples) == []


@relaxed
@given(st.integers(50, 2000), st.sampled_from([25, 30, 60]))
def test_break_splits_a_smile_only_when_longer_than_the_gap(gap, frame_rate) -> None:
    assume(abs(gap - RULES.max_gap_ms) > 100)
    spacing = 1000 / frame_rate
    samples = []
    for i in range(8 * frame_rate):
        at = i * spacing
        is_smile = 1000 <= at < 6000 and not 3000 <= at < 3000 + gap
        samples.append((at, 0.95 if is_smile else 0.05))
    assert len(told(RULES, samples)) == (2 if gap < RULES.max_gap_ms else 4)


@relaxed
@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=60))
def test_detector_never_raises_when_scores_are_no_scores(scores) -> None:
    told(RULES, [(i * 40.0, score) for i, score in enumerate(scores)])
