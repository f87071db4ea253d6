from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from smile_cloud.send_alert.alert_policy import AlertDecision, AlertPolicy
from smile_cloud.send_alert.alert_topic import AlertTopic
from smile_cloud.send_alert.service import SendAlertService
from smile_cloud.send_alert.throttle_store import AlertThrottleStore
from smile_contract import SmileEvent, uuid7
from tests.helpers.aws_calls import failing, losing_answer
from tests.helpers.events import smile_event
from tests.helpers.rule_events import as_rule_event

START = datetime(2026, 11, 22, 17, 33, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
Delivered = Callable[[], list[dict[str, Any]]]


class Alerts:
    """The service, with a clock that the test sets."""

    def __init__(self, aws: SimpleNamespace, table: str, topic: str) -> None:
        self.now = START
        self.service = SendAlertService(
            AlertPolicy(cooldown=5 * MINUTE, max_age=10 * MINUTE),
            AlertThrottleStore(aws.dynamodb, table, clock=lambda: self.now),
            AlertTopic(aws.sns, topic),
            "https://api.example/dev",
        )

    def handle(self, *events: SmileEvent) -> list[AlertDecision]:
        """Return the decisions about single-event messages."""
        found = []
        for event in events:
            rule_event = as_rule_event(event, self.now, event.device_id)
            counts = self.service.handle(rule_event)
            found += [decision for decision, count in counts.items() if count]
        return found

    def handle_smile(self) -> list[AlertDecision]:
        return self.handle(smile(self.now))


def smile(at: datetime = START, **changes: Any) -> SmileEvent:
    return smile_event("started", started_at=at, **changes)


@pytest.fixture
def alerts(aws: SimpleNamespace, table: str, topic: str) -> Alerts:
    return Alerts(aws, table, topic)


@pytest.fixture
def delivered(receive_all: Callable[[], list[dict[str, Any]]]) -> Delivered:
    """Return the new alerts as a subscribed queue gets them."""
    return lambda: [json.loads(message["Body"]) for message in receive_all()]


def test_one_alert_is_sent_when_a_smile_starts_ends_and_repeats(
    alerts: Alerts, delivered: Delivered
) -> None:
    event_id = uuid7(START)
    started = smile(event_id=event_id)
    ended = smile_event("ended", started_at=START, event_id=event_id)
    seen = AlertDecision.ALREADY_SEEN
    assert alerts.handle(started, ended, started) == [AlertDecision.SEND, seen, seen]
    [alert] = delivered()
    assert alert["Subject"] == "Smile on cam-1 at 17:33 UTC"
    assert f"https://api.example/dev/v1/devices/cam-1/events/{event_id}" in alert["Message"]
    assert alert["MessageAttributes"]["event_id"]["Value"] == event_id


def test_the_next_alert_counts_the_suppressed_smiles_when_the_cooldown_is_over(
    alerts: Alerts, delivered: Delivered
) -> None:
    for minutes in (0, 1, 2, 2, 5):
        alerts.now = START + minutes * MINUTE
        alerts.handle_smile()
    first, second = delivered()
    assert "more smile" not in first["Message"]
    assert "3 more smiles since the last alert at 17:33 UTC." in second["Message"]


def test_each_device_sends_its_alert_when_two_see_smiles(
    alerts: Alerts, delivered: Delivered
) -> None:
    alerts.handle(smile(device_id="cam-1"), smile(device_id="cam-2"))
    assert len(delivered()) == 2


def test_one_alert_is_sent_when_many_functions_run_at_once(
    alerts: Alerts, delivered: Delivered
) -> None:
    events = [smile() for _ in range(4)] * 2
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(alerts.handle, events))
    assert len(delivered()) == 1
    alerts.now += 5 * MINUTE
    alerts.handle_smile()
    [alert] = delivered()
    assert "3 more smiles" in alert["Message"]


def test_no_alert_is_sent_when_the_message_is_bad_or_old(
    alerts: Alerts, delivered: Delivered
) -> None:
    assert not any(alerts.service.handle(as_rule_event({"hello": "world"})).values())
    alerts.now = START + timedelta(hours=1)
    assert alerts.handle(smile(START)) == [AlertDecision.TOO_OLD]
    assert delivered() == []


# --- when AWS fails ----------------------------------------------------------------------------


def test_the_alert_is_sent_by_the_retry_when_sns_fails_once(
    aws: SimpleNamespace, alerts: Alerts, delivered: Delivered
) -> None:
    event = smile()
    with failing(aws.sns, "Publish", times=1):
        with pytest.raises(EndpointConnectionError):
            alerts.handle(event)
        assert alerts.handle(event) == [AlertDecision.SEND]
    assert len(delivered()) == 1


def test_lambda_gets_the_error_each_time_when_sns_refuses_the_topic(
    aws: SimpleNamespace, table: str, topic: str, delivered: Delivered
) -> None:
    broken = Alerts(aws, table, f"{topic}-missing")
    event = smile()
    for _ in range(2):
        with pytest.raises(ClientError, match="NotFound"):
            broken.handle(event)
    assert Alerts(aws, table, topic).handle(event) == [AlertDecision.SEND], "nothing counts as sent"
    assert len(delivered()) == 1


@pytest.mark.parametrize("operation", ["GetItem", "PutItem"])
def test_one_alert_is_sent_when_dynamodb_fails_before_it_and_lambda_retries(
    aws: SimpleNamespace, alerts: Alerts, delivered: Delivered, operation: str
) -> None:
    event = smile()
    with failing(aws.dynamodb, operation, times=1):
        with pytest.raises(EndpointConnectionError):
            alerts.handle(event)
        assert delivered() == []
        assert alerts.handle(event) == [AlertDecision.SEND]
    assert len(delivered()) == 1


def test_the_alert_is_sent_again_when_the_function_cannot_store_that_it_was_sent(
    aws: SimpleNamespace, alerts: Alerts, delivered: Delivered
) -> None:
    event = smile()
    with (
        failing(aws.dynamodb, "PutItem", after=1, times=1),
        pytest.raises(EndpointConnectionError),
    ):
        alerts.handle(event)
    assert len(delivered()) == 1
    assert alerts.handle(event) == [AlertDecision.IN_FLIGHT], "the lease is not over"
    alerts.now += MINUTE  # Lambda's first retry
    assert alerts.handle(event) == [AlertDecision.SEND]
    assert len(delivered()) == 1


def test_the_alert_is_sent_again_when_the_answer_of_sns_is_lost(
    aws: SimpleNamespace, alerts: Alerts, delivered: Delivered
) -> None:
    event = smile()
    with losing_answer(aws.sns, "Publish"):
        with pytest.raises(EndpointConnectionError):
            alerts.handle(event)
        assert alerts.handle(event) == [AlertDecision.SEND]
    assert len(delivered()) == 2, "sent at least once"


def test_one_alert_is_sent_when_the_answer_to_the_lease_is_lost(
    aws: SimpleNamespace, alerts: Alerts, delivered: Delivered
) -> None:
    event = smile()
    with losing_answer(aws.dynamodb, "PutItem"), pytest.raises(EndpointConnectionError):
        alerts.handle(event)
    alerts.now += MINUTE  # Lambda's first retry
    assert alerts.handle(event) == [AlertDecision.SEND]
    assert len(delivered()) == 1
