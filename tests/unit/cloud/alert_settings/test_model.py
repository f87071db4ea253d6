from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, time, timedelta

import pytest

from smile_cloud.alert_settings.model import AlertSettings
from smile_cloud.alert_settings.quiet_hours import QuietHours

NIGHT = QuietHours(time(22), time(7))
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "quiet", "loud"),
    [
        (NIGHT, ["22:00", "23:59", "00:00", "06:59"], ["07:00", "12:00", "21:59"]),
        (QuietHours(time(12), time(13, 30)), ["12:00", "13:29"], ["11:59", "13:30", "00:00"]),
    ],
)
def test_quiet_hours_start_on_time_and_end_before_their_end(
    hours: QuietHours, quiet: list[str], loud: list[str]
) -> None:
    for text in quiet:
        assert hours.contain(time.fromisoformat(text)), text
    for text in loud:
        assert not hours.contain(time.fromisoformat(text)), text


@pytest.mark.parametrize(
    ("zone", "at", "quiet"),
    [
        ("UTC", "2026-07-01T21:30:00+00:00", False),
        ("Europe/Berlin", "2026-07-01T21:30:00+00:00", True),
        ("Europe/Berlin", "2026-07-01T19:59:00+00:00", False),
        ("Europe/Berlin", "2026-01-01T20:59:00+00:00", False),  # winter: one hour less
        ("Europe/Berlin", "2026-01-01T21:00:00+00:00", True),
        ("America/New_York", "2026-07-01T11:00:00+00:00", False),
        ("America/New_York", "2026-07-01T10:59:00+00:00", True),
    ],
)
def test_quiet_hours_follow_the_local_clock(zone: str, at: str, quiet: bool) -> None:
    settings = AlertSettings(quiet_hours=NIGHT, time_zone=zone)
    assert settings.is_quiet(datetime.fromisoformat(at)) is quiet


@pytest.mark.parametrize(
    ("hours", "day", "quiet_hours"),
    [
        # Clocks go from 02:00 to 03:00: nothing of this night is left.
        (QuietHours(time(2), time(3)), datetime(2026, 3, 29, tzinfo=UTC), 0),
        # Clocks go back from 03:00 to 02:00: the hour is quiet twice.
        (QuietHours(time(2), time(3)), datetime(2026, 10, 25, tzinfo=UTC), 2),
        (QuietHours(time(2), time(3)), datetime(2026, 7, 1, tzinfo=UTC), 1),
    ],
)
def test_quiet_hours_are_those_of_the_wall_clock_when_clocks_change(
    hours: QuietHours, day: datetime, quiet_hours: int
) -> None:
    settings = AlertSettings(quiet_hours=hours, time_zone="Europe/Berlin")
    minutes = [day + timedelta(minutes=minute) for minute in range(24 * 60)]
    assert sum(map(settings.is_quiet, minutes)) == quiet_hours * 60


def test_nothing_is_quiet_when_there_are_no_quiet_hours() -> None:
    assert not AlertSettings().is_quiet(NOON)


def test_alerts_are_suspended_until_just_before_the_time() -> None:
    settings = AlertSettings(suspended_until=NOON)
    assert settings.is_suspended(NOON - timedelta(milliseconds=1))
    assert not settings.is_suspended(NOON)
    assert not AlertSettings().is_suspended(NOON)


def test_a_smile_is_sure_from_the_sure_score() -> None:
    assert AlertSettings().level(0.9) == "sure"
    assert AlertSettings().level(0.8999) == "likely"
    assert AlertSettings(sure_score=0.5).level(0.5) == "sure"


def test_a_time_zone_is_known_when_the_system_has_no_time_zone_database() -> None:
    code = (
        "from datetime import datetime, UTC;"
        "from smile_cloud.alert_settings.model import AlertSettings;"
        "settings = AlertSettings(time_zone='Europe/Berlin');"
        "print(settings.local(datetime(2026, 7, 1, 12, tzinfo=UTC)).hour)"
    )
    environment = os.environ | {"PYTHONTZPATH": ""}
    output = subprocess.check_output([sys.executable, "-c", code], env=environment, text=True)
    assert output == "14\n"
