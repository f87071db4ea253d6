"""The same content makes one dead letter a day; wrong clocks are counted for their device."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from smile_cloud.attributes import from_attributes
from smile_cloud.dead_letters.memory import DeadLetterMemory
from smile_cloud.errors import ConflictError
from smile_cloud.rule_body import RuleBody
from smile_cloud.rule_message import RuleMessage
from tests.helpers.aws import client_error
from tests.helpers.aws_calls import before_first, failing
from tests.helpers.dead_letters import KEPT, LIMITS, make_service
from tests.helpers.rule_events import RECEIVED_AT, sample_body

Receive = Callable[[], list[dict[str, Any]]]
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


class Rejections:
    """The service, with a clock that the test sets."""

    def __init__(self, aws: SimpleNamespace, table: str, queue: str) -> None:
        self.now = datetime(2026, 11, 22, tzinfo=UTC)
        self._aws, self._table = aws, table
        self.service = make_service(aws, table, queue, clock=lambda: self.now)

    def arrive(self, name: str, at: datetime = RECEIVED_AT) -> tuple[int, int]:
        """Return how many dead letters were sent and how many were repeated."""
        result = self.service.handle(sample_body(name, at))
        return len(result.rejected), result.repeated

    def items(self, kind: str) -> list[dict[str, Any]]:
        found = self._aws.dynamodb.scan(TableName=self._table)["Items"]
        return [one for one in map(from_attributes, found) if one["sk"] == kind]


@pytest.fixture
def rejections(aws: SimpleNamespace, table: str, queue: str) -> Rejections:
    return Rejections(aws, table, queue)


def test_a_repeated_message_is_counted_and_makes_no_second_dead_letter(
    rejections: Rejections, receive_all: Receive
) -> None:
    assert rejections.arrive("bad_score") == (1, 0)
    for n in range(1, 4):
        assert rejections.arrive("bad_score", RECEIVED_AT + n * SECOND) == (0, 1)
    assert len(receive_all()) == 1
    [item] = rejections.items("DEAD_LETTER")
    assert item["arrivals"] == 4
    assert item["expires_at"] == (rejections.now + DAY).timestamp()


def test_a_redelivery_of_the_same_message_does_not_count(
    rejections: Rejections, receive_all: Receive
) -> None:
    rejections.arrive("bad_score")
    assert rejections.arrive("bad_score") == (0, 0)
    assert rejections.arrive("bad_score", RECEIVED_AT + SECOND) == (0, 1)
    assert rejections.arrive("bad_score", RECEIVED_AT + SECOND) == (0, 0)
    assert rejections.items("DEAD_LETTER")[0]["arrivals"] == 2
    assert len(receive_all()) == 1


def test_the_content_makes_a_new_dead_letter_when_a_day_is_over(
    rejections: Rejections, receive_all: Receive
) -> None:
    rejections.arrive("bad_score")
    rejections.now += DAY - SECOND
    assert rejections.arrive("bad_score", RECEIVED_AT + SECOND) == (0, 1)
    rejections.now += SECOND
    assert rejections.arrive("bad_score", RECEIVED_AT + 2 * SECOND) == (1, 0)
    assert rejections.items("DEAD_LETTER")[0]["arrivals"] == 1
    assert len(receive_all()) == 2


def test_each_content_makes_its_own_dead_letter(
    rejections: Rejections, receive_all: Receive
) -> None:
    rejections.arrive("bad_score")
    rejections.arrive("bad_image")
    assert len(receive_all()) == 2


def test_a_message_makes_a_dead_letter_again_when_an_operator_redrives_it(
    rejections: Rejections, receive_all: Receive
) -> None:
    rejections.arrive("bad_score")
    [dead_letter] = receive_all()
    body = RuleBody.parse(dead_letter["Body"])
    again = RuleBody(body.device_id, body.received_at, body.payload, redriven_ms=1).text()
    assert len(rejections.service.handle(again).rejected) == 1
    [second] = receive_all()
    assert second["Body"] == again, "its first dead letter is deleted"


def test_a_wrong_clock_is_counted_for_its_device_once_for_each_dead_letter(
    rejections: Rejections,
) -> None:
    for n in range(3):
        rejections.arrive("bad_clock", RECEIVED_AT + n * SECOND)
    rejections.arrive("bad_score")
    [device] = rejections.items("DEVICE")
    assert (device["pk"], device["clock_rejected"]) == ("DEVICE#cam-1", 1)
    assert device["expires_at"] == (rejections.now + KEPT).timestamp()
    rejections.now += DAY
    rejections.arrive("bad_clock", RECEIVED_AT + DAY - timedelta(hours=1))
    assert rejections.items("DEVICE")[0]["clock_rejected"] == 2


def test_a_clock_is_counted_once_when_two_functions_reject_the_same_message(
    aws: SimpleNamespace, rejections: Rejections, receive_all: Receive
) -> None:
    body = sample_body("bad_clock")
    with before_first(aws.dynamodb, "TransactWriteItems", lambda: rejections.service.handle(body)):
        rejections.service.handle(body)
    assert rejections.items("DEVICE")[0]["clock_rejected"] == 1
    assert len(receive_all()) == 2, "doubled, as documented"


@pytest.mark.parametrize("times", [3, None])
def test_remembering_is_tried_again_when_the_table_is_throttled(
    aws: SimpleNamespace, table: str, rejections: Rejections, times: int | None
) -> None:
    pauses: list[float] = []
    memory = DeadLetterMemory(
        aws.dynamodb, table, device_retention=KEPT, sleep=pauses.append, clock=lambda: RECEIVED_AT
    )
    [dead_letter] = RuleMessage.from_body(sample_body("bad_clock"), LIMITS).rejected
    error = client_error("ThrottlingException", operation="TransactWriteItems")
    with failing(aws.dynamodb, "TransactWriteItems", times=times, error=error):
        if times is None:
            with pytest.raises(ConflictError, match=r"^dead letter .* ThrottlingException"):
                memory.remember(dead_letter)
            return
        memory.remember(dead_letter)
    assert len(pauses) == times
    assert memory.is_known(dead_letter)
