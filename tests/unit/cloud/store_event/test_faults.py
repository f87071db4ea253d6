"""Every call to AWS fails, or is applied and its answer lost: nothing is lost or counted twice."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError

from smile_cloud.attributes import from_attributes
from smile_cloud.rule_body import RuleBody
from tests.helpers.aws_calls import failing, losing_answer, repeating
from tests.helpers.dead_letters import make_service
from tests.helpers.rule_events import RECEIVED_AT, body_of, sample

Receive = Callable[[], list[dict[str, Any]]]
CALLS = [
    ("dynamodb", "GetItem"),
    ("dynamodb", "UpdateItem"),
    ("dynamodb", "TransactWriteItems"),
    ("sqs", "SendMessage"),
]
FAULTS: dict[str, Callable[[Any, str], AbstractContextManager[None]]] = {
    "fails once": lambda client, call: failing(client, call, times=1),
    "fails three times": lambda client, call: failing(client, call, times=3),
    "fails at its third call": lambda client, call: failing(client, call, after=2, times=1),
    "loses an answer": losing_answer,
    "loses three answers": lambda client, call: losing_answer(client, call, times=3),
    "is repeated by boto3": repeating,
}
DELIVERIES = 5  # maxReceiveCount of the queue
# A dead letter is sent again when nothing remembers it: the answer of SQS is lost, or the function
# fails between sending and remembering it. No fault loses it.
DOUBLED = {
    ("SendMessage", "loses an answer"),
    ("SendMessage", "loses three answers"),
    ("SendMessage", "is repeated by boto3"),
}


def message() -> str:
    """Return a message of three smiles: the first two are valid, the last one's clock is wrong."""
    batch = sample("messages/batch")
    batch["events"] += [sample("messages/bad_clock")]
    return body_of(batch)


class Cloud:
    """``store_event`` with its table and its dead-letter queue."""

    def __init__(self, aws: SimpleNamespace, table: str, queue: str, receive_all: Receive) -> None:
        self.aws = aws
        self.dead_letters = receive_all
        self._table = table
        self._make = lambda: make_service(aws, table, queue, clock=lambda: RECEIVED_AT)
        self._service = self._make()

    def deliver(self) -> bool:
        """Deliver the message as SQS does; return whether the function handled it at last."""
        for _ in range(DELIVERIES):
            try:
                self._service.handle(message())
            except BotoCoreError:
                continue
            return True
        return False

    def items(self) -> list[dict[str, Any]]:
        found = self.aws.dynamodb.scan(TableName=self._table)["Items"]
        return sorted(map(from_attributes, found), key=lambda item: (item["pk"], item["sk"]))

    def clear(self) -> None:
        for item in self.items():
            key = {name: {"S": item[name]} for name in ("pk", "sk")}
            self.aws.dynamodb.delete_item(TableName=self._table, Key=key)
        self.dead_letters()
        self._service = self._make()  # in a new execution environment


@pytest.fixture
def cloud(aws: SimpleNamespace, table: str, queue: str, receive_all: Receive) -> Cloud:
    return Cloud(aws, table, queue, receive_all)


@pytest.fixture
def expected(cloud: Cloud) -> list[dict[str, Any]]:
    """Return what the table holds when nothing fails; it is empty again afterwards."""
    assert cloud.deliver()
    items = cloud.items()
    cloud.clear()
    return items


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(("client", "call"), CALLS)
def test_the_result_is_the_same_when_a_call_fails_and_sqs_delivers_again(
    cloud: Cloud, expected: list[dict[str, Any]], client: str, call: str, fault: str
) -> None:
    with FAULTS[fault](getattr(cloud.aws, client), call):
        assert cloud.deliver()
    assert cloud.items() == expected
    dead_letters = cloud.dead_letters()
    if (call, fault) not in DOUBLED:
        assert len(dead_letters) == 1
    assert len({RuleBody.parse(one["Body"]).payload for one in dead_letters}) == 1


@pytest.mark.parametrize(("client", "call"), CALLS)
def test_the_message_stays_in_its_queue_when_a_call_fails_for_good(
    cloud: Cloud, expected: list[dict[str, Any]], client: str, call: str
) -> None:
    with failing(getattr(cloud.aws, client), call):
        assert not cloud.deliver()
    assert cloud.deliver(), "a redrive after the fault"
    assert cloud.items() == expected
