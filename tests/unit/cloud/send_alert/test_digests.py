from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from smile_cloud import clients
from smile_cloud.send_alert.alert_policy import Decision
from smile_cloud.send_alert.alert_state import CLAIM_DURATION
from smile_cloud.send_alert.digest_queue import DELAY
from smile_cloud.send_alert.errors import InFlightError
from tests.helpers.alerts import MINUTE, SECOND, START, Alerts, end_of, smile
from tests.helpers.aws_calls import before_first, failing, watched
from tests.helpers.functions import ENVIRONMENT
from tests.helpers.rule_events import body_of

MakeAlerts = Callable[..., Alerts]
DIGEST = '{"digest": "2026-11-22T17:33"}'


@pytest.fixture
def alerts(make_alerts: MakeAlerts) -> Alerts:
    """The service with room for two alerts a minute."""
    return make_alerts(ALERTS_PER_MINUTE="2")


def fill(alerts: Alerts) -> None:
    """Send as many alerts as the topic takes in a minute."""
    for camera in ("full-1", "full-2"):
        assert alerts.handle(smile(alerts.now, device_id=camera)) == [Decision.SEND]
    assert len(alerts.published()) == 2


def send(alerts: Alerts, body: str = DIGEST) -> list[dict[str, Any]]:
    """Return what the topic gets when the message of a digest arrives."""
    alerts.now += MINUTE + DELAY
    assert alerts.deliver(body)
    return alerts.published()


def test_sixty_cameras_send_at_most_twelve_messages_that_name_each_smile(
    make_alerts: MakeAlerts,
) -> None:
    alerts = make_alerts()
    alerts.sleeps = True
    events = [smile(START, device_id=f"cam-{number}") for number in range(60)]
    bodies = [body_of(event, START, event.device_id) for event in events]
    with watched(clients.sqs(), "SendMessage") as calls, ThreadPoolExecutor(5) as pool:
        assert all(pool.map(alerts.deliver, bodies))
    alerts.now += MINUTE + DELAY
    assert all(alerts.deliver(call["MessageBody"]) for call in calls)
    sent = alerts.published()
    assert len(sent) <= 12
    alone = [one["device_id"] for one in sent if one["kind"] == "smile"]
    assert len(alone) == alerts.settings.per_minute
    [digest] = [one for one in sent if one["kind"] == "digest"]
    listed = [device["device_id"] for device in digest["devices"]]
    assert sorted(alone + listed) == sorted(event.device_id for event in events)
    assert (digest["smiles"], digest["cameras"]) == (50, 50)


def test_the_digest_comes_back_when_its_minute_is_over(alerts: Alerts) -> None:
    fill(alerts)
    alerts.now += 12 * SECOND
    [(body, delay_s)] = alerts.scheduled(lambda: alerts.handle(smile(alerts.now), smile()))
    assert (body, delay_s) == (DIGEST, 48 + 35)
    assert alerts.scheduled(lambda: alerts.handle(smile(device_id="cam-3"))) == []


def test_a_digest_is_never_open_without_a_message_that_sends_it(alerts: Alerts) -> None:
    fill(alerts)
    with (
        watched(clients.dynamodb(), "PutItem") as heads,
        failing(clients.sqs(), "SendMessage"),
        pytest.raises(EndpointConnectionError),
    ):
        alerts.handle(smile())
    assert heads == []


def test_a_digest_waits_longer_than_an_invocation_lasts(template: dict[str, Any]) -> None:
    function = template["Resources"]["SendAlertFunction"]["Properties"]
    queue = template["Resources"]["AlertsQueue"]["Properties"]
    assert DELAY.total_seconds() > function["Timeout"]
    assert function["Timeout"] < CLAIM_DURATION.total_seconds() < queue["VisibilityTimeout"]


def test_a_digest_names_each_camera_with_its_smiles_and_best_score(
    alerts: Alerts, aws: SimpleNamespace, table: str
) -> None:
    name = {
        "pk": {"S": "DEVICE#cam-2"},
        "sk": {"S": "ALERT_SETTINGS"},
        "display_name": {"S": "Hall"},
    }
    aws.dynamodb.put_item(TableName=table, Item=name)
    fill(alerts)
    first = smile(START - 5 * SECOND)
    second, third = smile(peak_score=0.95), smile(device_id="cam-2")
    assert alerts.handle(first, second, third) == [Decision.DIGEST] * 3
    [digest] = send(alerts)
    assert digest["kind"] == "digest"
    assert digest["since"] == "2026-11-22T17:32:55.000Z"
    assert [
        (one["device_id"], one["display_name"], one["smiles"], one["peak_score"])
        for one in digest["devices"]
    ] == [("cam-1", None, 2, 0.95), ("cam-2", "Hall", 1, 0.8)]
    day = "from=2026-11-22&to=2026-11-22"
    assert digest["link"] == f"{ENVIRONMENT['API_URL']}/#/history?{day}"


