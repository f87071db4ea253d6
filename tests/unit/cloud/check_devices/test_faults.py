"""Each call to AWS fails or loses its answer: no alert is lost, and only some are sent twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from smile_cloud import clients
from smile_cloud.errors import SmileCloudError
from tests.helpers.aws_calls import failing, losing_answer, repeating
from tests.helpers.device_checks import MINUTE, SECOND, Checks

Fault = AbstractContextManager[Any]
Call = tuple[str, int]


def client_of(operation: str) -> Any:
    return clients.sns() if operation == "Publish" else clients.dynamodb()


def once(operation: str, after: int) -> Fault:
    return failing(client_of(operation), operation, after=after, times=1)


def permanently(operation: str, after: int) -> Fault:
    return failing(client_of(operation), operation, after=after)


def applied_answer_lost(operation: str, after: int) -> Fault:
    return losing_answer(client_of(operation), operation, after=after)


def applied_and_repeated(operation: str, after: int) -> Fault:
    """The call is applied, and boto3 sends it again by itself."""
    return repeating(client_of(operation), operation, after=after)


FAULTS = [once, permanently, applied_answer_lost, applied_and_repeated]
PUBLISH, CLAIM, RECORD = ("Publish", 0), ("TransactWriteItems", 0), ("TransactWriteItems", 1)
# A check that sends an alert makes these calls.
ALONE: list[Call] = [
    ("PutItem", 0),  # the lease
    ("Query", 0),  # the reports
    ("Query", 1),  # the devices
    ("BatchGetItem", 0),
    ("GetItem", 0),  # the window of the topic
    ("PutItem", 1),
    CLAIM,
    PUBLISH,
    RECORD,
    ("DeleteItem", 0),  # the lease
]


def check_again(checks: Checks) -> None:
    """Run a check as its schedule does: nobody repeats one that fails."""
    with suppress(SmileCloudError, ClientError, BotoCoreError):
        checks.check(MINUTE)


def sent_twice(call: Call, fault: Callable[[str, int], Fault]) -> bool:
    """Return whether a message is published again: SNS has no conditional publish."""
    lost = call == PUBLISH and fault in (applied_answer_lost, applied_and_repeated)
    unrecorded = call == RECORD and fault in (once, permanently)
    return lost or unrecorded


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", ALONE, ids=str)
def test_an_alert_is_sent_when_a_call_fails(
    checks: Checks, call: Call, fault: Callable[[str, int], Fault]
) -> None:
    checks.says(interval_s=60)
    checks.check_for(4 * MINUTE)
    with fault(*call):
        check_again(checks)
        check_again(checks)
    for _ in range(5):
        check_again(checks)
    sent = checks.published()
    assert {alert["kind"] for alert in sent} == {"device_offline"}
    assert len(sent) in ((2, 3) if sent_twice(call, fault) else (1,))


OUTAGE: list[Call] = [CLAIM, PUBLISH, RECORD, ("BatchWriteItem", 0)]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", OUTAGE, ids=str)
def test_an_outage_and_its_end_are_sent_when_a_call_fails(
    checks: Checks, call: Call, fault: Callable[[str, int], Fault]
) -> None:
    devices = [f"cam-{number}" for number in range(6)]
    for device in devices:
        checks.says(device, interval_s=60)
    checks.check_for(4 * MINUTE)
    with fault(*call):
        check_again(checks)
        check_again(checks)
    for _ in range(5):
        check_again(checks)
    sent = checks.published()
    assert {alert["kind"] for alert in sent} == {"fleet_outage"}
    assert len(sent) in ((2, 3) if sent_twice(call, fault) else (1,))
    with fault(*call):
        checks.now += MINUTE
        for device in devices:
            checks.says(device)
        check_again(checks)
    for _ in range(3):
        checks.now += MINUTE
        for device in devices:
            checks.says(device)
        check_again(checks)
    assert {alert["kind"] for alert in checks.published()} == {"fleet_recovered"}


def test_a_failed_alert_does_not_hold_up_the_others(checks: Checks) -> None:
    for device in ("cam-1", "cam-2"):
        checks.says(device)
    checks.now += 10 * MINUTE
    with failing(clients.sns(), "Publish", times=1):
        result = checks.check()
    assert (result.sent, len(result.failures)) == (1, 1)
    assert checks.check(MINUTE).sent == 1
    assert checks.kinds() == [("device_offline", "cam-1"), ("device_offline", "cam-2")]


def test_a_pending_alert_is_sent_before_the_next_one_of_the_camera(checks: Checks) -> None:
    checks.says()
    checks.now += 10 * MINUTE
    with failing(clients.sns(), "Publish"):
        checks.check()
    checks.says()
    checks.check(SECOND)
    checks.says()
    checks.check(SECOND)
    assert checks.kinds() == [("device_offline", "cam-1"), ("device_recovered", "cam-1")]


def test_many_reports_are_written_again_when_dynamodb_leaves_some(checks: Checks) -> None:
    devices = [f"cam-{number:02}" for number in range(30)]
    for device in devices:
        checks.says(device)
    checks.now += 10 * MINUTE
    checks.check()
    with leaving_writes(2) as left:
        checks.check(MINUTE)
    assert len(left) == 2
    for device in devices:
        checks.says(device)
    checks.check(MINUTE)
    assert checks.kinds() == [("fleet_outage", "30"), ("fleet_recovered", "30")]


@contextmanager
def leaving_writes(times: int) -> Iterator[list[Any]]:
    """Let DynamoDB leave the last request of some calls of BatchWriteItem unprocessed."""
    left: list[Any] = []
    events = clients.dynamodb().meta.events

    def take_out(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        [(table, requests)] = params["RequestItems"].items()
        if len(left) < times and len(requests) > 1:
            params["RequestItems"] = {table: requests[:-1]}
            context["left"] = {table: requests[-1:]}
            left.append(requests[-1])

    def answer(parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        parsed["UnprocessedItems"] = context.get("left", {})

    events.register("provide-client-params.dynamodb.BatchWriteItem", take_out)
    events.register("after-call.dynamodb.BatchWriteItem", answer)
    try:
        yield left
    finally:
        events.unregister("provide-client-params.dynamodb.BatchWriteItem", take_out)
        events.unregister("after-call.dynamodb.BatchWriteItem", answer)
