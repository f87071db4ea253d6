"""Cameras that stop and come back are reported once each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest

from smile_cloud import clients
from smile_cloud.check_devices.report_store import LEASE
from smile_cloud.keys import DEVICE_SK, LISTED_SK, device_pk
from tests.helpers.aws_calls import before_first
from tests.helpers.device_checks import GRACE, MINUTE, SECOND, Checks
from tests.helpers.functions import ENVIRONMENT

LONG = timedelta(minutes=16)


def test_a_camera_is_reported_once_when_it_is_offline_and_once_when_it_is_back(
    checks: Checks,
) -> None:
    checks.says()
    checks.now += SECOND
    checks.leaves()
    lost_at = checks.now
    checks.check(GRACE - SECOND)
    assert checks.published() == []
    checks.check(SECOND)
    [alert] = checks.published()
    assert (alert["kind"], alert["trouble"]) == ("device_offline", "offline")
    assert alert["since"].startswith(f"{lost_at:%Y-%m-%dT%H:%M:%S}")
    assert alert["link"] == f"{ENVIRONMENT['API_URL']}/#/devices/cam-1"
    checks.check_for(LONG)
    assert checks.published() == []
    checks.says()
    checks.check_for(10 * MINUTE, "cam-1")
    [alert] = checks.published()
    assert (alert["kind"], alert["trouble"]) == ("device_recovered", "offline")
    assert alert["back_at"] > alert["since"]
    assert checks.logged == [("device_offline", "cam-1"), ("device_recovered", "cam-1")]


def test_a_camera_that_falls_silent_is_offline(checks: Checks) -> None:
    checks.says(interval_s=60)
    checks.check_for(GRACE - MINUTE)
    assert checks.kinds() == []
    checks.check(MINUTE)
    assert checks.kinds() == [("device_offline", "cam-1")]


def test_a_camera_with_a_covered_lens_is_reported_as_blind(checks: Checks) -> None:
    checks.says()
    checks.check_for(4 * MINUTE, "cam-1", camera="covered")
    assert checks.kinds() == []
    checks.check_for(LONG, "cam-1", camera="covered")
    [alert] = checks.published()
    assert (alert["kind"], alert["camera"]) == ("device_blind", "covered")
    checks.check_for(LONG, "cam-1")
    [alert] = checks.published()
    assert (alert["kind"], alert["trouble"], alert["camera"]) == (
        "device_recovered", "blind", "covered",
    )  # fmt: skip


def test_a_paused_camera_is_not_blind(checks: Checks) -> None:
    checks.says()
    checks.check_for(LONG, "cam-1", camera="covered", paused=True)
    assert checks.kinds() == []


def test_a_blind_camera_that_is_paused_is_back_and_says_so(checks: Checks) -> None:
    checks.says()
    checks.check_for(LONG, "cam-1", camera="covered")
    assert checks.kinds() == [("device_blind", "cam-1")]
    checks.check_for(LONG, "cam-1", camera="covered", paused=True)
    [alert] = checks.published()
    assert (alert["kind"], alert["paused"]) == ("device_recovered", True)


def test_a_blind_camera_that_loses_its_connection_is_reported_as_offline_too(
    checks: Checks,
) -> None:
    checks.says()
    checks.check_for(LONG, "cam-1", camera="frozen")
    checks.check_for(LONG)
    assert checks.kinds() == [("device_blind", "cam-1"), ("device_offline", "cam-1")]
    checks.says()
    checks.check_for(LONG, "cam-1")
    assert checks.kinds() == [("device_recovered", "cam-1")]


def test_a_short_break_is_not_reported(checks: Checks) -> None:
    for _ in range(5):
        checks.says()
        checks.now += SECOND
        checks.leaves()
        checks.check_for(GRACE - MINUTE)
        checks.says()
        checks.check(SECOND)
    assert checks.kinds() == []


def test_a_camera_is_reported_each_time_it_stops(checks: Checks) -> None:
    for _ in range(2):
        checks.says()
        checks.check_for(10 * MINUTE, "cam-1")
        checks.check_for(10 * MINUTE)
    assert [kind for kind, _ in checks.kinds()] == ["device_offline"] * 2 + ["device_recovered"]


def test_nothing_is_reported_about_a_camera_that_was_never_seen(checks: Checks) -> None:
    checks.leaves("never-online")
    checks.check_for(LONG)
    assert checks.kinds() == []


def test_nothing_is_reported_about_a_camera_that_was_erased(
    checks: Checks, aws: SimpleNamespace
) -> None:
    checks.says("cam-1")
    checks.says("cam-2")
    checks.check_for(10 * MINUTE, "cam-2")
    assert checks.kinds() == [("device_offline", "cam-1")]
    for device in ("cam-1", "cam-2"):
        for sk in (DEVICE_SK, LISTED_SK):
            key = {"pk": {"S": device_pk(device)}, "sk": {"S": sk}}
            aws.dynamodb.delete_item(TableName=checks.table, Key=key)
    checks.check_for(LONG)
    assert checks.kinds() == []
    items = aws.dynamodb.scan(TableName=checks.table)["Items"]
    assert not any("cam-" in str(item) for item in items), "nothing about it is left"


def test_an_alert_is_not_sent_when_its_camera_is_erased_during_the_check(
    checks: Checks, aws: SimpleNamespace
) -> None:
    checks.says()
    key = {"pk": {"S": device_pk("cam-1")}, "sk": {"S": DEVICE_SK}}
    checks.now += 10 * MINUTE

    def erase() -> None:
        aws.dynamodb.delete_item(TableName=checks.table, Key=key)

    with before_first(clients.dynamodb(), "TransactWriteItems", erase):
        assert checks.check().sent == 0
    assert checks.kinds() == []


def test_alerts_wait_while_those_of_the_camera_are_suspended(checks: Checks) -> None:
    until = checks.now + LONG
    checks.set("cam-1", suspended_until=until.isoformat())
    checks.says()
    checks.check_for(14 * MINUTE)
    assert checks.kinds() == []
    checks.check_for(10 * MINUTE)
    assert checks.kinds() == [("device_offline", "cam-1")]


def test_a_return_waits_while_the_alerts_of_the_camera_are_suspended(checks: Checks) -> None:
    checks.says()
    checks.check_for(10 * MINUTE)
    checks.set("cam-1", suspended_until=(checks.now + LONG).isoformat())
    checks.says()
    checks.check_for(14 * MINUTE, "cam-1")
    assert checks.kinds() == [("device_offline", "cam-1")]
    checks.check_for(10 * MINUTE, "cam-1")
    assert checks.kinds() == [("device_recovered", "cam-1")]


def test_nothing_is_sent_while_the_alerts_of_the_fleet_are_suspended(checks: Checks) -> None:
    checks.set(None, suspended_until=(checks.now + LONG).isoformat())
    checks.says()
    checks.now += 14 * MINUTE
    assert (checks.check().offline, checks.kinds()) == (1, [])


def test_quiet_hours_do_not_hold_up_operators(checks: Checks) -> None:
    checks.set(None, quiet_hours={"start": "00:00", "end": "23:59"})
    checks.says()
    checks.check_for(10 * MINUTE)
    assert checks.kinds() == [("device_offline", "cam-1")]


def test_an_alert_has_the_name_and_the_local_time_of_the_camera(checks: Checks) -> None:
    checks.set("cam-1", display_name="Front door", time_zone="Europe/Berlin")
    checks.says()
    checks.check_for(10 * MINUTE)
    [alert] = checks.published()
    assert alert["display_name"] == "Front door"


def test_smiles_do_not_hold_up_the_news_that_a_camera_is_offline(
    make_checks: Callable[..., Checks],
) -> None:
    checks = make_checks(ALERTS_PER_MINUTE="1", OUTAGE_DEVICES="100")
    devices = [f"cam-{number}" for number in range(9)]
    for device in devices:
        checks.says(device)
    checks.now += 10 * MINUTE
    result = checks.check()
    assert (result.sent, result.deferred) == (6, 3), "one for smiles, five more for devices"
    assert checks.check(30 * SECOND).sent == 0, "the topic is full"
    assert checks.check(30 * SECOND).sent == 3
    assert checks.kinds() == [("device_offline", device) for device in devices]


def test_a_check_ends_in_time_and_the_next_one_goes_on(checks: Checks) -> None:
    checks.says()
    checks.now += 10 * MINUTE
    checks.remaining_s = 9.9
    assert (checks.check().deferred, checks.kinds()) == (1, [])
    checks.remaining_s = 50
    assert (checks.check().sent, checks.kinds()) == (1, [("device_offline", "cam-1")])


def test_a_check_does_nothing_while_another_one_runs(checks: Checks) -> None:
    checks.says()
    checks.now += 10 * MINUTE
    seen = []

    def check_again(kind: str, _subject: str) -> None:
        other = checks.new_service().handle(lambda: 50, lambda *_: None)
        seen.append((kind, other.skipped))

    checks.service.handle(lambda: 50, check_again)
    assert seen == [("device_offline", True)]
    assert checks.kinds() == [("device_offline", "cam-1")]
    assert not checks.check().skipped, "the lease has ended with the check"


@pytest.mark.parametrize(("age", "is_skipped"), [(LEASE - SECOND, True), (LEASE, False)])
def test_a_check_that_was_cut_off_holds_up_no_other(
    checks: Checks, age: timedelta, *, is_skipped: bool
) -> None:
    checks.service._store.lease("cut off", checks.now)
    assert checks.check(age).skipped == is_skipped


def test_a_lease_of_a_clock_that_ran_ahead_holds_up_no_check(checks: Checks) -> None:
    checks.service._store.lease("ahead", checks.now + LONG)
    assert not checks.check().skipped


def test_the_result_counts_how_the_devices_are(checks: Checks) -> None:
    checks.says("gone")
    checks.now += 10 * MINUTE
    checks.says("works")
    checks.says("blind", camera="covered")
    result = checks.check()
    assert (result.devices, result.offline, result.blind) == (3, 1, 1)
