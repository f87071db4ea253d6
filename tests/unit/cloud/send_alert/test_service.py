from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

from smile_cloud import clients
from smile_cloud.attributes import to_attributes
from smile_cloud.send_alert.alert_policy import Decision
from smile_contract import SmileEvent
from tests.helpers.alerts import MINUTE, SECOND, START, Alerts, end_of, smile
from tests.helpers.aws_calls import watched
from tests.helpers.rule_events import body_of

MakeAlerts = Callable[..., Alerts]


@pytest.fixture
def store(aws: SimpleNamespace, table: str) -> Callable[..., None]:
    """Return a function that stores alert settings."""

    def put(pk: str, sk: str, **settings: Any) -> None:
        item = to_attributes({"pk": pk, "sk": sk} | settings)
        aws.dynamodb.put_item(TableName=table, Item=item)

    return put


def test_one_alert_is_sent_when_a_smile_starts_ends_and_repeats(alerts: Alerts) -> None:
    started = smile()
    again = Decision.ALREADY_HANDLED
    decisions = alerts.handle(started, end_of(started, 0.85), started)
    assert decisions == [Decision.SEND, again, again]
    [alert] = alerts.published()
    assert (alert["kind"], alert["event_id"]) == ("smile", started.event_id)
    api = alerts.settings.api_url
    assert alert["link"] == f"{api}/#/devices/cam-1/events/{started.event_id}"
    assert alert["pause_link"].startswith(f"{api}/alerts/")


def test_an_alert_leads_to_its_page_without_a_dashboard(make_alerts: MakeAlerts) -> None:
    alerts = make_alerts(DASHBOARD="off")
    alerts.handle(smile())
    [alert] = alerts.published()
    assert alert["link"] == alert["pause_link"]
    assert alert["link"].startswith(f"{alerts.settings.api_url}/alerts/")


def test_a_smile_alerts_when_it_becomes_worth_an_alert_at_its_end(
    alerts: Alerts, store: Callable[..., None]
) -> None:
    store("ALERTS", "SETTINGS", min_peak_score=0.9, min_duration_ms=500)
    started = smile(peak_score=0.7, duration_ms=0)
    assert alerts.handle(started, end_of(started, 0.99)) == [Decision.NOT_YET, Decision.SEND]
    [alert] = alerts.published()
    assert (alert["kind"], alert["phase"], alert["peak_score"]) == ("smile", "ended", 0.99)


def test_an_update_is_sent_when_a_smile_becomes_sure_after_its_alert(alerts: Alerts) -> None:
    started = smile()
    assert alerts.handle(started, end_of(started)) == [Decision.SEND, Decision.SEND]
    assert [(one["kind"], one["level"]) for one in alerts.published()] == [
        ("smile", "likely"),
        ("smile_update", "sure"),
    ]
    assert alerts.handle(end_of(started)) == [Decision.ALREADY_HANDLED]


def test_a_second_sure_smile_waits_for_the_cooldown(alerts: Alerts) -> None:
    sure = [smile(peak_score=0.95), smile(peak_score=0.95)]
    assert alerts.handle(*sure) == [Decision.SEND, Decision.COOLING_DOWN]


def test_the_next_alert_counts_the_suppressed_smiles_when_the_cooldown_is_over(
    alerts: Alerts,
) -> None:
    for minutes in (0, 1, 2, 2, 5):
        alerts.now = START + minutes * MINUTE
        alerts.handle(smile(alerts.now))
    first, second = alerts.published()
    assert first["suppressed"] == 0
    assert second["suppressed"] == 3
    assert second["suppressed_since"] == "2026-11-22T17:34:00.000Z"


def test_a_suppressed_smile_is_not_counted_when_it_is_sent_as_a_sure_one(alerts: Alerts) -> None:
    other = smile()
    alerts.handle(smile(), other, end_of(other))
    alerts.now += 5 * MINUTE
    alerts.handle(smile(alerts.now))
    kinds = [(one["kind"], one["suppressed"]) for one in alerts.published()]
    assert kinds == [("smile", 0), ("smile", 0), ("smile", 0)]


def test_a_reported_smile_stays_reported_when_it_becomes_sure(alerts: Alerts) -> None:
    suppressed = smile(START + MINUTE)
    for at, event in [
        (START, smile()),
        (START + MINUTE, suppressed),
        (START + 5 * MINUTE, smile(START + 5 * MINUTE)),
        (START + 6 * MINUTE, smile(START + 6 * MINUTE)),
        (START + 7 * MINUTE, end_of(suppressed)),
    ]:
        alerts.now = at
        alerts.handle(event)
    assert [one["suppressed"] for one in alerts.published()] == [0, 1, 1]


