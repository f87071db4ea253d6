"""What the reason codes of MQTT 5 lead to."""

from __future__ import annotations

import pytest

from edge_lambda.delivery import refusals as module
from edge_lambda.delivery.lanes import Message
from edge_lambda.delivery.refusals import Refusals, Remedy
from tests.helpers.delivery import Clock

OWN, OLD = Message("cam-1", (7,), b"{}"), Message("old-name", (8,), b"{}")
NOT_AUTHORIZED, TOPIC_INVALID, TOO_LARGE, QUOTA, BAD_PAYLOAD = 0x87, 0x90, 0x95, 0x97, 0x99


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.mark.parametrize(
    ("message", "code", "remedy", "reason"),
    [
        (OLD, NOT_AUTHORIZED, Remedy.QUARANTINE, "not authorized"),
        (OWN, NOT_AUTHORIZED, Remedy.WAIT, "not authorized"),
        (OLD, TOPIC_INVALID, Remedy.QUARANTINE, "topic name invalid"),
        (OWN, TOO_LARGE, Remedy.QUARANTINE_ONE, "packet too large"),
        (OWN, BAD_PAYLOAD, Remedy.QUARANTINE_ONE, "payload format invalid"),
        (OWN, QUOTA, Remedy.WAIT, "quota exceeded"),
        (OLD, QUOTA, Remedy.WAIT, "quota exceeded"),
        (OWN, 0x80, Remedy.WAIT, "unspecified error"),
        (OWN, 0xFF, Remedy.WAIT, "reason code 255"),
    ],
)
def test_remedy_depends_on_the_code_and_on_whose_event_it_is(
    message: Message, code: int, remedy: Remedy, reason: str
) -> None:
    refusals = Refusals("cam-1")
    assert refusals.refused(message, code) == (remedy, reason)
    assert refusals.is_probing == (not refusals.may_send()) == (remedy is Remedy.WAIT)


def test_pauses_grow_until_a_message_is_confirmed(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    refusals = Refusals("cam-1")
    for _ in range(12):
        refusals.refused(OWN, NOT_AUTHORIZED)
        refusals.refused(OWN, NOT_AUTHORIZED)  # was in flight too: no second pause
        clock.now_s += 61
        assert refusals.may_send()
    waits = [record.retry_in_s for record in caplog.records]
    assert len(waits) == 12
    assert waits[0] <= 1
    assert 30 <= waits[-1] <= 60
    refusals.confirmed(OWN)
    assert not refusals.is_probing
    refusals.refused(OWN, QUOTA)
    assert caplog.records[-1].retry_in_s <= 1


def test_message_that_is_always_refused_for_the_moment_goes_into_quarantine(clock: Clock) -> None:
    refusals = Refusals("cam-1")
    remedies = []
    for _ in range(6):
        remedies.append(refusals.refused(OWN, QUOTA)[0])
        clock.now_s += 61
    assert remedies == [Remedy.WAIT] * 4 + [Remedy.QUARANTINE_ONE, Remedy.WAIT]


def test_tries_are_forgotten_when_the_message_is_confirmed(clock: Clock) -> None:
    refusals = Refusals("cam-1")
    for _ in range(4):
        refusals.refused(OWN, QUOTA)
        clock.now_s += 61
    refusals.confirmed(OWN)
    assert refusals.refused(OWN, QUOTA)[0] is Remedy.WAIT
