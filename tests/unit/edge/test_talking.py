"""The correction of smile scores for talking, and what it does to the smiles of a face."""

from __future__ import annotations

import math

import pytest

from smile_contract.episodes.episode import EpisodeDetector, EpisodeRules
from smile_contract.episodes.talking import TalkCorrection
from tests.helpers.scores import FRAME_MS, feed, mouth_samples_of, smiles_in

OPEN, CLOSED = 1.0, 0.0
RULES = EpisodeRules(threshold_on=0.6, threshold_off=0.4)
BURST_MS = PAUSE_MS = 200
BURST, PAUSE = (BURST_MS, 0.9, OPEN), (PAUSE_MS, 0.1, OPEN)
# Teeth in sight at every syllable.
TALK = [BURST, PAUSE] * 13
TALK_MS = 13 * (BURST_MS + PAUSE_MS)
NEUTRAL = (1500, 0.05, CLOSED)


def loss_after(*spans: tuple[float, float, float], score: float = 0.8) -> float:
    """Return how many logits `score` loses with an open mouth right after the spans."""
    correction = TalkCorrection()
    samples = mouth_samples_of([*spans, (FRAME_MS / 4, score, OPEN)], [FRAME_MS / 4])
    corrected = [correction.corrected(*sample) for sample in samples][-1]
    return math.log(score / (1 - score)) - math.log(corrected / (1 - corrected))


def bursts(count: int) -> list[tuple[float, float, float]]:
    return [BURST, PAUSE] * count


def test_open_mouth_loses_1_2_logits() -> None:
    assert loss_after() == pytest.approx(1.2)
    assert TalkCorrection().corrected(0, 0.9, OPEN) == pytest.approx(0.731, abs=0.001)


@pytest.mark.parametrize(
    ("count", "loss"), [(1, 1.2), (2, 1.6), (3, 2.0), (5, 2.8), (6, 3.2), (7, 3.2), (12, 3.2)]
)
def test_each_burst_after_the_first_costs_0_4_logits_up_to_2(count: int, loss: float) -> None:
    assert loss_after(*bursts(count)) == pytest.approx(loss)


@pytest.mark.parametrize(("high_ms", "loss"), [(440, 1.6), (460, 1.2)])
def test_high_score_is_a_burst_when_shorter_than_450_ms(high_ms: float, loss: float) -> None:
    assert loss_after(*bursts(1), (high_ms, 0.9, OPEN), PAUSE) == pytest.approx(loss)


@pytest.mark.parametrize(("score", "loss"), [(0.51, 1.6), (0.49, 1.2)])
def test_score_is_high_above_a_half(score: float, loss: float) -> None:
    assert loss_after(*[(BURST_MS, score, OPEN), PAUSE] * 2) == pytest.approx(loss)


@pytest.mark.parametrize(("quiet_ms", "loss"), [(4900, 1.6), (5000, 1.2)])
def test_burst_is_forgotten_after_5_s(quiet_ms: float, loss: float) -> None:
    first_and_second_ms = BURST_MS + PAUSE_MS
    quiet = (quiet_ms - first_and_second_ms, 0.1, OPEN)
    assert loss_after(*bursts(1), BURST, quiet) == pytest.approx(loss)


def test_nothing_of_the_talk_remains_when_it_is_over_for_5_s() -> None:
    assert loss_after(*TALK, (5000, 0.1, OPEN)) == pytest.approx(1.2)


def test_mouth_that_opens_counts_63_percent_after_150_ms() -> None:
    correction = TalkCorrection()
    correction.corrected(0, 0.5, CLOSED)
    corrected = correction.corrected(150, 0.5, OPEN)
    assert math.log(corrected / (1 - corrected)) == pytest.approx(-0.632 * 1.2, abs=0.001)


@pytest.mark.parametrize("score", [0.0, 0.01, 0.37, 0.5, 0.99, 1.0])
def test_score_of_closed_lips_is_unchanged(score: float) -> None:
    correction = TalkCorrection()
    for sample in mouth_samples_of([(at, high, CLOSED) for at, high, _ in TALK]):
        correction.corrected(*sample)
    assert correction.corrected(TALK_MS, score, CLOSED) == pytest.approx(score)


@pytest.mark.parametrize("mouth_openness", [math.nan, -5.0])
def test_mouth_counts_as_closed_when_its_openness_is_unknown(mouth_openness: float) -> None:
    assert TalkCorrection().corrected(0, 0.8, mouth_openness) == pytest.approx(0.8)


FRAME_RATES = [5, 10, 25, 60]


@pytest.mark.parametrize("frame_rate", FRAME_RATES)
def test_talk_is_not_a_smile(frame_rate: float) -> None:
    samples = mouth_samples_of([NEUTRAL, *TALK, NEUTRAL], [1000 / frame_rate])
    assert smiles_in(RULES, samples) == []


def test_talk_is_a_smile_when_the_correction_is_switched_off() -> None:
    rules = EpisodeRules(threshold_on=0.6, threshold_off=0.4, correct_talking=False)
    samples = mouth_samples_of([NEUTRAL, *TALK, NEUTRAL])
    assert smiles_in(RULES, samples) == []
    assert len(smiles_in(rules, samples)) == 2


@pytest.mark.parametrize("frame_rate", FRAME_RATES)
def test_smile_ends_where_the_talk_begins(frame_rate: float) -> None:
    frame_ms = 1000 / frame_rate
    samples = mouth_samples_of([NEUTRAL, (1500, 0.95, OPEN), *TALK, NEUTRAL], [frame_ms])
    started, ended = smiles_in(RULES, samples)
    assert started.start_ms == pytest.approx(1500, abs=frame_ms)
    # The smile and the first syllable are one high score.
    assert ended.end_ms == pytest.approx(3000 + BURST_MS, abs=frame_ms)


@pytest.mark.parametrize("mouth_openness", [OPEN, CLOSED])
@pytest.mark.parametrize("frame_rate", FRAME_RATES)
def test_sure_smile_starts_after_any_talk(frame_rate: float, mouth_openness: float) -> None:
    smile = (1500, 0.99, mouth_openness)
    frame_ms = 1000 / frame_rate
    samples = mouth_samples_of([NEUTRAL, *TALK, smile, NEUTRAL], [frame_ms])
    started, ended = smiles_in(RULES, samples)
    assert started.start_ms == pytest.approx(1500 + TALK_MS, abs=PAUSE_MS + frame_ms)
    assert ended.end_ms == pytest.approx(3000 + TALK_MS, abs=frame_ms)


def test_closed_smile_right_after_talk_keeps_its_score() -> None:
    detector = EpisodeDetector(RULES)
    feed(detector, mouth_samples_of([*TALK, (2000, 0.7, CLOSED)]))
    assert detector.is_smiling
    assert detector.smoothed_score == pytest.approx(0.7, abs=0.01)
