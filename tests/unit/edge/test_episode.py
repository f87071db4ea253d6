from __future__ import annotations

from dataclasses import replace

import pytest

from smile_contract.episodes.episode import EpisodeDetector, EpisodeRules
from smile_contract.episodes.smile import Smile
from tests.helpers.scores import FRAME_MS, Samples, feed, samples_of, smiles_in

RULES = EpisodeRules(threshold_on=0.7, threshold_off=0.5)
# Decides on the raw scores alone, at once.
BARE = EpisodeRules(
    threshold_on=0.7, threshold_off=0.5, smoothing_ms=0, min_duration_ms=0, max_gap_ms=0
)


def smiles_of(*spans: tuple[float, float], rules: EpisodeRules = RULES) -> list[Smile]:
    """Return the smiles of a video with spans of (length in ms, score)."""
    return smiles_in(rules, samples_of(spans))


def phases(smiles: list[Smile]) -> list[str]:
    return [smile.phase for smile in smiles]


def test_start_is_reported_while_the_smile_lasts() -> None:
    detector = EpisodeDetector(RULES)
    (started,) = feed(detector, samples_of([(1000, 0.1), (800, 0.9)]))
    assert started.phase == "started"
    assert started.start_ms == pytest.approx(1000, abs=FRAME_MS)


def test_start_is_reported_once_the_smile_is_long_enough() -> None:
    detector = EpisodeDetector(RULES)
    reported_at = next(
        at for at, score in samples_of([(1000, 0.1), (2000, 0.9)]) if detector.update(at, score)
    )
    assert reported_at == pytest.approx(1000 + RULES.min_duration_ms, abs=FRAME_MS)


def test_end_is_reported_once_the_break_can_no_longer_be_short() -> None:
    detector = EpisodeDetector(RULES)
    feed(detector, smile := samples_of([(1000, 0.1), (2000, 0.9)]))
    after = [(at, 0.1) for at, _ in samples_of([(5000, 0.1)]) if at > smile[-1][0]]
    reported_at = next(at for at, score in after if detector.update(at, score))
    patience_ms = RULES.max_gap_ms + 2 * RULES.smoothing_ms
    assert reported_at == pytest.approx(3000 + patience_ms, abs=FRAME_MS)


def test_smile_ends_where_the_face_was_last_seen_when_it_is_lost() -> None:
    detector = EpisodeDetector(RULES)
    feed(detector, samples_of([(1000, 0.1), (2000, 0.9)]))
    (ended,) = detector.close()
    assert (ended.phase, ended.end_ms) == ("ended", 2960)
    assert detector.close() == []


@pytest.mark.parametrize("low_ms", [120, 400])
def test_end_is_where_the_smile_stopped_when_the_face_is_lost_soon_after(low_ms: int) -> None:
    ended = smiles_of((1000, 0.1), (2000, 0.9), (low_ms, 0.1))[-1]
    assert ended.phase == "ended"
    assert ended.end_ms == pytest.approx(3000, abs=FRAME_MS)


@pytest.mark.parametrize("between_ms", [2000, 60_000])
def test_end_does_not_depend_on_how_long_the_score_stays_below_the_middle(between_ms: int) -> None:
    smiles = smiles_of((3000, 0.1), (3000, 0.95), (between_ms, 0.55), (3000, 0.05))
    assert phases(smiles) == ["started", "ended"]
    assert smiles[1].end_ms == pytest.approx(6000, abs=FRAME_MS)


def test_end_is_that_of_the_second_rise_when_the_score_stayed_above_the_lower_threshold() -> None:
    spans = (3000, 0.1), (3000, 0.95), (60_000, 0.55), (2000, 0.95), (3000, 0.05)
    smiles = smiles_of(*spans)
    assert phases(smiles) == ["started", "ended"]
    assert smiles[1].end_ms == pytest.approx(68_000, abs=FRAME_MS)


def test_nothing_is_reported_when_the_face_is_lost_before_the_minimum_duration() -> None:
    assert smiles_of((1000, 0.1), (400, 0.9)) == []


def test_start_is_the_first_frame_when_the_face_appears_smiling() -> None:
    assert smiles_of((2000, 0.9), (2000, 0.1))[0].start_ms == 0


def test_smile_continues_when_the_score_stays_between_the_thresholds() -> None:
    detector = EpisodeDetector(RULES)
    assert phases(feed(detector, samples_of([(1000, 0.1), (1000, 0.9), (5000, 0.55)]))) == [
        "started"
    ]
    assert detector.is_smiling