def test_settings_of_the_device_come_before_those_of_the_fleet(
    alerts: Alerts, store: Callable[..., None]
) -> None:
    store("ALERTS", "SETTINGS", suspended_until="2026-11-22T18:00:00.000Z")
    store("DEVICE#cam-2", "ALERT_SETTINGS", cooldown_s=0)
    assert alerts.handle(smile()) == [Decision.SUSPENDED]
    store("ALERTS", "SETTINGS", cooldown_s=60)
    alerts.now += 2 * SECOND
    first, second = smile(device_id="cam-2"), smile(device_id="cam-2")
    assert alerts.handle(first, second) == [Decision.SEND, Decision.SEND]
    assert alerts.handle(smile(), smile()) == [Decision.SEND, Decision.COOLING_DOWN]


def test_ten_simultaneous_smiles_are_sent_when_there_is_no_cooldown(
    make_alerts: MakeAlerts,
) -> None:
    alerts = make_alerts(ALERT_COOLDOWN_SECONDS="0")
    alerts.sleeps = True
    events = [smile() for _ in range(10)]
    with ThreadPoolExecutor(5) as pool:
        decisions = list(pool.map(alerts.handle, events))
    assert decisions == [[Decision.SEND]] * 10
    sent = [alert["event_id"] for alert in alerts.published()]
    assert sorted(sent) == sorted(event.event_id for event in events)


def test_one_alert_is_sent_when_many_functions_run_at_once(alerts: Alerts) -> None:
    alerts.sleeps = True
    events = [smile() for _ in range(4)]
    bodies = [body_of(event, START) for event in events] * 2
    with ThreadPoolExecutor(5) as pool:
        assert all(pool.map(alerts.deliver, bodies))
    assert len(alerts.published()) == 1
    alerts.now += 5 * MINUTE
    alerts.handle(smile(alerts.now))
    [alert] = alerts.published()
    assert alert["suppressed"] == 3


# --- old and bad messages ------------------------------------------------------------------------

OLD_SMILE = smile(START - 11 * MINUTE)
LONG_SMILE = smile(START - 11 * MINUTE, "ended", duration_ms=120_000)


@pytest.mark.parametrize(
    ("event", "received_at", "expected"),
    [
        (OLD_SMILE, START, Decision.TOO_OLD),
        (LONG_SMILE, START, Decision.SEND),
        (smile(START - 7 * MINUTE), START - 10 * MINUTE - SECOND, Decision.TOO_OLD),
        (smile(START - 7 * MINUTE), START - 10 * MINUTE, Decision.SEND),
    ],
    ids=["old smile", "recent end", "arrived too long ago", "arrived just in time"],
)
def test_only_recent_smiles_get_an_alert(
    alerts: Alerts, event: SmileEvent, received_at: Any, expected: Decision
) -> None:
    with watched(clients.dynamodb(), "BatchGetItem") as reads:
        counts = alerts.service.handle(body_of(event, received_at), lambda *_: None)
    assert (counts[Decision.SEND], len(reads)) == ((1, 1) if expected is Decision.SEND else (0, 0))


def test_an_event_that_no_clock_can_explain_gets_no_alert(alerts: Alerts) -> None:
    body = body_of(smile(START + 4 * MINUTE), START)
    assert alerts.service.handle(body, lambda *_: None) == {Decision.SEND: 1}
    alerts.now -= 2 * MINUTE  # this environment's clock: the smile is 6 minutes ahead of it
    body = body_of(smile(START + 4 * MINUTE), START)
    assert alerts.service.handle(body, lambda *_: None) == {Decision.TOO_OLD: 1}


@pytest.mark.parametrize("body", ["{}", "no JSON", body_of({"hello": "world"}), '{"digest": 1}'])
def test_a_message_without_events_is_ignored(alerts: Alerts, body: str) -> None:
    assert alerts.service.handle(body, lambda *_: None) == {}
    assert alerts.published() == []


def test_a_marker_lives_until_no_message_of_its_smile_can_alert(
    alerts: Alerts, aws: SimpleNamespace, table: str
) -> None:
    event = smile()
    alerts.handle(event)
    key = {"pk": {"S": "DEVICE#cam-1"}, "sk": {"S": f"ALERT#{event.event_id}"}}
    item = aws.dynamodb.get_item(TableName=table, Key=key)["Item"]
    longest = alerts.settings.clock_limits.longest_smile
    latest_alert = event.started_at + longest + alerts.settings.max_age
    assert int(item["expires_at"]["N"]) >= latest_alert.timestamp()


def test_the_state_of_an_earlier_version_is_understood(
    alerts: Alerts, store: Callable[..., None]
) -> None:
    store(
        "DEVICE#cam-1",
        "ALERT",
        version=7,
        suppressed=2,
        seen_ids=[],
        last_sent_at="2026-11-22T17:20:00.000Z",
    )
    assert alerts.handle(smile()) == [Decision.SEND]
    [alert] = alerts.published()
    assert alert["suppressed"] == 2
