"""Each call to AWS fails or loses its answer: no alert is lost, and only some are sent twice."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from types import SimpleNamespace
from typing import Any

import pytest

from smile_cloud import clients
from smile_cloud.send_alert.alert_policy import Decision
from smile_cloud.send_alert.alert_state import CLAIM_DURATION
from smile_cloud.send_alert.errors import InFlightError
from smile_cloud.send_alert.service import DIGESTS_SENT
from tests.helpers.alerts import MINUTE, START, Alerts, smile
from tests.helpers.aws_calls import before_first, failing, losing_answer, repeating, watched
from tests.helpers.rule_events import body_of

Fault = AbstractContextManager[Any]
Call = tuple[str, int]  # an operation, and how many calls of it come before


def client_of(operation: str) -> Any:
    services = {"Publish": clients.sns, "SendMessage": clients.sqs}
    return services.get(operation, clients.dynamodb)()


def once(operation: str, after: int) -> Fault:
    return failing(client_of(operation), operation, after=after, times=1)


def three_times(operation: str, after: int) -> Fault:
    return failing(client_of(operation), operation, after=after, times=3)


def permanently(operation: str, after: int) -> Fault:
    return failing(client_of(operation), operation, after=after)


def applied_answer_lost(operation: str, after: int) -> Fault:
    """The call is applied, and boto3 reports that it got no answer."""
    return losing_answer(client_of(operation), operation, after=after)


def applied_and_repeated(operation: str, after: int) -> Fault:
    """The call is applied, and boto3 sends it again by itself."""
    return repeating(client_of(operation), operation, after=after)


FAULTS = [once, three_times, permanently, applied_answer_lost, applied_and_repeated]

# The calls for one alert, in their order.
READ, CLAIM, PUBLISH, RECORD = (
    ("BatchGetItem", 0),
    ("TransactWriteItems", 0),
    ("Publish", 0),
    ("TransactWriteItems", 1),
)
JOIN = [READ, ("GetItem", 0), ("SendMessage", 0), ("PutItem", 0), ("TransactWriteItems", 0)]
RECORD_DIGEST = ("UpdateItem", 1)
DIGEST = [("GetItem", 0), ("UpdateItem", 0), ("Query", 0), READ, PUBLISH, RECORD_DIGEST]


def is_sent_twice(call: Call, fault: Callable[[str, int], Fault]) -> bool:
    """Return whether a message is published again: SNS has no conditional publish."""
    lost = call == PUBLISH and fault in (applied_answer_lost, applied_and_repeated)
    unrecorded = call in (RECORD, RECORD_DIGEST) and fault in (once, three_times, permanently)
    return lost or unrecorded


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", [READ, CLAIM, PUBLISH, RECORD], ids=str)
def test_an_alert_is_sent_when_a_call_fails(
    alerts: Alerts, call: Call, fault: Callable[[str, int], Fault]
) -> None:
    body = body_of(smile(), START)
    with fault(*call):
        handled = alerts.deliver(body)
    assert handled == (fault is not permanently)
    assert alerts.deliver(body), "a repeated message, or one from the dead-letter queue"
    sent = [alert["event_id"] for alert in alerts.published()]
    assert len(set(sent)) == 1
    assert len(sent) == 1 + is_sent_twice(call, fault)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", JOIN, ids=str)
def test_a_smile_is_named_once_when_a_call_fails_while_it_joins_a_digest(
    make_alerts: Callable[..., Alerts], call: Call, fault: Callable[[str, int], Fault]
) -> None:
    alerts = make_alerts(ALERTS_PER_MINUTE="1")
    alerts.handle(smile(device_id="full"))
    body = body_of(smile(), START)
    with watched(clients.sqs(), "SendMessage") as scheduled:
        with fault(*call):
            alerts.deliver(body)
        assert alerts.deliver(body)
    alerts.now += 2 * MINUTE
    assert all(alerts.deliver(one["MessageBody"]) for one in scheduled)
    named = [name for alert in alerts.published() for name in devices_of(alert)]
    assert sorted(named) == ["cam-1", "full"]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", DIGEST, ids=str)
def test_a_digest_is_sent_when_a_call_fails(
    make_alerts: Callable[..., Alerts], call: Call, fault: Callable[[str, int], Fault]
) -> None:
    alerts = make_alerts(ALERTS_PER_MINUTE="1")
    [(body, _)] = alerts.scheduled(lambda: alerts.handle(smile(device_id="full"), smile()))
    assert len(alerts.published()) == 1
    alerts.now += 2 * MINUTE
    with fault(*call):
        handled = alerts.deliver(body)
    assert handled == (fault is not permanently)
    assert alerts.deliver(body), "a repeated message, or one from the dead-letter queue"
    sent = alerts.published()
    assert [devices_of(digest) for digest in sent] == [["cam-1"]] * len(sent)
    assert len(sent) == 1 + is_sent_twice(call, fault)


@pytest.mark.parametrize("call", [CLAIM, RECORD], ids=str)
def test_an_attempt_goes_on_when_its_own_write_was_repeated(
    alerts: Alerts, aws: SimpleNamespace, table: str, call: Call
) -> None:
    with applied_and_repeated(*call):
        assert alerts.handle(smile()) == [Decision.SEND]
    assert len(alerts.published()) == 1
    key = {"pk": {"S": "DEVICE#cam-1"}, "sk": {"S": "ALERT"}}
    item = aws.dynamodb.get_item(TableName=table, Key=key)["Item"]
    assert len(item["sent_at_ms"]["L"]) == 1, "counted once for the hourly limit"
    assert item["version"] == {"N": "2"}, "a claim that has read the first version must fail"


def test_an_attempt_goes_on_when_its_own_claim_of_a_digest_was_repeated(
    make_alerts: Callable[..., Alerts],
) -> None:
    alerts = make_alerts(ALERTS_PER_MINUTE="1")
    [(body, _)] = alerts.scheduled(lambda: alerts.handle(smile(device_id="full"), smile()))
    with applied_and_repeated("UpdateItem", 0):
        assert alerts.service.handle(body, lambda *_: None) == {DIGESTS_SENT: 1}


def test_an_attempt_goes_on_when_its_own_join_was_repeated(
    make_alerts: Callable[..., Alerts],
) -> None:
    alerts = make_alerts(ALERTS_PER_MINUTE="1")
    alerts.handle(smile(device_id="full"))
    with applied_and_repeated(*CLAIM):
        assert alerts.handle(smile()) == [Decision.DIGEST]


def test_an_attempt_fails_when_another_one_is_sending(alerts: Alerts) -> None:
    body = body_of(smile(), START)

    def overtake() -> None:
        with pytest.raises(InFlightError, match="another invocation is sending"):
            alerts.service.handle(body, lambda *_: None)

    with before_first(clients.sns(), "Publish", overtake):
        assert alerts.deliver(body)
    assert len(alerts.published()) == 1


def test_an_attempt_that_takes_too_long_does_not_record_over_another_one(alerts: Alerts) -> None:
    body = body_of(smile(), START)

    def overtake() -> None:
        alerts.now += CLAIM_DURATION
        assert alerts.deliver(body)

    with before_first(clients.sns(), "Publish", overtake):
        assert alerts.deliver(body)
    assert len(alerts.published()) == 2


def test_keys_that_dynamodb_leaves_are_read_again(alerts: Alerts) -> None:
    left = 2

    def leave(parsed: dict[str, Any], **_: Any) -> None:
        nonlocal left
        [(table, items)] = parsed["Responses"].items()
        if left and items:
            left -= 1
            last = items.pop()
            key = {name: last[name] for name in ("pk", "sk")}
            parsed["UnprocessedKeys"] = {table: {"Keys": [key], "ConsistentRead": True}}

    event = smile()
    alerts.handle(event)
    events = clients.dynamodb().meta.events
    events.register("after-call.dynamodb.BatchGetItem", leave)
    try:
        assert alerts.handle(event) == [Decision.ALREADY_HANDLED]
    finally:
        events.unregister("after-call.dynamodb.BatchGetItem", leave)
    assert left == 0


def test_boto3_sends_the_copies_that_these_tests_are_about(alerts: Alerts) -> None:
    requests = 0

    def count(**_: Any) -> None:
        nonlocal requests
        requests += 1

    events = clients.dynamodb().meta.events
    events.register("before-send.dynamodb.TransactWriteItems", count)
    try:
        with applied_and_repeated(*CLAIM):
            alerts.handle(smile())
    finally:
        events.unregister("before-send.dynamodb.TransactWriteItems", count)
    assert requests == 3, "the claim, its copy, and the record"


def devices_of(alert: dict[str, Any]) -> list[str]:
    """Return the devices that an alert or a digest names."""
    if "devices" in alert:
        return [device["device_id"] for device in alert["devices"]]
    return [alert["device_id"]]
