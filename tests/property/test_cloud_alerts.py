"""Whatever arrives in whatever order: never two alerts of a smile, or of one quiet time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from smile_cloud.send_alert.alert_policy import AlertBudget, AlertPolicy, Verdict, judge
from smile_contract import Face, Model, SmileEvent, uuid7

START = datetime(2026, 11, 22, 17, 33, tzinfo=UTC)
POLICY = AlertPolicy(cooldown=timedelta(seconds=60), max_age=timedelta(seconds=120))


def smile(second: int) -> SmileEvent:
    at = START + timedelta(seconds=second)
    return SmileEvent(
        event_id=uuid7(at),
        device_id="cam-1",
        seq=0,
        phase="started",
        started_at=at,
        duration_ms=0,
        peak_score=1,
        mean_score=1,
        face=Face(1, (0, 0, 1, 1)),
        track_id=0,
        model=Model("ab" * 32, 0.6, 0.4),
    )


SMILES = [smile(second) for second in range(0, 300, 15)]
arrivals = st.lists(
    st.tuples(
        st.sampled_from(SMILES),  # drawn again and again: redelivered
        st.integers(0, 20),  # seconds since the arrival before
        st.booleans(),  # whether publishing works
    ),
    max_size=40,
)


@given(arrivals)
def test_alerts_keep_their_promises_when_anything_arrives(
    messages: list[tuple[SmileEvent, int, bool]],
) -> None:
    budget, now = AlertBudget(), START
    sent: list[tuple[str, datetime]] = []
    suppressed: set[str] = set()
    told = 0
    for event, pause_s, works in messages:
        now += timedelta(seconds=pause_s)
        verdict, budget = judge(POLICY, budget, event, now)
        if verdict is Verdict.COOLING_DOWN:
            assert event.event_id not in suppressed
            suppressed.add(event.event_id)
        elif verdict is Verdict.SEND and works:
            told += budget.claim.told if budget.claim is not None else 0
            budget = budget.sent(event.event_id, now)
            sent.append((event.event_id, now))
        elif verdict is Verdict.SEND:
            budget = budget.not_sent()
    ids = [event_id for event_id, _ in sent]
    assert len(set(ids)) == len(ids)
    assert not suppressed & set(ids)
    for (_, before), (_, after) in pairwise(sent):
        assert after - before >= POLICY.cooldown
    assert told + budget.suppressed == len(suppressed), "every suppressed smile is told once"
