from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta

import pytest

from smile_cloud.alert_settings.model import AlertSettings
from smile_cloud.alert_settings.quiet_hours import QuietHours
from smile_cloud.attributes import from_attributes, to_attributes
from smile_cloud.send_alert.alert_items import device_fields, device_of, marker_fields, marker_of
from smile_cloud.send_alert.alert_policy import Decision, Plan, Stored, decide
from smile_cloud.send_alert.alert_state import (
    CLAIM_DURATION,
    Claim,
    DeviceAlerts,
    DeviceClaim,
    Handled,
    Marker,
)
from smile_cloud.topic_window import TopicWindow
from smile_contract import SmileEvent
from tests.helpers.alerts import MINUTE, SECOND, smile
from tests.helpers.alerts import START as NOW

SETTINGS = AlertSettings()
HOUR = timedelta(hours=1)
COOLDOWN = timedelta(seconds=SETTINGS.cooldown_s)
LIKELY, SURE = smile(NOW), smile(NOW, peak_score=0.9)


def plan_for(
    event: SmileEvent,
    device: DeviceAlerts = DeviceAlerts(),  # noqa: B008 - it is immutable
    *,
    marker: Marker | None = None,
    settings: AlertSettings = SETTINGS,
) -> Plan:
    stored = Stored(marker, device, TopicWindow())
    return decide(settings, stored, event, NOW, token="mine", per_minute=10)


def claimed(level: str, age: timedelta) -> DeviceAlerts:
    """Return a device with an alert of another event in flight."""
    return DeviceAlerts(claims={"other": DeviceClaim(Claim(level, NOW - age))})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"min_peak_score": 0.8}, Decision.SEND),
        ({"min_peak_score": 0.81}, Decision.NOT_YET),
        ({"min_duration_ms": 1000}, Decision.SEND),
        ({"min_duration_ms": 1001}, Decision.NOT_YET),
        ({"suspended_until": NOW}, Decision.SEND),
        ({"suspended_until": NOW + SECOND}, Decision.SUSPENDED),
        ({"quiet_hours": QuietHours(time(17, 33), time(18))}, Decision.QUIET_HOURS),
        ({"quiet_hours": QuietHours(time(17), time(17, 33))}, Decision.SEND),
        ({"max_per_hour": 1}, Decision.SEND),
        ({"max_per_hour": 0}, Decision.HOURLY_LIMIT),
    ],
)
def test_the_settings_decide_when_nothing_was_sent(
    settings: dict[str, object], expected: Decision
) -> None:
    changed = replace(SETTINGS, **settings)  # type: ignore[arg-type]
    assert plan_for(LIKELY, settings=changed).decision is expected


def test_nothing_is_remembered_when_a_smile_is_not_worth_an_alert_yet() -> None:
    strict = replace(SETTINGS, min_peak_score=0.95)
    assert plan_for(SURE, settings=strict) == Plan(Decision.NOT_YET)


@pytest.mark.parametrize(
    ("event", "last_sent", "last_sure", "expected"),
    [
        (LIKELY, COOLDOWN - SECOND, None, Decision.COOLING_DOWN),
        (LIKELY, COOLDOWN, None, Decision.SEND),
        (SURE, SECOND, None, Decision.SEND),
        (SURE, SECOND, COOLDOWN - SECOND, Decision.COOLING_DOWN),
        (SURE, SECOND, COOLDOWN, Decision.SEND),
        (LIKELY, SECOND, SECOND, Decision.COOLING_DOWN),
    ],
)
def test_a_sure_smile_waits_only_for_the_last_sure_alert(
    event: SmileEvent, last_sent: timedelta, last_sure: timedelta | None, expected: Decision
) -> None:
    sure_at = NOW - last_sure if last_sure is not None else None
    device = DeviceAlerts(last_sent_at=NOW - last_sent, last_sure_at=sure_at)
    assert plan_for(event, device).decision is expected


@pytest.mark.parametrize(
    ("event", "level", "age", "expected"),
    [
        (LIKELY, "likely", SECOND, Decision.COOLING_DOWN),
        (LIKELY, "sure", SECOND, Decision.COOLING_DOWN),
        (SURE, "likely", SECOND, Decision.SEND),
        (SURE, "sure", SECOND, Decision.COOLING_DOWN),
        (LIKELY, "sure", CLAIM_DURATION - SECOND, Decision.COOLING_DOWN),
        (LIKELY, "sure", CLAIM_DURATION, Decision.SEND),
    ],
)
def test_an_alert_in_flight_holds_back_others_until_its_claim_expires(
    event: SmileEvent, level: str, age: timedelta, expected: Decision
) -> None:
    device = claimed(level, age)
    assert plan_for(event, device).decision is expected
    eager = replace(SETTINGS, cooldown_s=0)
    assert plan_for(event, device, settings=eager).decision is Decision.SEND


