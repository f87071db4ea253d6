from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from smile_cloud.send_alert.alert_policy import (
    LEASE_DURATION,
    MAX_SEEN_IDS,
    AlertDecision,
    AlertPolicy,
    AlertThrottle,
    decide,
)
from smile_contract import SmileEvent
from tests.helpers.events import smile_event

NOW = datetime(2026, 11, 22, 17, 33, 1, tzinfo=UTC)
POLICY = AlertPolicy(cooldown=timedelta(minutes=5), max_age=timedelta(minutes=10))
SECOND = timedelta(seconds=1)
CLOCK_DIFFERENCE = timedelta(seconds=60)  # between two execution environments
NEW = AlertThrottle()


def smile(at: datetime = NOW) -> SmileEvent:
    return smile_event("started", started_at=at)


def sent(throttle: AlertThrottle, event: SmileEvent, now: datetime) -> AlertThrottle:
    """Return the state after an alert about `event` was sent."""
    decision, leased = decide(POLICY, throttle, event, now)
    assert decision is AlertDecision.SEND
    return leased.sent(event.event_id, now)


def test_an_alert_is_sent_when_it_is_the_first() -> None:
    decision, throttle = decide(POLICY, NEW, smile(), NOW)
    assert decision is AlertDecision.SEND
    assert throttle.last_sent_at is None, "leased, not sent"


def test_a_smile_gets_one_alert_when_its_messages_repeat() -> None:
    event = smile()
    throttle = sent(NEW, event, NOW)
    later = NOW + timedelta(minutes=6)
    assert decide(POLICY, throttle, event, later) == (AlertDecision.ALREADY_SEEN, throttle)


def test_a_suppressed_smile_gets_no_alert_when_it_ends_after_the_cooldown() -> None:
    throttle = sent(NEW, smile(), NOW)
    event = smile(NOW + timedelta(minutes=4))
    _, throttle = decide(POLICY, throttle, event, NOW + timedelta(minutes=4))
    decision, _ = decide(POLICY, throttle, event, NOW + timedelta(minutes=6))
    assert decision is AlertDecision.ALREADY_SEEN


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (POLICY.cooldown - SECOND, AlertDecision.COOLING_DOWN),
        (POLICY.cooldown, AlertDecision.SEND),
    ],
)
def test_the_cooldown_starts_at_the_last_alert_when_smiles_were_suppressed(
    after: timedelta, expected: AlertDecision
) -> None:
    throttle = sent(NEW, smile(), NOW)
    for minutes in (1, 2, 3):  # suppressed smiles do not prolong it
        at = NOW + timedelta(minutes=minutes)
        decision, throttle = decide(POLICY, throttle, smile(at), at)
        assert decision is AlertDecision.COOLING_DOWN
    assert decide(POLICY, throttle, smile(NOW + after), NOW + after)[0] is expected
    assert throttle.suppressed == 3


def test_the_count_starts_over_when_an_alert_has_reported_it() -> None:
    throttle = sent(NEW, smile(), NOW)
    _, throttle = decide(POLICY, throttle, smile(NOW + SECOND), NOW + SECOND)
    later = NOW + POLICY.cooldown
    event = smile(later)
    _, leased = decide(POLICY, throttle, event, later)
    _, crowded = decide(POLICY, leased, smile(later), later)
    assert crowded.suppressed == 2
    assert crowded.sent(event.event_id, later).suppressed == 1, "the one that came while sending"


def test_no_second_alert_is_sent_when_one_is_being_sent() -> None:
    event = smile()
    _, leased = decide(POLICY, NEW, event, NOW)
    assert decide(POLICY, leased, event, NOW)[0] is AlertDecision.IN_FLIGHT
    assert decide(POLICY, leased, smile(), NOW)[0] is AlertDecision.COOLING_DOWN


def test_the_same_smile_is_tried_again_when_sending_failed_or_crashed() -> None:
    event = smile()
    _, leased = decide(POLICY, NEW, event, NOW)
    assert decide(POLICY, leased.released(event.event_id), event, NOW)[0] is AlertDecision.SEND
    almost = NOW + LEASE_DURATION - SECOND
    assert decide(POLICY, leased, event, almost)[0] is AlertDecision.IN_FLIGHT
    assert decide(POLICY, leased, event, NOW + LEASE_DURATION)[0] is AlertDecision.SEND


def test_a_lease_outlasts_the_function_but_not_lambdas_first_retry(
    template: dict[str, Any],
) -> None:
    timeout_s = template["Globals"]["Function"]["Timeout"]
    assert timeout_s < LEASE_DURATION.total_seconds() < 60


@pytest.mark.parametrize("leased", [False, True])
def test_a_late_answer_changes_nothing_when_the_lease_went_to_another_smile(leased: bool) -> None:
    late, other = smile(), smile()
    throttle = decide(POLICY, NEW, other, NOW)[1] if leased else sent(NEW, other, NOW)
    assert throttle.sent(late.event_id, NOW) is throttle
    assert throttle.released(late.event_id) is throttle


def test_an_old_smile_gets_no_alert_when_it_arrives_late() -> None:
    event = smile()
    limit = NOW + POLICY.max_age
    assert decide(POLICY, NEW, event, limit)[0] is AlertDecision.SEND
    assert decide(POLICY, NEW, event, limit + SECOND) == (AlertDecision.TOO_OLD, NEW)


def test_every_smile_gets_an_alert_when_there_is_no_cooldown() -> None:
    eager = AlertPolicy(timedelta(), POLICY.max_age)
    throttle = sent(NEW, smile(), NOW)
    assert decide(eager, throttle, smile(), NOW)[0] is AlertDecision.SEND


def test_a_smile_stays_seen_when_another_environments_clock_is_a_minute_ahead() -> None:
    event = smile()
    throttle = sent(NEW, event, NOW)
    here = NOW + POLICY.max_age
    there = here + CLOCK_DIFFERENCE
    _, throttle = decide(POLICY, throttle, smile(there), there)
    assert decide(POLICY, throttle, event, here)[0] is AlertDecision.ALREADY_SEEN


def test_ids_are_forgotten_when_their_smiles_are_too_old_for_an_alert() -> None:
    throttle = sent(NEW, smile(), NOW)
    at = NOW + timedelta(hours=1)
    assert len(sent(throttle, smile(at), at).seen_ids) == 1


def test_200_smiles_stay_seen_when_a_crowd_smiles() -> None:
    throttle = sent(NEW, smile(), NOW)
    crowd = [smile() for _ in range(250)]
    for event in crowd:
        _, throttle = decide(POLICY, throttle, event, NOW)
    assert len(throttle.seen_ids) == MAX_SEEN_IDS
    assert all(
        decide(POLICY, throttle, event, NOW)[0] is AlertDecision.ALREADY_SEEN
        for event in crowd[-200:]
    )
