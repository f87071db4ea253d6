from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from smile_contract import MAX_SCORE_HISTORY
from smile_contract.episodes.episode import EpisodeRules
from tests.helpers.scores import samples_of, smiles_in

RULES = EpisodeRules(threshold_on=0.7, threshold_off=0.5)

any_rules = st.builds(
    EpisodeRules,
    threshold_on=st.floats(0.6, 0.9),
    threshold_off=st.floats(0.2, 0.59),
    smoothing_ms=st.sampled_from([0.0, 50.0, 250.0, 1000.0]),
    min_duration_ms=st.sampled_from([0.0, 300.0, 500.0, 2000.0]),
    max_gap_ms=st.sampled_from([0.0, 200.0, 500.0, 2000.0]),
    max_duration_ms=st.sampled_from([2000.0, 5000.0, 3_600_000.0]),
)
# (length in ms, score) of spans with a steady score, and the times between frames.
any_spans = st.lists(st.tuples(st.integers(1, 3000), st.floats(0, 1)), min_size=1, max_size=8)
any_gaps_ms = st.lists(st.floats(5, 400), min_size=1, max_size=20)


@given(any_rules, any_spans, any_gaps_ms)
def test_smiles_are_well_formed_for_any_scores(rules, spans, gaps_ms) -> None:
    samples = samples_of(spans, gaps_ms)
    smiles = smiles_in(rules, samples)
    assert [s.phase for s in smiles] == ["started", "ended"] * (len(smiles) // 2)
    for started, ended in zip(smiles[::2], smiles[1::2], strict=True):
        assert started.start_ms == ended.start_ms
        assert ended.end_ms >= started.end_ms >= started.start_ms
        assert ended.end_ms - ended.start_ms >= rules.min_duration_ms
        assert ended.end_ms - ended.start_ms <= rules.max_duration_ms + 1e-6
        assert samples[0][0] <= ended.start_ms
        assert ended.end_ms <= samples[-1][0]
    for smile in smiles:
        assert 0 <= smile.mean_score <= smile.peak_score <= 1
        assert 1 <= len(smile.score_history) <= MAX_SCORE_HISTORY
        assert all(0 <= score <= 1 for score in smile.score_history)
    for earlier, later in pairwise(smiles[1::2]):
        assert earlier.end_ms <= later.start_ms


@given(
    st.integers(500, 5000),
    st.integers(800, 5000),
    st.floats(0.85, 1.0),
    st.floats(0.0, 0.3),
    st.tuples(st.sampled_from([5, 7.5, 10, 15, 25, 30, 60, 120]), st.floats(0, 1)),
)
def test_start_and_end_are_right_at_any_frame_rate(start, length, high, low, sampling) -> None:
    frame_rate, shift = sampling
    spacing = 1000 / frame_rate
    samples = [
        (at, high if start <= at < start + length else low)
        for at in (shift * spacing + i * spacing for i in range(int(14 * frame_rate)))
    ]
    assume(samples[0][0] < start)
    smiles = smiles_in(RULES, samples)
    assert [s.phase for s in smiles] == ["started", "ended"]
    assert smiles[1].start_ms == pytest.approx(start, abs=spacing / 2 + 1)
    assert smiles[1].end_ms == pytest.approx(start + length, abs=spacing / 2 + 1)


@given(
    st.integers(1000, 3000),
    st.lists(st.floats(-0.25, 0.25), min_size=50, max_size=50),
    st.floats(0, 0.4),
    st.sampled_from([15, 30]),
)
def test_start_and_end_are_right_when_scores_jitter_and_frames_are_missed(
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
    smiles = smiles_in(RULES, samples)
    assert [s.phase for s in smiles] == ["started", "ended"]
    assert smiles[1].start_ms == pytest.approx(start, abs=200)
    assert smiles[1].end_ms == pytest.approx(start + length, abs=200)


@given(st.integers(50, 350), st.sampled_from([10, 25, 30, 60]))
def test_smile_is_ignored_when_shorter_than_the_minimum(length, frame_rate) -> None:
    spans = [(1000, 0.05), (length, 0.95), (3000, 0.05)]
    assert smiles_in(RULES, samples_of(spans, [1000 / frame_rate])) == []


@given(st.integers(50, 2000), st.sampled_from([25, 30, 60]))
def test_break_splits_a_smile_only_when_longer_than_the_gap(gap, frame_rate) -> None:
    assume(abs(gap - RULES.max_gap_ms) > 100)
    spans = [(1000, 0.05), (2000, 0.95), (gap, 0.05), (3000 - gap, 0.95), (2000, 0.05)]
    smiles = smiles_in(RULES, samples_of(spans, [1000 / frame_rate]))
    assert len(smiles) == (2 if gap < RULES.max_gap_ms else 4)


@given(st.integers(20_000, 60_000), st.floats(1000, 10_000), st.sampled_from([10, 25, 60]))
def test_an_endless_smile_becomes_smiles_without_gaps_when_the_longest_is_over(
    length, longest, frame_rate
) -> None:
    rules = replace(RULES, max_duration_ms=longest)
    spacing = 1000 / frame_rate
    smiles = smiles_in(rules, samples_of([(1000, 0.05), (length, 0.95)], [spacing]))
    ended = smiles[1::2]
    assert len(ended) >= length // (longest + 2 * spacing)
    assert all(smile.end_ms - smile.start_ms <= longest for smile in ended)
    for earlier, later in pairwise(ended):
        assert 0 <= later.start_ms - earlier.end_ms <= 2 * spacing
    assert ended[-1].end_ms >= 1000 + length - 2 * spacing - RULES.min_duration_ms


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=60))
def test_detector_never_raises_when_scores_are_invalid(scores) -> None:
    smiles_in(RULES, [(i * 40.0, score) for i, score in enumerate(scores)])
