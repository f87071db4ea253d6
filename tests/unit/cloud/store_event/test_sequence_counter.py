"""``store_event`` counts the events of each device once, with one write for a batch."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from scripts.sample_events import sqs_event
from smile_cloud import clients
from smile_cloud.erasure.job import ErasureRequest, Scope
from smile_cloud.erasure.job_store import JobStore
from smile_cloud.sequence.sequence import Sequence
from smile_cloud.sequence.store import SequenceStore
from smile_contract import SmileEvent
from tests.helpers.aws_calls import UNREACHABLE, watched
from tests.helpers.events import smile_event
from tests.helpers.functions import Functions
from tests.helpers.rule_events import body_of, sample

NOW = datetime(2026, 11, 22, 17, 33, tzinfo=UTC)


def batch(*seqs: int, device_id: str = "cam-1") -> list[str]:
    """Return the bodies of messages with one event each."""
    return [_body(seq, device_id) for seq in seqs]


def _body(seq: int, device_id: str) -> str:
    made_at = NOW + timedelta(seconds=seq)
    event: SmileEvent = smile_event(seq=seq, started_at=made_at, device_id=device_id)
    return body_of(event, made_at + timedelta(seconds=5), device_id)


@pytest.fixture
def sequences(functions: Functions, table: str) -> SequenceStore:
    return SequenceStore(clients.dynamodb(), table)


def read(sequences: SequenceStore, device_id: str = "cam-1") -> Sequence:
    found = sequences.read(device_id, NOW)
    assert found is not None
    return found


def sequence_writes(calls: list[dict[str, Any]]) -> list[str]:
    items = [call["Item"] for call in calls]
    return [item["pk"]["S"] for item in items if item["sk"]["S"] == "SEQUENCE"]


def test_a_batch_takes_one_write_for_each_device(
    functions: Functions, sequences: SequenceStore
) -> None:
    bodies = [*batch(1, 2, 5), *batch(7, device_id="cam-2")]
    with watched(clients.dynamodb(), "PutItem") as calls:
        assert functions.invoke("store_event", sqs_event(bodies)) == {"batchItemFailures": []}
        functions.invoke("store_event", sqs_event(bodies))
    assert sorted(sequence_writes(calls)) == ["DEVICE#cam-1", "DEVICE#cam-2"]
    found = read(sequences)
    assert (found.received, found.duplicates, found.gaps) == (3, 0, ((3, 4),))
    assert read(sequences, "cam-2").last == 7


def test_rejected_events_are_not_counted(functions: Functions, sequences: SequenceStore) -> None:
    functions.invoke("store_event", sample("store_event/bad_score"))
    functions.invoke("store_event", sample("store_event/bad_not_an_event"))
    assert sequences.read("cam-1", NOW) is None


def test_sqs_delivers_the_messages_again_that_are_stored_and_not_counted(
    functions: Functions, sequences: SequenceStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    bodies = [*batch(1, 2), *batch(7, device_id="cam-2")]
    put_item = clients.dynamodb().put_item

    def fail_for_cam_1(**call: Any) -> Any:
        if call["Item"]["sk"]["S"] == "SEQUENCE" and call["Item"]["pk"]["S"] == "DEVICE#cam-1":
            raise UNREACHABLE
        return put_item(**call)

    event = sqs_event(bodies)
    ids = [record["messageId"] for record in event["Records"]]
    with monkeypatch.context() as patch:
        patch.setattr(clients.dynamodb(), "put_item", fail_for_cam_1)
        failed = functions.invoke("store_event", event)["batchItemFailures"]
    assert [one["itemIdentifier"] for one in failed] == ids[:2]
    [line] = [line for line in functions.logged("ERROR") if line["message"] == "events not counted"]
    assert line["device_id"] == "cam-1"
    again = event | {"Records": event["Records"][:2]}
    assert functions.invoke("store_event", again) == {"batchItemFailures": []}
    found = read(sequences)
    assert (found.received, found.duplicates) == (2, 0)


def test_a_late_message_of_an_erased_device_is_not_counted(
    functions: Functions, sequences: SequenceStore, table: str
) -> None:
    """Its number would otherwise stay, although everything about the device is erased."""
    erasures = JobStore(clients.dynamodb(), table)
    cut = NOW + timedelta(seconds=3)
    erasures.start(ErasureRequest("cam-1", Scope.DEVICE), cut, timedelta(days=1))
    erased = ErasureRequest("cam-2", Scope.EVENTS, NOW, cut)
    erasures.start(erased, cut, timedelta(days=1))
    bodies = [*batch(1, 2, 4), *batch(1, 2, 4, device_id="cam-2")]
    for _ in range(2):
        assert functions.invoke("store_event", sqs_event(bodies)) == {"batchItemFailures": []}
    assert (read(sequences).first, read(sequences).received) == (4, 1)
    assert read(sequences, "cam-2").received == 3  # nothing of it is missing


def test_a_message_that_is_not_stored_is_not_counted(
    functions: Functions,
    sequences: SequenceStore,
    aws: SimpleNamespace,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(**_call: Any) -> Any:
        raise UNREACHABLE

    with monkeypatch.context() as patch:
        patch.setattr(clients.dynamodb(), "transact_write_items", fail)
        failed = functions.invoke("store_event", sqs_event(batch(1)))["batchItemFailures"]
    assert len(failed) == 1
    assert sequences.read("cam-1", NOW) is None