def test_smile_continues_between_the_thresholds_when_it_had_a_short_break() -> None:
    detector = EpisodeDetector(RULES)
    spans = (1000, 0.1), (1500, 0.95), (200, 0.05), (1500, 0.95), (5000, 0.55)
    assert phases(feed(detector, samples_of(spans))) == ["started"]
    assert detector.is_smiling


def test_smile_does_not_start_when_the_score_stays_between_the_thresholds() -> None:
    assert smiles_of((1000, 0.1), (9000, 0.65)) == []


def test_start_is_dated_back_by_at_most_800_ms_when_the_score_rose_slowly() -> None:
    started = smiles_of((1000, 0.1), (5000, 0.65), (2000, 0.95))[0]
    reached_ms = 6000  # the smoothed score reaches the upper threshold
    assert started.start_ms == pytest.approx(reached_ms - 800, abs=FRAME_MS)


@pytest.mark.parametrize(("score", "starts"), [(0.69, False), (0.7, True)])
def test_smile_starts_at_the_upper_threshold(score: float, starts: bool) -> None:
    assert phases(smiles_of((1000, score), rules=BARE)) == ["started", "ended"] * starts


@pytest.mark.parametrize(("score", "ends"), [(0.5, False), (0.49, True)])
def test_smile_ends_below_the_lower_threshold(score: float, ends: bool) -> None:
    detector = EpisodeDetector(BARE)
    feed(detector, samples_of([(1000, 0.9), (1000, score)]))
    assert detector.is_smiling != ends


def test_two_smiles_are_reported_when_the_break_is_long() -> None:
    smiles = smiles_of((1000, 0.1), (2000, 0.95), (1500, 0.05), (2000, 0.95), (2000, 0.05))
    assert phases(smiles) == ["started", "ended"] * 2
    assert [smile.start_ms for smile in smiles[::2]] == pytest.approx([1000, 4500], abs=FRAME_MS)
    assert [smile.end_ms for smile in smiles[1::2]] == pytest.approx([3000, 6500], abs=FRAME_MS)


# Smoothing hides how long the break was until the person smiles again.
def test_two_smiles_are_reported_when_the_break_turns_out_too_long_at_its_end() -> None:
    smiles = smiles_of((1000, 0.1), (2000, 0.95), (320, 0.05), (2000, 0.95), (2000, 0.05))
    assert phases(smiles) == ["started", "ended"] * 2
    assert [smile.start_ms for smile in smiles[::2]] == pytest.approx([1000, 3320], abs=FRAME_MS)
    assert [smile.end_ms for smile in smiles[1::2]] == pytest.approx([3000, 5320], abs=FRAME_MS)


def test_single_outliers_do_not_matter() -> None:
    samples = samples_of([(2000, 0.1), (3000, 0.9), (2000, 0.1)])
    for index in (10, 30, 60, 80, 100, 140):
        at, score = samples[index]
        samples[index] = (at, 1 - score)
    smiles = smiles_in(RULES, samples)
    assert phases(smiles) == ["started", "ended"]
    assert smiles[1].start_ms == pytest.approx(2000, abs=2 * FRAME_MS)
    assert smiles[1].end_ms == pytest.approx(5000, abs=2 * FRAME_MS)


def test_scores_before_and_after_the_smile_do_not_count() -> None:
    ended = smiles_of((2000, 0.0), (4000, 0.8), (2000, 0.0))[1]
    assert ended.mean_score == pytest.approx(0.8, abs=0.01)
    assert ended.peak_score == pytest.approx(0.8, abs=0.01)
    assert len(ended.score_history) == 32
    assert min(ended.score_history) == pytest.approx(0.8, abs=0.01)


def test_peak_is_the_largest_smoothed_score_of_the_smile() -> None:
    ended = smiles_of((1000, 0.8), (2000, 1.0), (1000, 0.8), (2000, 0.0))[1]
    assert ended.peak_score == pytest.approx(1.0, abs=0.01)
    short = smiles_of((1000, 0.8), (FRAME_MS, 1.0), (1000, 0.8), (2000, 0.0))[1]
    assert short.peak_score == pytest.approx(0.83, abs=0.01)


def test_history_follows_the_smile_when_it_lasts_an_hour() -> None:
    smiles = smiles_of((1_800_000, 0.8), (1_800_000, 1.0), (2000, 0.0))
    history = smiles[-1].score_history
    assert smiles[-1].mean_score == pytest.approx(0.9, abs=0.01)
    assert history[:15] == pytest.approx([0.8] * 15)
    assert history[17:] == pytest.approx([1.0] * 15)


