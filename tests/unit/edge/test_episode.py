from __future__ import annotations

import pytest

from edge_lambda.smiles.episode import EpisodeDetector, EpisodeRules, Smile

RULES = EpisodeRules(threshold_on=0.7, threshold_off=0.5)


def scores(*spans: tuple[int, float], step_ms: float = 40.0) -> list[tuple[float, float]]:
    """Return samples for spans of (length in ms, score)."""
    samples, end = [], 0.0
    for length, score in spans:
        end += length
        while len(samples) * step_ms < end:
            samples.append((len(samples) * step_ms, score))
    return samples


def follow(detector: EpisodeDetector, samples: list[tuple[float, float]]) -> list[Smile]:
    return [smile for at, score in samples for smile in detector.update(at, score)]


def test_start_is_told_while_the_smile_still_lasts() -> None:
    detector = EpisodeDetector(RULES)
    (started,) = follow(detector, scores((1000, 0.1), (800, 0.9)))
    assert started.phase == "started"
    assert started.start_ms == pytest.approx(1000, abs=40)


def test_smile_ends_where_the_face_was_last_seen_when_it_is_lost() -> None:
    detector = EpisodeDetector(RULES)
    follow(detector, scores((1000, 0.1), (2000, 0.9)))
    (ended,) = detector.close()
    assert (ended.phase, ended.end_ms) == ("ended", 2960)
    assert detector.close() == []


def test_end_is_dated_back_when_the_face_is_lost_after_the_smile_faded() -> None:
    detector = EpisodeDetector(RULES)
    follow(detector, scores((1000, 0.1), (2000, 0.9), (400, 0.1)))
    (ended,) = detector.close()
    assert ended.end_ms == pytest.approx(3000, abs=40)


def test_end_is_where_the_smile_stopped_when_the_face_is_lost_right_after() -> None:
    detector = EpisodeDetector(RULES)
    follow(detector, scores((1000, 0.1), (2000, 0.9), (120, 0.1)))
    assert detector.smoothed_score > RULES.threshold_off
    (ended,) = detector.close()
    assert ended.end_ms == pytest.approx(3000, abs=40)


@pytest.mark.parametrize("between_ms", [2000, 60_000])
def test_end_does_not_depend_on_how_long_the_score_stays_below_the_middle(between_ms: int) -> None:
    smiles = follow(
        EpisodeDetector(RULES), scores((3000, 0.1), (3000, 0.95), (between_ms, 0.55), (3000, 0.05))
    )
    assert [smile.phase for smile in smiles] == ["started", "ended"]
    assert smiles[1].end_ms == pytest.approx(6000, abs=40)


def test_end_is_that_of_the_second_rise_when_score_never_fell_below_the_lower_threshold() -> None:
    spans = (3000, 0.1), (3000, 0.95), (60_000, 0.55), (2000, 0.95), (3000, 0.05)
    smiles = follow(EpisodeDetector(RULES), scores(*spans))
    assert [smile.phase for smile in smiles] == ["started", "ended"]
    assert smiles[1].end_ms == pytest.approx(68_000, abs=40)


def test_nothing_is_told_when_face_is_lost_before_the_least_duration() -> None:
    detector = EpisodeDetector(RULES)
    assert follow(detector, scores((1000, 0.1), (400, 0.9))) + detector.close() == []


def test_start_is_the_first_sight_when_face_comes_smiling() -> None:
    smiles = follow(EpisodeDetector(RULES), scores((2000, 0.9), (2000, 0.1)))
    assert smiles[0].start_ms == 0


def test_smile_goes_on_when_score_stays_between_the_thresholds() -> None:
    smiles = follow(EpisodeDetector(RULES), scores((1000, 0.1), (1000, 0.9), (5000, 0.55)))
    assert [smile.phase for smile in smiles] == ["started"]


def test_smile_does_not_start_when_score_stays_between_the_thresholds() -> None:
    assert follow(EpisodeDetector(RULES), scores((1000, 0.1), (9000, 0.65))) == []


def test_single_outliers_do_not_matter() -> None:
    samples = scores((2000, 0.1), (3000, 0.9), (2000, 0.1))
    for index in (10, 30, 60, 80, 100, 140):
        at, score = samples[index]
        samples[index] = (at, 1 - score)
    smiles = follow(EpisodeDetector(RULES), samples)
    assert [smile.phase for smile in smiles] == ["started", "ended"]
    assert smiles[1].start_ms == pytest.approx(2000, abs=80)
    assert smiles[1].end_ms == pytest.approx(5000, abs=80)


def test_figures_are_those_of_the_smile_alone() -> None:
    smiles = follow(EpisodeDetector(RULES), scores((2000, 0.0), (4000, 0.8), (2000, 0.0)))
    assert smiles[1].mean_score == pytest.approx(0.8, abs=0.01)
    assert smiles[1].peak_score == pytest.approx(0.8, abs=0.01)
    assert len(smiles[1].score_history) == 32
    assert min(smiles[1].score_history) == pytest.approx(0.8, abs=0.01)


def test_history_follows_the_smile_when_it_lasts_an_hour() -> None:
    detector = EpisodeDetector(RULES)
    smiles = follow(detector, scores((3_600_000 // 2, 0.8), (3_600_000 // 2, 1.0), (2000, 0.0)))
    history = smiles[-1].score_history
    assert smiles[-1].mean_score == pytest.approx(0.9, abs=0.01)
    assert history[:15] == pytest.approx([0.8] * 15)
    assert history[17:] == pytest.approx([1.0] * 15)


def test_older_frames_are_left_out_when_time_steps_back() -> None:
    detector = EpisodeDetector(RULES)
    samples = scores((1000, 0.1), (2000, 0.9), (2000, 0.1))
    samples[50:50] = [(0.0, 0.0), (10.0, 0.0)]
    assert [smile.phase for smile in follow(detector, samples)] == ["started", "ended"]
