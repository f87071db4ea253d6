"""Cameras that stop together share one message, and one when they are back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from smile_cloud import clients
from smile_cloud.erase_events.device_eraser import DeviceEraser
from smile_cloud.erasure.job import ErasureRequest, Scope
from smile_cloud.erasure.job_store import JobStore
from tests.helpers.aws_calls import failing
from tests.helpers.device_checks import GRACE, MINUTE, SECOND, Checks

LONG = timedelta(minutes=16)
FLEET = [f"cam-{number:02}" for number in range(12)]


def stop(checks: Checks, devices: list[str]) -> None:
    """Let devices send a heartbeat and lose their connection."""
    for device in devices:
        checks.says(device)
    checks.now += SECOND
    for device in devices:
        checks.leaves(device)


@pytest.fixture
def checks(make_checks: Callable[..., Checks]) -> Checks:
    return make_checks(OUTAGE_PERCENT="50")


def test_an_outage_of_the_fleet_is_one_message_and_its_end_another(checks: Checks) -> None:
    stop(checks, FLEET)
    checks.check_for(LONG)
    [alert] = checks.published()
    assert (alert["kind"], alert["cameras"], alert["fleet"]) == ("fleet_outage", 12, 12)
    assert [device["device_id"] for device in alert["devices"]] == FLEET
    checks.check_for(LONG, *FLEET)
    [over] = checks.published()
    assert (over["kind"], over["cameras"], over["still_down"]) == ("fleet_recovered", 12, 0)
    assert over["outage_id"] == alert["outage_id"]


def test_an_outage_is_complete_when_its_cameras_stop_one_after_the_other(checks: Checks) -> None:
    for device in FLEET:
        stop(checks, [device])
        checks.now += GRACE / 20
    checks.check_for(LONG)
    assert checks.kinds() == [("fleet_outage", "12")]


def test_cameras_that_stop_at_different_times_are_reported_alone(checks: Checks) -> None:
    for device in FLEET[:5]:
        stop(checks, [device])
        checks.check_for(2 * GRACE)
    assert checks.kinds() == [("device_offline", device) for device in FLEET[:5]]


@pytest.mark.parametrize(
    ("stopped", "kinds"),
    [
        (FLEET[:4], [("device_offline", device) for device in FLEET[:4]]),
        (FLEET[:5], [("device_offline", device) for device in FLEET[:5]]),
        (FLEET[:6], [("fleet_outage", "6")]),
    ],
)
def test_an_outage_has_a_least_number_and_a_least_share_of_the_fleet(
    checks: Checks, stopped: list[str], kinds: list[tuple[str, str]]
) -> None:
    working = [device for device in FLEET if device not in stopped]
    stop(checks, stopped)
    checks.check_for(10 * MINUTE, *working)
    assert checks.kinds() == kinds


def test_more_cameras_than_the_topic_takes_are_an_outage_of_a_large_fleet(
    make_checks: Callable[..., Checks],
) -> None:
    checks = make_checks(OUTAGE_PERCENT="100", ALERTS_PER_MINUTE="5")
    stop(checks, FLEET[:6])
    checks.check_for(10 * MINUTE, *FLEET[6:])
    assert checks.kinds() == [("fleet_outage", "6")]


def test_a_camera_that_stopped_long_ago_is_not_in_an_outage(checks: Checks) -> None:
    stop(checks, ["old"])
    checks.check_for(LONG, *FLEET)
    assert checks.kinds() == [("device_offline", "old")]
    stop(checks, FLEET)
    checks.check_for(LONG)
    [alert] = checks.published()
    assert (alert["kind"], alert["cameras"], alert["fleet"]) == ("fleet_outage", 12, 12)
    checks.check_for(LONG, "old", *FLEET)
    assert checks.kinds() == [("device_recovered", "old"), ("fleet_recovered", "12")]


def test_a_camera_that_stops_during_an_outage_is_reported_alone(checks: Checks) -> None:
    stop(checks, FLEET)
    checks.check_for(14 * MINUTE, "late")
    stop(checks, ["late"])
    checks.check_for(14 * MINUTE)
    assert checks.kinds() == [("device_offline", "late"), ("fleet_outage", "12")]


def test_few_cameras_that_stay_away_are_named_and_reported_alone_later(checks: Checks) -> None:
    stop(checks, FLEET)
    checks.check_for(14 * MINUTE)
    checks.check_for(14 * MINUTE, *FLEET[:10])
    outage, over = checks.published()
    assert outage["kind"] == "fleet_outage"
    assert (over["kind"], over["still_down"]) == ("fleet_recovered", 2)
    assert [device["device_id"] for device in over["devices"]] == FLEET[10:]
    checks.check_for(14 * MINUTE, *FLEET)
    assert checks.kinds() == [("device_recovered", device) for device in FLEET[10:]]


def test_many_cameras_that_stay_away_share_another_message(checks: Checks) -> None:
    stop(checks, FLEET)
    checks.check_for(14 * MINUTE)
    checks.check_for(14 * MINUTE, *FLEET[:7])
    over = checks.published()[1]
    assert (over["kind"], over["cameras"], over["still_down"]) == ("fleet_recovered", 12, 5)
    checks.check_for(14 * MINUTE, *FLEET)
    [last] = checks.published()
    assert (last["kind"], last["cameras"], last["still_down"]) == ("fleet_recovered", 5, 0)


def test_cameras_that_come_back_one_after_the_other_share_one_message(checks: Checks) -> None:
    stop(checks, FLEET)
    checks.check_for(14 * MINUTE)
    checks.published()
    for device in FLEET:
        checks.says(device)
        checks.check(20 * SECOND)
    assert checks.kinds() == [("fleet_recovered", "12")]


def test_an_outage_lasts_while_only_half_of_it_is_back(checks: Checks) -> None:
    stop(checks, FLEET)
    checks.check_for(14 * MINUTE)
    checks.check_for(LONG, *FLEET[:6])
    assert checks.kinds() == [("fleet_outage", "12")]
    checks.check_for(LONG, *FLEET)
    assert checks.kinds() == [("fleet_recovered", "12")]


def test_two_outages_have_a_message_each(checks: Checks) -> None:
    stop(checks, FLEET)
    other = [f"site-{number:02}" for number in range(6)]
    checks.check_for(14 * MINUTE, *other)
    stop(checks, other)
    checks.check_for(14 * MINUTE)
    assert checks.kinds() == [("fleet_outage", "12"), ("fleet_outage", "6")]
    checks.check_for(14 * MINUTE, *other)
    assert checks.kinds() == [("fleet_recovered", "6")]
    checks.check_for(14 * MINUTE, *other, *FLEET)
    assert checks.kinds() == [("fleet_recovered", "12")]


def test_a_dark_room_is_one_message_too(checks: Checks) -> None:
    for device in FLEET:
        checks.says(device)
    checks.check_for(14 * MINUTE, *FLEET, camera="covered")
    assert checks.kinds() == [("fleet_outage", "12")]
    checks.check_for(14 * MINUTE, *FLEET)
    assert checks.kinds() == [("fleet_recovered", "12")]


def test_a_camera_of_an_outage_that_comes_back_blind_is_still_down(checks: Checks) -> None:
    stop(checks, FLEET)
    checks.check_for(14 * MINUTE)
    checks.published()
    for _ in range(20):
        checks.says(FLEET[0], camera="covered")
        checks.check_for(MINUTE, *FLEET[1:])
    found = {one["kind"]: one for one in checks.published()}
    assert sorted(found) == ["device_blind", "fleet_recovered"]
    assert [device["device_id"] for device in found["fleet_recovered"]["devices"]] == FLEET[:1]
    assert found["device_blind"]["device_id"] == FLEET[0]  # what it is once the outage is over


def test_a_suspended_camera_joins_an_outage_later_and_is_not_counted(checks: Checks) -> None:
    checks.set("cam-00", suspended_until=(checks.now + LONG).isoformat())
    stop(checks, FLEET)
    checks.check_for(14 * MINUTE)
    assert checks.kinds() == [("fleet_outage", "11")]
    checks.check_for(LONG)
    assert checks.kinds() == []


def test_the_message_of_an_outage_names_no_camera_that_was_erased_meanwhile(
    checks: Checks,
) -> None:
    stop(checks, FLEET)
    with failing(clients.sns(), "Publish"):
        checks.check_for(GRACE + 2 * MINUTE)
    job = JobStore(clients.dynamodb(), checks.table)
    erased = job.start(ErasureRequest(FLEET[0], Scope.DEVICE), checks.now, LONG)
    DeviceEraser(clients.dynamodb(), checks.table, job, sleep=lambda _: None).erase(
        erased, checks.now
    )
    checks.check(MINUTE)
    [alert] = checks.published()
    assert [device["device_id"] for device in alert["devices"]] == FLEET[1:]
    stored = clients.dynamodb().scan(TableName=checks.table)["Items"]
    about = [item["sk"]["S"] for item in stored if FLEET[0] in str(item)]
    assert sorted(sk.partition("#")[0] for sk in about) == ["ERASURE", "JOB"]


def test_an_outage_names_no_camera_once_its_message_is_sent(checks: Checks) -> None:
    """It lasts until most cameras are back, and an erasure does not look for names in it."""
    stop(checks, FLEET)
    checks.check_for(LONG)
    assert checks.kinds() == [("fleet_outage", "12")]
    stored = clients.dynamodb().scan(TableName=checks.table)["Items"]
    [outage] = [item for item in stored if item["sk"]["S"].startswith("OUTAGE#")]
    assert outage["named"] == {"L": []}