def test_history_has_a_score_per_frame_when_the_smile_is_short() -> None:
    ended = smiles_of((2000, 0.1), (80, 0.8), (80, 1.0), (80, 0.9), (80, 0.1), rules=BARE)[-1]
    assert ended.score_history == pytest.approx([0.8, 0.8, 1.0, 1.0, 0.9, 0.9])


def test_smile_ends_at_its_first_frame_when_it_faded_for_a_minute_right_after() -> None:
    ended = smiles_of((FRAME_MS, 0.9), (60_000, 0.55), (1000, 0.1), rules=BARE)[-1]
    assert (ended.phase, ended.end_ms) == ("ended", FRAME_MS / 2)
    assert 0.55 <= ended.mean_score <= 0.9


def test_history_repeats_the_last_score_when_no_frame_falls_into_a_span() -> None:
    samples = [(0.0, 0.8), (100.0, 0.8), (900.0, 1.0), (1000.0, 0.9)]
    ended = smiles_in(BARE, samples)[-1]
    assert ended.score_history == pytest.approx([0.8, 0.8, 0.8, (250 * 1.0 + 100 * 0.9) / 350])


def test_first_frame_counts_as_much_as_one_at_25_frames_per_second() -> None:
    ended = smiles_in(BARE, [(0.0, 0.9), (40.0, 0.7)])[-1]
    assert ended.mean_score == pytest.approx(0.8, abs=0.005)


def test_frame_counts_as_250_ms_at_most_when_frames_were_missed() -> None:
    samples: Samples = [*samples_of([(1000, 0.9)]), (1960.0, 0.7)]
    ended = smiles_in(BARE, samples)[-1]
    assert ended.mean_score == pytest.approx((1000 * 0.9 + 250 * 0.7) / 1250, abs=0.002)


@pytest.mark.parametrize(("pause_ms", "start_ms", "end_ms"), [(900, 450, 1350), (1100, 1100, 1100)])
def test_change_is_half_way_between_frames_unless_they_are_over_a_second_apart(
    pause_ms: float, start_ms: float, end_ms: float
) -> None:
    samples = [(0.0, 0.1), (pause_ms, 0.9), (2 * pause_ms, 0.1)]
    ended = smiles_in(BARE, samples)[-1]
    assert (ended.start_ms, ended.end_ms) == (start_ms, end_ms)


def test_start_is_not_dated_back_to_a_flicker_when_frames_come_unevenly() -> None:
    flicker = [(2000 + 5.0 * index, 0.9) for index in range(10)]
    slow = [(2200.0, 0.4), (2400.0, 0.4), (2600.0, 0.4)]
    smile = [(2640 + at, 0.95) for at, _ in samples_of([(1000, 0.95)])]
    samples = [*samples_of([(1980, 0.1)]), *flicker, *slow, *smile]
    assert smiles_in(RULES, samples)[0].start_ms == 2620


def test_score_is_limited_to_0_and_1() -> None:
    spans = [(1000, 0.0), (2000, 1.0), (2000, 0.0)]
    limits = {0.0: -0.5, 1.0: 1.5}
    beyond = [(at, limits[score]) for at, score in samples_of(spans)]
    assert smiles_in(RULES, beyond) == smiles_of(*spans)


def test_older_frames_are_ignored_when_time_steps_back() -> None:
    samples = samples_of([(1000, 0.1), (2000, 0.9), (2000, 0.1)])
    undisturbed = smiles_in(RULES, samples)
    samples[50:50] = [(0.0, 0.0), (10.0, 0.0), (samples[49][0], 0.0)]
    assert smiles_in(RULES, samples) == undisturbed


@pytest.mark.parametrize("score", [float("nan"), float("inf"), float("-inf")])
def test_frame_is_ignored_when_its_face_has_no_score(score: float) -> None:
    samples = samples_of([(1000, 0.1), (2000, 0.9), (2000, 0.1)])
    undisturbed = smiles_in(RULES, samples)
    samples[50:50] = [(samples[49][0] + 1, score)]
    assert smiles_in(RULES, samples) == undisturbed


def test_smoothed_score_follows_63_percent_of_a_step_within_the_time_constant() -> None:
    detector = EpisodeDetector(RULES)
    assert detector.smoothed_score == 0
    detector.update(0, 0.2)
    assert detector.smoothed_score == 0.2
    detector.update(RULES.smoothing_ms, 0.7)
    assert detector.smoothed_score == pytest.approx(0.2 + 0.632 * 0.5, abs=0.001)
    assert not detector.is_smiling


