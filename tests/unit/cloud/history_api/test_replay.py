"""The replay of stored smiles beside the rules on the full scores."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest

from smile_cloud.history_api.replay import TOLERANCE_MS, Outcome, Proposal, Replay
from smile_contract import Model
from smile_contract.episodes.episode import EpisodeRules
from smile_contract.episodes.smile import Smile
from tests.helpers.events import STARTED_AT, smile_event
from tests.helpers.score_tracks import score_track
from tests.helpers.scores import smiles_in

ON, OFF = 0.6, 0.45
TRACKS = 80


def ended(smiles: list[Smile]) -> list[Smile]:
    return [smile for smile in smiles if smile.phase == "ended"]


def rules(proposal: Proposal) -> EpisodeRules:
    return EpisodeRules(
        threshold_on=proposal.threshold_on,
        threshold_off=proposal.threshold_off,
        min_duration_ms=proposal.min_duration_ms,
        correct_talking=False,
    )


def stored(smile: Smile) -> dict[str, Any]:
    """Return the event of a smile as it is stored."""
    return smile_event(
        duration_ms=round(smile.end_ms - smile.start_ms),
        peak_score=round(smile.peak_score, 4),
        mean_score=round(smile.mean_score, 4),
        model=Model("0" * 64, ON, OFF),
        score_history=tuple(round(score, 4) for score in smile.score_history),
    ).to_dict()


def event(*scores: float, duration_ms: int = 3000, **changes: Any) -> dict[str, Any]:
    fields = {"peak_score": max(scores, default=0.9), "mean_score": min(scores, default=0.5)}
    made = smile_event(
        duration_ms=duration_ms,
        model=Model("0" * 64, ON, OFF),
        score_history=scores,
        **(fields | changes),
    )
    return made.to_dict()


@pytest.mark.parametrize(
    ("proposal", "least_right", "least_close"),
    [
        (Proposal(0.6, 0.45, 500), 0.98, 0.95),
        (Proposal(0.65, 0.5, 500), 0.98, 0.93),
        (Proposal(0.7, 0.55, 500), 0.98, 0.93),
        (Proposal(0.8, 0.6, 500), 0.98, 0.9),
        (Proposal(0.9, 0.7, 500), 0.97, 0.85),
        (Proposal(0.7, 0.55, 1500), 0.97, 0.93),
        (Proposal(0.6, 0.45, 2000), 0.97, 0.95),
    ],
)
def test_the_replay_agrees_with_the_rules_on_the_full_scores(
    proposal: Proposal, least_right: float, least_close: float
) -> None:
    rng = random.Random(2)
    first = Proposal(ON, OFF, 500)
    right: list[bool] = []
    close: list[bool] = []
    for _ in range(TRACKS):
        track = score_track(rng)
        would = ended(smiles_in(rules(proposal), track))
        for smile in ended(smiles_in(rules(first), track)):
            truth = [
                one for one in would if one.start_ms < smile.end_ms and smile.start_ms < one.end_ms
            ]
            replay = proposal.replay(stored(smile))
            assert replay is not None
            right.append((replay.outcome is not Outcome.VANISHES) == bool(truth))
            if truth and replay.smiles:
                true_ms = sum(one.end_ms - one.start_ms for one in truth)
                close.append(abs(replay.duration_ms - true_ms) <= TOLERANCE_MS)
    print(proposal, len(right), sum(right) / len(right), sum(close) / len(close))
    assert sum(right) / len(right) >= least_right
    assert sum(close) / len(close) >= least_close


def test_a_smile_stays_when_the_thresholds_are_its_own_or_lower() -> None:
    smile = event(0.61, 0.46, 0.61, duration_ms=700)
    for proposal in (Proposal(ON, OFF, 700), Proposal(0.5, 0.3, 0)):
        assert proposal.replay(smile) == Replay(Outcome.STAYS, 700, 1)


def test_a_smile_vanishes_when_its_peak_is_below_the_threshold() -> None:
    smile = event(*[0.9] * 32, peak_score=0.7, mean_score=0.7)
    assert Proposal(0.71, 0.5, 0).replay(smile) == Replay(Outcome.VANISHES, 0, 0)


def test_a_smile_vanishes_when_the_part_above_the_threshold_is_too_short() -> None:
    smile = event(*[0.65] * 14, *[0.95] * 4, *[0.65] * 14, duration_ms=3200)
    assert Proposal(0.8, 0.75, 500).replay(smile) == Replay(Outcome.VANISHES, 0, 0)
    short = Proposal(0.8, 0.75, 300).replay(smile)
    assert short is not None
    assert (short.outcome, short.smiles) == (Outcome.CHANGES, 1)
    assert 300 <= short.duration_ms <= 600


def test_a_smile_changes_when_it_would_have_been_two() -> None:
    smile = event(*[0.9] * 12, *[0.5] * 8, *[0.9] * 12, duration_ms=6400)
    replay = Proposal(0.7, 0.6, 500).replay(smile)
    assert replay is not None
    assert (replay.outcome, replay.smiles) == (Outcome.CHANGES, 2)
    assert abs(replay.duration_ms - 4800) <= TOLERANCE_MS


def test_a_smile_changes_when_its_weak_end_would_not_have_counted() -> None:
    smile = event(*[0.9] * 16, *[0.5] * 16, duration_ms=3200)
    replay = Proposal(0.7, 0.6, 500).replay(smile)
    assert replay is not None
    assert replay.outcome is Outcome.CHANGES
    assert abs(replay.duration_ms - 1600) <= TOLERANCE_MS


def test_a_long_smile_is_replayed_in_few_steps_and_keeps_its_duration() -> None:
    hour_ms = 3_600_000
    smile = event(*[0.9] * 32, duration_ms=hour_ms)
    assert Proposal(0.7, 0.6, 500).replay(smile) == Replay(Outcome.STAYS, hour_ms, 1)
    half = event(*[0.9] * 16, *[0.3] * 16, duration_ms=hour_ms)
    replay = Proposal(0.7, 0.6, 500).replay(half)
    assert replay is not None
    assert abs(replay.duration_ms - hour_ms / 2) <= hour_ms / 32


def test_nothing_is_said_when_a_smile_goes_on_or_has_no_scores() -> None:
    assert Proposal(0.5, 0.4, 0).replay(event()) is None
    ongoing = smile_event("started", started_at=STARTED_AT + timedelta(0), score_history=(0.9,))
    assert Proposal(0.5, 0.4, 0).replay(ongoing.to_dict()) is None
