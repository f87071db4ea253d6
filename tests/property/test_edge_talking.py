from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smile_contract.episodes.episode import EpisodeDetector, EpisodeRules
from smile_contract.episodes.talking import TalkCorrection
from tests.helpers.scores import mouth_samples_of

RULES = EpisodeRules(threshold_on=0.6, threshold_off=0.4)
ROUNDING = 1e-12

shares = st.floats(0, 1)
gaps_ms = st.floats(1, 10_000)
any_frames = st.lists(st.tuples(gaps_ms, shares, shares), max_size=60)


def after(frames: list[tuple[float, float, float]]) -> tuple[TalkCorrection, float]:
    """Return a correction that saw frames of (ms since the last, score, openness); the time."""
    correction, at_ms = TalkCorrection(), 0.0
    for gap_ms, score, mouth_openness in frames:
        at_ms += gap_ms
        correction.corrected(at_ms, score, mouth_openness)
    return correction, at_ms


@given(any_frames, gaps_ms, shares, shares)
def test_correction_never_raises_a_score(frames, gap_ms, score, mouth_openness) -> None:
    correction, at_ms = after(frames)
    corrected = correction.corrected(at_ms + gap_ms, score, mouth_openness)
    assert 0 <= corrected <= score + ROUNDING


@given(any_frames, gaps_ms, shares, shares, shares)
def test_higher_score_is_never_corrected_to_a_lower_one(
    frames, gap_ms, lower, higher, mouth_openness
) -> None:
    lower, higher = sorted((lower, higher))
    (one, at_ms), (other, _) = after(frames), after(frames)
    from_lower = one.corrected(at_ms + gap_ms, lower, mouth_openness)
    assert from_lower <= other.corrected(at_ms + gap_ms, higher, mouth_openness) + ROUNDING


@given(st.lists(st.tuples(gaps_ms, shares), min_size=1, max_size=60))
def test_scores_of_closed_lips_are_unchanged(frames) -> None:
    correction, at_ms = TalkCorrection(), 0.0
    for gap_ms, score in frames:
        at_ms += gap_ms
        assert correction.corrected(at_ms, score, 0.0) == pytest.approx(score, abs=ROUNDING)


anything = st.floats(allow_nan=True, allow_infinity=True)


@given(st.lists(st.tuples(gaps_ms, anything, anything), max_size=60))
def test_detector_never_raises_when_scores_and_openness_are_invalid(frames) -> None:
    detector, at_ms = EpisodeDetector(RULES), 0.0
    for gap_ms, score, mouth_openness in frames:
        at_ms += gap_ms
        detector.update(at_ms, score, mouth_openness)
        assert 0 <= detector.smoothed_score <= 1


# Up to 4.8 s, because bursts are forgotten after 5 s.
lengths_ms_of_high_scores = st.lists(st.sampled_from([200, 600]), min_size=1, max_size=6)


@given(lengths_ms_of_high_scores, st.sampled_from([5, 10, 15, 25, 30, 60]))
def test_same_talk_costs_the_same_at_any_frame_rate(lengths_ms, frame_rate) -> None:
    spans = [span for high_ms in lengths_ms for span in ((high_ms, 0.9, 1.0), (200, 0.1, 1.0))]
    corrected = []
    for rate in (frame_rate, 100):
        correction = TalkCorrection()
        samples = mouth_samples_of(spans, [1000 / rate])
        corrected.append([correction.corrected(*sample) for sample in samples][-1])
    assert corrected[0] == pytest.approx(corrected[1])
