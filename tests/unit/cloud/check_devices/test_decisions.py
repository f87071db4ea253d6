"""What a check makes of old views, of alerts that are not sent yet, and of an outage that ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from smile_cloud.check_devices.changes import Changes, find_changes
from smile_cloud.check_devices.policy import make_plan
from smile_cloud.check_devices.state import DeviceView, Down, Outage, Report, Rules

NOW = datetime(2026, 11, 22, 17, 33, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RULES = Rules(
    grace={"offline": 5 * MINUTE, "blind": 5 * MINUTE},
    outage_devices=3,
    outage_percent=50,
    per_minute=10,
)
OFFLINE = Report(device_id="cam-1", down=Down("offline", NOW - 10 * MINUTE))
OUTAGE = Outage(
    outage_id="a",
    since=NOW - 10 * MINUTE,
    until=NOW - 5 * MINUTE,
    cameras=4,
    fleet=4,
    still_down=4,
)


def changes(view: DeviceView, report: Report) -> Changes:
    return find_changes([view], {"cam-1": report}, NOW, RULES)


@pytest.mark.parametrize(("minutes", "is_back"), [(11, False), (10, False), (9, True)])
def test_only_a_heartbeat_after_the_trouble_ends_it(minutes: int, *, is_back: bool) -> None:
    view = DeviceView(device_id="cam-1", seen_at=NOW - minutes * MINUTE)
    assert bool(changes(view, OFFLINE).returns) == is_back


@pytest.mark.parametrize(("minutes", "is_new"), [(11, False), (10, False), (9, True)])
def test_an_offline_device_is_blind_only_when_it_was_heard_since(
    minutes: int, *, is_new: bool
) -> None:
    seen_at = NOW - minutes * MINUTE
    down = Down("blind", NOW - 30 * MINUTE)
    view = DeviceView(device_id="cam-1", seen_at=seen_at, down=down, camera="covered")
    assert bool(changes(view, OFFLINE).stops) == is_new


def test_nothing_else_is_reported_about_a_device_while_its_alert_is_pending() -> None:
    pending = Report(device_id="cam-1", down=OFFLINE.down, pending="device_offline")
    view = DeviceView(device_id="cam-1", seen_at=NOW)
    assert changes(view, pending) == Changes()


def test_an_outage_does_not_end_while_its_first_message_is_pending() -> None:
    pending = Outage(
        outage_id="a",
        since=OUTAGE.since,
        until=OUTAGE.until,
        cameras=4,
        fleet=4,
        still_down=4,
        pending="fleet_outage",
    )
    assert make_plan(Changes(), {}, [pending], now=NOW, rules=RULES).outages == []


def test_an_outage_ends_when_half_of_its_devices_have_been_back_for_the_grace_time() -> None:
    down = Report(device_id="cam-1", down=OFFLINE.down, outage_id="a")
    [waiting] = make_plan(Changes(), {"cam-1": down}, [OUTAGE], now=NOW, rules=RULES).outages
    assert (waiting.pending, waiting.half_back_since) == (None, NOW)
    later = NOW + 5 * MINUTE
    [over] = make_plan(Changes(), {"cam-1": down}, [waiting], now=later, rules=RULES).outages
    assert (over.pending, over.still_down, over.named) == ("fleet_recovered", 1, ("cam-1",))
