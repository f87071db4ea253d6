from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from edge_lambda.delivery.lanes import Lanes, Message
from edge_lambda.delivery.outbox import Outbox
from smile_contract import read_message
from tests.helpers.delivery import waiting_outbox
from tests.helpers.events import smile_event

FULL_BYTES = 5 * 1024


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "o.sqlite"


@pytest.fixture
def outbox(path: Path) -> Iterator[Outbox]:
    with closing(waiting_outbox(path, 30)) as opened:
        yield opened


def seqs(message: Message | None) -> list[int]:
    assert message is not None
    events, rejected = read_message(json.loads(message.payload), device_id=message.device_id)
    assert not rejected
    return [event.seq for event in events]


def everything(lanes: Lanes) -> list[Message]:
    messages = []
    while (message := lanes.next()) is not None:
        messages.append(message)
    return messages


def test_backlog_is_sent_in_order_in_messages_that_aws_bills_once(outbox: Outbox) -> None:
    messages = everything(Lanes(outbox))
    assert [seq for message in messages for seq in seqs(message)] == list(range(30))
    size = len(outbox.after(0, 1)[0].payload)
    for message in messages[:-1]:
        assert FULL_BYTES - size - 2 < len(message.payload) <= FULL_BYTES


def test_message_has_at_most_50_events(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_lambda.delivery.lanes._BATCH_BYTES", 10**9)
    with closing(waiting_outbox(path, 120)) as outbox:
        assert [len(seqs(message)) for message in everything(Lanes(outbox))] == [50, 50, 20]


def test_message_has_events_of_one_device(path: Path) -> None:
    with closing(Outbox(path)) as outbox:
        for device_id in ("cam-1", "cam-1", "cam-2", "cam-1"):
            outbox.put(smile_event(device_id=device_id))
    with closing(Outbox(path)) as outbox:
        messages = everything(Lanes(outbox))
    assert [(one.device_id, len(one.record_ids)) for one in messages] == [
        ("cam-1", 2),
        ("cam-2", 1),
        ("cam-1", 1),
    ]


def test_event_larger_than_a_batch_is_sent_alone(path: Path, outbox: Outbox) -> None:
    assert path.exists()
    lanes = Lanes(outbox)
    with pytest.MonkeyPatch.context() as smaller:
        smaller.setattr("edge_lambda.delivery.lanes._BATCH_BYTES", 100)
        assert seqs(lanes.next()) == [0]


def test_live_event_goes_before_the_backlog_and_alone(outbox: Outbox) -> None:
    lanes = Lanes(outbox)
    first = seqs(lanes.next())
    for _ in range(2):
        outbox.put(smile_event())
    assert [seqs(lanes.next()), seqs(lanes.next())] == [[30], [31]]
    assert lanes.next(is_live_only=True) is None
    assert seqs(lanes.next())[0] == first[-1] + 1


def test_message_in_flight_is_not_sent_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(Outbox(path)) as outbox:
        lanes = Lanes(outbox)
        outbox.put(smile_event())
        live = lanes.next()
        assert seqs(live) == [0]
        monkeypatch.setattr("edge_lambda.delivery.outbox._LIVE_S", 0.0)  # now it is backlog
        assert lanes.next() is None
        lanes.start_over()  # a new connection
        assert seqs(lanes.next()) == [0]


def test_refused_message_can_be_sent_again(outbox: Outbox) -> None:
    lanes = Lanes(outbox)
    first, second = lanes.next(), lanes.next()
    assert first is not None and second is not None
    lanes.settle(second)
    lanes.settle(first)
    assert lanes.next() == first
    assert lanes.next() == second


def test_events_of_a_refused_batch_are_sent_one_by_one(outbox: Outbox) -> None:
    lanes = Lanes(outbox)
    first = lanes.next()
    assert first is not None
    lanes.send_singly(first.record_ids)
    lanes.settle(first)
    singles = [lanes.next() for _ in first.record_ids]
    assert [seqs(message) for message in singles] == [[seq] for seq in seqs(first)]
    rest = lanes.next()
    assert rest is not None and len(rest.record_ids) > 1


def test_delivered_message_is_forgotten(outbox: Outbox) -> None:
    lanes = Lanes(outbox)
    while (message := lanes.next()) is not None:
        outbox.delete(message.record_ids)
        lanes.finish(message)
    assert len(outbox) == 0
    assert not lanes._in_flight
