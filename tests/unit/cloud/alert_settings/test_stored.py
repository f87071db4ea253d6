from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

import pytest

from smile_cloud.alert_settings.defaults import default_settings
from smile_cloud.alert_settings.model import AlertSettings
from smile_cloud.alert_settings.quiet_hours import QuietHours
from smile_cloud.alert_settings.stored import NOTHING_STORED, merge, origins, parse_stored
from tests.helpers.functions import ENVIRONMENT

DEFAULTS = AlertSettings(cooldown_s=60, time_zone="Asia/Tokyo")
EARLY, LATE = "2026-11-22T12:00:00.000Z", "2026-11-23T12:00:00.000Z"


def test_the_defaults_hold_when_nothing_is_stored() -> None:
    assert parse_stored(None) == NOTHING_STORED
    assert merge(DEFAULTS, NOTHING_STORED) == DEFAULTS


def test_the_device_goes_before_the_fleet_and_the_fleet_before_the_defaults() -> None:
    fleet = parse_stored({"cooldown_s": 10, "min_peak_score": 0.5, "time_zone": "Europe/Rome"})
    device = parse_stored({"cooldown_s": 0, "display_name": "Door", "pk": "DEVICE#cam-1"})
    assert merge(DEFAULTS, fleet, device) == AlertSettings(
        cooldown_s=0, min_peak_score=0.5, time_zone="Europe/Rome", display_name="Door"
    )
    found = origins(fleet, device)
    assert (found["cooldown_s"], found["time_zone"]) == ("device", "fleet")
    assert found["sure_score"] == "default"


@pytest.mark.parametrize(
    ("fleet", "device", "until", "origin"),
    [
        ({}, {}, None, "default"),
        ({"suspended_until": LATE}, {}, LATE, "fleet"),
        ({}, {"suspended_until": EARLY}, EARLY, "device"),
        ({"suspended_until": LATE}, {"suspended_until": EARLY}, LATE, "fleet"),
        ({"suspended_until": EARLY}, {"suspended_until": LATE}, LATE, "device"),
        ({"suspended_until": EARLY}, {"suspended_until": None}, EARLY, "fleet"),
        ({"suspended_until": None}, {"suspended_until": None}, None, "device"),
    ],
)
def test_the_later_suspension_holds(
    fleet: dict[str, Any], device: dict[str, Any], until: str | None, origin: str
) -> None:
    levels = parse_stored(fleet), parse_stored(device)
    expected = None if until is None else datetime.fromisoformat(until)
    assert merge(DEFAULTS, *levels).suspended_until == expected
    assert origins(*levels)["suspended_until"] == origin


def test_null_turns_quiet_hours_of_the_fleet_off() -> None:
    fleet = parse_stored({"quiet_hours": {"start": "22:00", "end": "07:00"}})
    assert merge(DEFAULTS, fleet).quiet_hours == QuietHours(time(22), time(7))
    assert merge(DEFAULTS, fleet, parse_stored({"quiet_hours": None})).quiet_hours is None


def test_an_alert_is_still_possible_when_a_stored_value_cannot_be_used() -> None:
    stored = parse_stored({"time_zone": "Europe/Atlantis", "cooldown_s": 5, "sure_score": "high"})
    assert dict(stored.values) == {"cooldown_s": 5}
    assert merge(DEFAULTS, stored).time_zone == "Asia/Tokyo"


def test_the_stored_times_are_read() -> None:
    stored = parse_stored({"updated_at": EARLY, "paused_by_link": LATE})
    assert stored.updated_at == datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert stored.paused_by_link == datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_the_parameters_are_the_defaults() -> None:
    variables = {
        "ALERT_COOLDOWN_SECONDS": "0",
        "ALERTS_PER_HOUR": "1000",
        "ALERT_TIME_ZONE": "Europe/Berlin",
    }
    assert default_settings(variables) == AlertSettings(
        cooldown_s=0, max_per_hour=1000, time_zone="Europe/Berlin"
    )


def test_alerts_go_on_in_utc_when_the_zone_of_the_template_is_unknown(
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings = default_settings(ENVIRONMENT | {"ALERT_TIME_ZONE": "Europe/Atlantis"})
    assert settings.time_zone == "UTC"
    assert "ALERT_TIME_ZONE: expected an IANA time zone" in caplog.text
