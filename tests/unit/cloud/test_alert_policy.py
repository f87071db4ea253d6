from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from smile_cloud.send_alert.alert_policy import (
    CLAIM_LASTS,
    MAX_JUDGED,
    AlertBudget,
    AlertPolicy,
    Verdict,
    judge,
)
from smile_contract import SmileEvent

Build = Callable[..., SmileEvent]
NOW = datetime(2026, 11, 22, 17, 33, 1, tzinfo=UTC)
POLICY = AlertPolicy(cooldown=timedelta(minutes=5), max_age=timedelta(minutes=10))
SECOND = timedelta(seconds=1)


def sent(budget: AlertBudget, event: SmileEvent, now: datetime) -> AlertBudget:
    verdict, claimed = judge(POLICY, budget, event, now)
    assert verdict is Verdict.SEND
    return claimed.sent(event.event_id, now)


def test_the_first_smile_alerts_when_nothing_is_remembered(smile: Build) -> None:
    verdict, budget = judge(POLICY, AlertBudget(), smile(NOW), NOW)
    assert verdict is Verdict.SEND
    assert budget.last_sent_at is None, "claimed, not sent"


def test_a_smile_alerts_once_when_its_messages_repeat(smile: Build) -> None:
    event = smile(NOW)
    budget = sent(AlertBudget(), event, NOW)
    later = NOW + timedelta(minutes=6)
    assert judge(POLICY, budget, event, later) == (Verdict.ALREADY_JUDGED, budget)


def test_a_suppressed_smile_stays_so_when_it_ends_after_the_cooldown(smile: Build) -> None:
    budget = sent(AlertBudget(), smile(NOW), NOW)
    event = smile(NOW + timedelta(minutes=4))
    _, budget = judge(POLICY, budget, event, NOW + timedelta(minutes=4))
    verdict, _ = judge(POLICY, budget, event, NOW + timedelta(minutes=6))
    assert verdict is Verdict.ALREADY_JUDGED


@pytest.mark.parametrize(
    ("after", "verdict"),
    [
        (POLICY.cooldown - SECOND, Verdict.COOLING_DOWN),
        (POLICY.cooldown, Verdict.SEND),
    ],
)
def test_the_cooldown_counts_from_the_last_alert_when_one_was_sent(
    smile: Build, after: timedelta, verdict: Verdict
) -> None:
    budget = sent(AlertBudget(), smile(NOW), NOW)
    for minutes in (1, 2, 3):  # smiles that alert nobody must not prolong it
        at = NOW + timedelta(minutes=minutes)
        assert judge(POLICY, budget, smile(at), at)[0] is Verdict.COOLING_DOWN
        _, budget = judge(POLICY, budget, smile(at), at)
    assert judge(POLICY, budget, smile(NOW + after), NOW + after)[0] is verdict
    assert budget.suppressed == 3


def test_suppressed_smiles_start_anew_when_they_have_been_told(smile: Build) -> None:
    budget = sent(AlertBudget(), smile(NOW), NOW)
    _, budget = judge(POLICY, budget, smile(NOW + SECOND), NOW + SECOND)
    later = NOW + POLICY.cooldown
    event = smile(later)
    _, claimed = judge(POLICY, budget, event, later)
    _, crowded = judge(POLICY, claimed, smile(later), later)
    assert crowded.suppressed == 2
    assert crowded.sent(event.event_id, later).suppressed == 1, "the one that came while sending"


def test_others_wait_when_an_alert_is_being_sent(smile: Build) -> None:
    event = smile(NOW)
    _, claimed = judge(POLICY, AlertBudget(), event, NOW)
    assert judge(POLICY, claimed, event, NOW)[0] is Verdict.IN_FLIGHT
    assert judge(POLICY, claimed, smile(NOW), NOW)[0] is Verdict.COOLING_DOWN


def test_the_same_smile_may_try_again_when_sending_failed_or_died(smile: Build) -> None:
    event = smile(NOW)
    _, claimed = judge(POLICY, AlertBudget(), event, NOW)
    assert judge(POLICY, claimed.not_sent(), event, NOW)[0] is Verdict.SEND
    assert judge(POLICY, claimed, event, NOW + CLAIM_LASTS)[0] is Verdict.SEND


def test_an_old_smile_alerts_nobody_when_it_arrives_late(smile: Build) -> None:
    event = smile(NOW)
    limit = NOW + POLICY.max_age
    assert judge(POLICY, AlertBudget(), event, limit)[0] is Verdict.SEND
    assert judge(POLICY, AlertBudget(), event, limit + SECOND) == (Verdict.TOO_OLD, AlertBudget())


def test_every_smile_alerts_when_there_is_no_cooldown(smile: Build) -> None:
    eager = AlertPolicy(timedelta(), POLICY.max_age)
    budget = sent(AlertBudget(), smile(NOW), NOW)
    assert judge(eager, budget, smile(NOW), NOW)[0] is Verdict.SEND


def test_the_memory_stays_small_when_a_crowd_smiles(smile: Build) -> None:
    budget = sent(AlertBudget(), smile(NOW), NOW)
    for _ in range(MAX_JUDGED + 50):
        _, budget = judge(POLICY, budget, smile(NOW), NOW)
    assert len(budget.judged) == MAX_JUDGED
    at = NOW + timedelta(hours=1)
    assert len(sent(budget, smile(at), at).judged) == 1, "too old to alert, so not remembered"
