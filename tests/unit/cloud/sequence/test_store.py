"""Sequences in the table: one write for all messages of a batch, exactly once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from smile_cloud.attributes import to_attributes
from smile_cloud.errors import ConflictError
from smile_cloud.sequence.arrival import Arrival
from smile_cloud.sequence.sequence import MAX_GAPS, MAX_KEYS, Sequence
from smile_cloud.sequence.store import SequenceStore
from tests.helpers.aws import client_error
from tests.helpers.aws_calls import before_first, failing, losing_answer, watched
from tests.helpers.events import smile_event
from tests.helpers.item_size import size_of
from tests.helpers.status_messages import at

KEPT = timedelta(days=400)


def message(*seqs: int) -> Arrival:
    events = tuple(smile_event(seq=seq, started_at=at(seq)) for seq in seqs)
    return Arrival.of(events, at(max(seqs) + 5))


@pytest.fixture
def store(aws: SimpleNamespace, table: str) -> SequenceStore:
    return SequenceStore(aws.dynamodb, table, sleep=lambda _seconds: None)


def counted(*messages: Arrival) -> Sequence:
    found = Sequence()
    for one in messages:
        found = found.add(one)
    return found


def test_a_batch_is_one_write_and_read_as_it_was_counted(
    aws: SimpleNamespace, store: SequenceStore
) -> None:
    messages = [message(0), message(1, 2), message(5)]
    assert store.read("cam-1", at(0)) is None
    with watched(aws.dynamodb, "PutItem") as writes:
        store.add("cam-1", messages, KEPT)
        store.add("cam-1", messages, KEPT)
    assert len(writes) == 1, "SQS has delivered the second batch again"
    assert store.read("cam-1", at(0)) == counted(*messages)


def test_messages_of_a_batch_are_counted_in_the_order_of_their_arrival(
    store: SequenceStore,
) -> None:
    store.add("cam-1", [message(9), message(0)], KEPT)
    found = store.read("cam-1", at(0))
    assert found is not None
    assert (found.resets, found.gaps) == (0, ((1, 8),))


def test_a_sequence_is_forgotten_after_its_retention(
    store: SequenceStore, aws: SimpleNamespace, table: str
) -> None:
    store.add("cam-1", [message(3)], KEPT)
    assert store.read("cam-1", at(8) + KEPT) is None
    late = int((KEPT + timedelta(days=1)).total_seconds())
    store.add("cam-1", [message(late)], KEPT)
    found = store.read("cam-1", at(late))
    assert found is not None
    assert (found.first, found.received) == (late, 1)


def test_a_usual_sequence_costs_one_unit_and_the_largest_two(
    store: SequenceStore, aws: SimpleNamespace, table: str
) -> None:
    def size() -> int:
        key = to_attributes({"pk": "DEVICE#cam-1", "sk": "SEQUENCE"})
        return size_of(aws.dynamodb.get_item(TableName=table, Key=key)["Item"])

    store.add("cam-1", [message(n) for n in range(0, MAX_KEYS * 2 - 3)], KEPT)
    assert 600 < size() <= 1024
    store.add("cam-1", [message(10**6 + 2 * n) for n in range(MAX_GAPS + 1)], KEPT)
    assert 1024 < size() <= 2048


@pytest.mark.parametrize("fault", [failing, losing_answer])
@pytest.mark.parametrize("call", ["GetItem", "PutItem"])
def test_each_message_counts_once_when_a_call_fails_and_sqs_delivers_again(
    aws: SimpleNamespace, store: SequenceStore, call: str, fault: Any
) -> None:
    messages = [message(0), message(1)]
    with fault(aws.dynamodb, call, times=1), pytest.raises(BotoCoreError):
        store.add("cam-1", messages, KEPT)
    store.add("cam-1", messages, KEPT)
    assert store.read("cam-1", at(0)) == counted(*messages)


def test_each_message_counts_once_when_another_invocation_is_faster(
    aws: SimpleNamespace, store: SequenceStore
) -> None:
    faster = lambda: store.add("cam-1", [message(0), message(1)], KEPT)  # noqa: E731
    with before_first(aws.dynamodb, "PutItem", faster):
        store.add("cam-1", [message(1), message(2)], KEPT)
    found = store.read("cam-1", at(0))
    assert found is not None
    assert (found.received, found.duplicates, found.gaps) == (3, 0, ())


def test_each_message_counts_once_when_many_functions_count_at_once(
    aws: SimpleNamespace, table: str
) -> None:
    store = SequenceStore(aws.dynamodb, table)
    messages = [message(n) for n in range(8)]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda one: store.add("cam-1", [one], KEPT), messages))
    found = store.read("cam-1", at(0))
    assert found is not None
    assert (found.received, found.duplicates, found.gaps) == (8, 0, ())


def test_the_device_is_named_when_every_attempt_is_refused(
    aws: SimpleNamespace, store: SequenceStore
) -> None:
    error = client_error("ThrottlingException", operation="PutItem")
    with (
        failing(aws.dynamodb, "PutItem", error=error),
        pytest.raises(ConflictError, match=r"^sequence of cam-1: .* ThrottlingException "),
    ):
        store.add("cam-1", [message(0)], KEPT)
    error = client_error("ValidationException", operation="PutItem")
    with failing(aws.dynamodb, "PutItem", error=error), pytest.raises(ClientError):
        store.add("cam-1", [message(0)], KEPT)