def smiling_until(last_ms: float, rules: EpisodeRules = RULES) -> EpisodeDetector:
    """Return a detector that saw a second without a smile, then a smile up to `last_ms`."""
    detector = EpisodeDetector(rules)
    feed(detector, samples_of([(1000, 0.1), (last_ms + FRAME_MS - 1000, 0.9)]))
    return detector


@pytest.mark.parametrize(("max_gap_ms", "smoothing_ms"), [(500, 250), (1500, 250), (500, 100)])
def test_smile_ends_where_it_was_last_seen_when_scores_stay_away_for_longer_than_a_break(
    max_gap_ms: float, smoothing_ms: float
) -> None:
    rules = EpisodeRules(
        threshold_on=0.7, threshold_off=0.5, smoothing_ms=smoothing_ms, max_gap_ms=max_gap_ms
    )
    detector = smiling_until(3000, rules)
    patience_ms = max_gap_ms + 2 * smoothing_ms
    assert detector.pause(3040) == []
    assert detector.pause(3000 + patience_ms) == []
    assert detector.is_smiling
    (ended,) = detector.pause(3000 + patience_ms + 1)
    assert (ended.phase, ended.end_ms) == ("ended", 3000)
    assert ended.start_ms == pytest.approx(1000, abs=FRAME_MS)
    assert not detector.is_smiling
    assert detector.pause(60_000) == detector.close() == []


def test_smile_continues_when_scores_stay_away_for_a_short_while() -> None:
    detector = smiling_until(3000)
    for now_ms in range(3040, 3640, 40):
        assert detector.pause(now_ms) == []
    after = [(3640 + at, score) for at, score in samples_of([(1000, 0.9), (3000, 0.1)])]
    (ended,) = feed(detector, after)
    assert ended.start_ms == pytest.approx(1000, abs=FRAME_MS)
    assert ended.end_ms == pytest.approx(4640, abs=FRAME_MS)


def test_another_smile_starts_after_one_that_was_not_seen_any_more() -> None:
    detector = smiling_until(3000)
    assert phases(detector.pause(4100)) == ["ended"]
    after = [(6000 + at, score) for at, score in samples_of([(2000, 0.9)])]
    smiles = feed(detector, after)
    assert phases(smiles) == ["started"]
    assert smiles[0].start_ms == pytest.approx(6000, abs=FRAME_MS)


def test_nothing_ends_without_scores_when_no_smile_was_reported() -> None:
    assert EpisodeDetector(RULES).pause(60_000) == []
    detector = smiling_until(1300)  # shorter than the minimum
    assert detector.is_smiling
    assert detector.pause(60_000) == []
    assert not detector.is_smiling


# --- the longest smile -------------------------------------------------------------------------

LONGEST = replace(RULES, max_duration_ms=5000.0)


@pytest.mark.parametrize("score", [0.6, 0.9])
def test_a_smile_goes_on_as_another_when_it_lasts_too_long(score: float) -> None:
    smiles = smiles_in(LONGEST, samples_of([(1000, 0.05), (1000, 0.9), (7000, score)]))
    assert [smile.phase for smile in smiles] == ["started", "ended"] * 2
    assert smiles[1].end_ms - smiles[1].start_ms == pytest.approx(5000, abs=FRAME_MS)
    assert smiles[2].start_ms == pytest.approx(smiles[1].end_ms, abs=2 * FRAME_MS)


def test_no_smile_follows_when_the_person_has_stopped_as_it_gets_too_long() -> None:
    spans = [(1000, 0.05), (4000, 0.9), (500, 0.05), (3000, 0.62)]
    smiles = smiles_in(replace(LONGEST, max_gap_ms=2000.0), samples_of(spans))
    assert [smile.phase for smile in smiles] == ["started", "ended"]


def test_the_next_smile_starts_when_a_break_ends_as_the_first_gets_too_long() -> None:
    spans = [(1000, 0.05), (4000, 0.9), (900, 0.05), (3000, 0.9), (1000, 0.05)]
    smiles = smiles_in(replace(LONGEST, max_gap_ms=2000.0), samples_of(spans))
    assert [smile.phase for smile in smiles] == ["started", "ended"] * 2
    assert smiles[1].end_ms == pytest.approx(5000, abs=2 * FRAME_MS)
