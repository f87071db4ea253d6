"""In any order of messages, a smile never gets two alerts, nor a device two within a cooldown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from smile_cloud.send_alert.alert_policy import AlertDecision, AlertPolicy, AlertThrottle, decide
from smile_contract import SmileEvent
from tests.helpers.events import smile_event

START = datetime(2026, 11, 22, 17, 33, tzinfo=UTC)
POLICY = AlertPolicy(cooldown=timedelta(seconds=60), max_age=timedelta(seconds=120))
SMILES = [
    smile_event("started", started_at=START + timedelta(seconds=second))
    for second in range(0, 300, 15)
]
arrivals = st.lists(
    st.tuples(
        st.sampled_from(SMILES),  # the same one again and again: delivered twice
        st.integers(0, 20),  # seconds since the previous arrival
        st.booleans(),  # whether publishing works
    ),
    max_size=40,
)


@given(arrivals)
def test_each_smile_is_alerted_or_counted_once_when_messages_come_in_any_order(
    messages: list[tuple[SmileEvent, int, bool]],
) -> None:
    throttle, now = AlertThrottle(), START
    sent: list[tuple[str, datetime]] = []
    suppressed: set[str] = set()
    reported = 0
    for event, pause_s, works in messages:
        now += timedelta(seconds=pause_s)
        decision, throttle = decide(POLICY, throttle, event, now)
        if decision is AlertDecision.COOLING_DOWN:
            assert event.event_id not in suppressed
            suppressed.add(event.event_id)
        elif decision is AlertDecision.SEND and works:
            reported += throttle.lease.suppressed if throttle.lease is not None else 0
            throttle = throttle.sent(event.event_id, now)
            sent.append((event.event_id, now))
        elif decision is AlertDecision.SEND:
            throttle = throttle.released(event.event_id)
    ids = [event_id for event_id, _ in sent]
    assert len(set(ids)) == len(ids)
    assert not suppressed & set(ids)
    for (_, before), (_, after) in pairwise(sent):
        assert after - before >= POLICY.cooldown
    assert reported + throttle.suppressed == len(suppressed), "each is reported once"