def test_subscribers_can_filter_digests_by_their_best_score(alerts: Alerts) -> None:
    fill(alerts)
    alerts.handle(smile(), smile(peak_score=0.99))
    with watched(clients.sns(), "Publish") as calls:
        send(alerts)
    [call] = calls
    assert call["MessageAttributes"]["smile_score"]["StringValue"] == "0.9900"
    assert json.loads(call["MessageAttributes"]["device_id"]["StringValue"]) == ["cam-1"]


def test_a_repeated_digest_message_sends_nothing(alerts: Alerts) -> None:
    fill(alerts)
    alerts.handle(smile())
    assert len(send(alerts)) == 1
    assert send(alerts) == []


@pytest.mark.parametrize("age", [timedelta(days=1, seconds=1), None])
def test_an_expired_or_unknown_digest_sends_nothing(alerts: Alerts, age: timedelta | None) -> None:
    fill(alerts)
    if age is not None:
        alerts.handle(smile())
        alerts.now += age
    assert send(alerts) == []


def test_a_smile_goes_to_the_next_digest_when_this_one_is_closed(alerts: Alerts) -> None:
    fill(alerts)
    first, second = smile(), smile(device_id="cam-2")
    alerts.handle(first)
    assert alerts.deliver(DIGEST)
    [(body, delay_s)] = alerts.scheduled(lambda: alerts.handle(second))
    assert (body, delay_s) == ('{"digest": "2026-11-22T17:34"}', 120 + 35)
    both = alerts.published() + send(alerts, body)
    assert [one["devices"][0]["device_id"] for one in both] == ["cam-1", "cam-2"]


def test_no_smile_is_lost_when_a_digest_is_closed_while_it_joins(alerts: Alerts) -> None:
    fill(alerts)
    alerts.handle(smile())
    late = smile(device_id="cam-2")
    with before_first(clients.dynamodb(), "TransactWriteItems", lambda: alerts.deliver(DIGEST)):
        [(body, _)] = alerts.scheduled(lambda: alerts.handle(late))
    both = alerts.published() + send(alerts, body)
    assert [one["devices"][0]["device_id"] for one in both] == ["cam-1", "cam-2"]


def test_a_second_attempt_waits_when_the_first_is_sending_the_digest(alerts: Alerts) -> None:
    fill(alerts)
    alerts.handle(smile())

    def overtake() -> None:
        with pytest.raises(InFlightError, match="digest 2026-11-22T17:33"):
            alerts.service.handle(DIGEST, lambda *_: None)

    with before_first(clients.sns(), "Publish", overtake):
        assert len(send(alerts)) == 1


def test_two_attempts_send_a_digest_once_when_both_read_it_open(alerts: Alerts) -> None:
    fill(alerts)
    alerts.handle(smile())
    with (
        before_first(clients.dynamodb(), "UpdateItem", lambda: alerts.deliver(DIGEST)),
        pytest.raises(InFlightError),
    ):
        alerts.service.handle(DIGEST, lambda *_: None)
    assert len(send(alerts)) == 1


# --- smiles that become sure ---------------------------------------------------------------------


def test_a_sure_smile_raises_the_score_when_it_stands_in_the_same_digest(alerts: Alerts) -> None:
    fill(alerts)
    started = smile()
    assert alerts.handle(started, end_of(started, 0.99)) == [Decision.DIGEST] * 2
    [digest] = send(alerts)
    assert (digest["kind"], digest["smiles"], digest["peak_score"]) == ("digest", 1, 0.99)


def test_a_sure_smile_is_an_update_when_an_alert_has_named_it(alerts: Alerts) -> None:
    first, second = smile(device_id="full-1"), smile(device_id="full-2")
    alerts.handle(first, second)
    alerts.published()
    alerts.handle(smile())
    assert alerts.handle(end_of(first)) == [Decision.DIGEST]
    digest, update = sorted(send(alerts), key=lambda one: str(one["kind"]))
    assert [one["kind"] for one in (digest, update)] == ["digest", "digest_update"]
    assert [one["device_id"] for one in update["devices"]] == ["full-1"]
    assert [one["device_id"] for one in digest["devices"]] == ["cam-1"]


def test_a_smile_is_no_longer_counted_as_suppressed_when_a_digest_names_it(
    make_alerts: MakeAlerts,
) -> None:
    alerts = make_alerts(ALERTS_PER_MINUTE="1")
    other = smile()
    expected = [Decision.SEND, Decision.COOLING_DOWN, Decision.DIGEST]
    assert alerts.handle(smile(), other, end_of(other)) == expected
    alerts.now += 5 * MINUTE
    alerts.handle(smile(alerts.now))
    assert [one["suppressed"] for one in alerts.published()] == [0, 0]