def test_the_hourly_limit_counts_the_last_hour_and_alerts_in_flight() -> None:
    two = replace(SETTINGS, cooldown_s=0, max_per_hour=2)
    an_hour_ago = DeviceAlerts(sent_at=(NOW - HOUR, NOW - MINUTE))
    assert plan_for(LIKELY, an_hour_ago, settings=two).decision is Decision.SEND
    sooner = DeviceAlerts(sent_at=(NOW - HOUR + SECOND, NOW - MINUTE))
    assert plan_for(LIKELY, sooner, settings=two).decision is Decision.HOURLY_LIMIT
    in_flight = replace(claimed("likely", SECOND), sent_at=(NOW - MINUTE,))
    assert plan_for(LIKELY, in_flight, settings=two).decision is Decision.HOURLY_LIMIT


def test_times_older_than_an_hour_are_forgotten_when_an_alert_is_claimed() -> None:
    device = DeviceAlerts(sent_at=(NOW - HOUR - SECOND, NOW - MINUTE * 10))
    claim = plan_for(LIKELY, device, settings=replace(SETTINGS, cooldown_s=0)).device
    assert claim is not None
    assert claim.sent_at == (NOW - MINUTE * 10,)


def test_the_smiles_of_a_lost_alert_are_reported_by_the_next_one() -> None:
    lost = DeviceClaim(Claim("likely", NOW - MINUTE), reported=3, since=NOW - 9 * MINUTE)
    device = DeviceAlerts(
        suppressed=2, suppressed_since=NOW - SECOND, count_number=2, claims={"other": lost}
    )
    plan = plan_for(LIKELY, device)
    assert (plan.suppressed, plan.since) == (5, NOW - 9 * MINUTE)


@pytest.mark.parametrize("handled", [Handled.SENT, Handled.SUPPRESSED, Handled.DIGESTED])
def test_a_handled_smile_that_becomes_sure_is_remembered_when_it_is_held_back(
    handled: Handled,
) -> None:
    device = DeviceAlerts(last_sent_at=NOW, last_sure_at=NOW)
    marker = Marker("theirs", handled, "likely")
    plan = plan_for(SURE, device, marker=marker)
    assert plan == Plan(Decision.ALREADY_HANDLED, marker=Marker("mine", handled, "sure"))


def test_a_likely_message_that_comes_after_the_sure_one_changes_nothing() -> None:
    marker = Marker("theirs", Handled.SENT, "sure")
    assert plan_for(LIKELY, marker=marker) == Plan(Decision.ALREADY_HANDLED)


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (CLAIM_DURATION - SECOND, Decision.IN_FLIGHT),
        (CLAIM_DURATION, Decision.SEND),
    ],
)
def test_another_attempt_takes_over_when_a_claim_has_expired(
    age: timedelta, expected: Decision
) -> None:
    marker = Marker("theirs", claim=Claim("likely", NOW - age))
    assert plan_for(LIKELY, marker=marker).decision is expected


# --- items ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "marker",
    [
        Marker("a", Handled.SUPPRESSED, "likely", 3),
        Marker("a", None, None, 0, Claim("sure", NOW)),
        Marker("a", Handled.SENT, "likely", 0, Claim("sure", NOW)),
    ],
)
def test_a_marker_is_unchanged_when_it_is_stored_and_read(marker: Marker) -> None:
    assert marker_of(from_attributes(to_attributes(marker_fields(marker)))) == marker


@pytest.mark.parametrize(
    "device",
    [
        DeviceAlerts(),
        DeviceAlerts(
            version=9,
            last_sent_at=NOW,
            last_sure_at=NOW - MINUTE,
            sent_at=(NOW - MINUTE, NOW),
            suppressed=2,
            suppressed_since=NOW - SECOND,
            count_number=4,
            claims={
                "x": DeviceClaim(Claim("likely", NOW)),
                "y": DeviceClaim(Claim("sure", NOW), 2, NOW),
            },
        ),
    ],
)
def test_the_alerts_of_a_device_are_unchanged_when_they_are_stored_and_read(
    device: DeviceAlerts,
) -> None:
    assert device_of(from_attributes(to_attributes(device_fields(device)))) == device
