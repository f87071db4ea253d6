"""The state of a device, from what its messages say and from the time."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from smile_cloud.device_registry.condition import Condition, DeviceState, Graces, condition_of
from smile_cloud.device_registry.device import BLIND_STATES, Device
from tests.helpers.status_messages import (
    at,
    beat,
    connected,
    disconnected,
    joined,
    offline,
)

GRACES = Graces(silent=timedelta(seconds=300), blind=timedelta(seconds=300))


def condition(*seen: Device, now_s: float) -> Condition:
    """Return the condition, which must not depend on the order of the messages."""
    found = {condition_of(joined(*order), at(now_s), GRACES) for order in permutations(seen)}
    assert len(found) == 1
    return found.pop()


def state(*seen: Device, now_s: float) -> str:
    return condition(*seen, now_s=now_s).state


def test_a_device_is_online_while_its_heartbeats_arrive() -> None:
    assert condition(beat(0), beat(60), now_s=61) == Condition(DeviceState.ONLINE)


def test_a_device_is_silent_when_no_heartbeat_arrives_for_longer_than_the_grace() -> None:
    assert state(beat(0), now_s=300) == "online"
    assert condition(beat(0), now_s=301) == Condition(DeviceState.SILENT, at(0))


@pytest.mark.parametrize(("interval_s", "grace_s"), [(600.0, 1800), (None, 300), (10.0, 300)])
def test_three_heartbeats_must_be_missing_when_the_device_sends_few(
    interval_s: float | None, grace_s: int
) -> None:
    more: dict[str, Any] = {} if interval_s is None else {"interval_s": interval_s}
    assert state(beat(0, **more), now_s=grace_s) == "online"
    assert state(beat(0, **more), now_s=grace_s + 1) == "silent"


def test_an_old_program_is_silent_after_three_minutes_when_the_grace_is_shorter() -> None:
    short = Graces(silent=timedelta(seconds=1), blind=timedelta(seconds=1))
    assert condition_of(beat(0), at(180), short).state == "online"
    assert condition_of(beat(0), at(181), short).state == "silent"


def test_a_device_is_offline_after_an_orderly_stop() -> None:
    seen = [beat(0, connected_s=-60), offline(30, connected_s=-60)]
    assert condition(*seen, now_s=31) == Condition(DeviceState.OFFLINE, at(30))
    assert state(*seen, beat(90, connected_s=89), now_s=91) == "online"


def test_a_device_is_offline_after_its_last_will() -> None:
    seen = [beat(60, connected_s=0), offline(0, connected_s=0, received_s=200)]
    assert condition(*seen, now_s=201) == Condition(DeviceState.OFFLINE, at(200))


def test_a_device_stays_online_when_the_last_will_of_an_earlier_connection_arrives_last() -> None:
    seen = [
        beat(60, connected_s=0),
        beat(101, connected_s=100),
        offline(0, connected_s=0, received_s=103),
    ]
    assert state(*seen, now_s=104) == "online"
    assert state(*seen, offline(100, connected_s=100, received_s=150), now_s=151) == "offline"


def test_a_late_will_does_not_hide_an_orderly_stop() -> None:
    seen = [
        beat(101, connected_s=100),
        offline(120, connected_s=100, received_s=120),
        offline(0, connected_s=0, received_s=125),
    ]
    assert state(*seen, now_s=126) == "offline"


def test_the_order_of_arrival_counts_when_the_time_of_the_connection_is_unknown() -> None:
    will = offline(0, received_s=100)
    assert state(beat(60), will, now_s=101) == "offline"
    assert state(beat(60), will, beat(101), now_s=102) == "online"


@pytest.mark.parametrize(
    ("name", "connected_s", "sent_s", "uptime_ms"),
    [
        ("started in 1970", -1.7e9, 60, 70_000),
        ("sent in 1970", -1.7e9, -1.7e9 + 60, 60_000),
        ("connected in the future", 1e6, 60, 70_000),
    ],
)
def test_the_order_of_arrival_counts_when_the_clock_of_the_device_is_wrong(
    name: str, connected_s: float, sent_s: float, uptime_ms: int
) -> None:
    newest = beat(sent_s, received_s=60, connected_s=connected_s, uptime_ms=uptime_ms)
    stopped_before = offline(0, connected_s=-600)
    assert state(stopped_before, newest, now_s=61) == "online", name
    will = offline(connected_s, connected_s=connected_s, received_s=100)
    assert state(stopped_before, newest, will, now_s=101) == "offline", name


def test_a_device_comes_back_when_a_stop_was_dated_in_the_future() -> None:
    seen = [offline(1e6, connected_s=1e6, received_s=0), beat(60, connected_s=50)]
    assert state(*seen, now_s=61) == "online"


def test_a_device_that_only_said_that_it_stops_is_offline() -> None:
    assert condition(offline(5), now_s=1e6) == Condition(DeviceState.OFFLINE, at(5))


# --- presence ----------------------------------------------------------------------------------


def test_presence_says_that_a_device_without_heartbeats_is_online_or_offline() -> None:
    assert state(connected(0, 1), now_s=1e6) == "online"
    seen = [connected(0, 1), disconnected(10, 1)]
    assert condition(*seen, now_s=11) == Condition(DeviceState.OFFLINE, at(10))


def test_a_device_stays_online_when_an_earlier_session_ends_after_the_next_began() -> None:
    seen = [connected(0, 1), connected(10, 2), disconnected(12, 1)]
    assert state(*seen, now_s=13) == "online"
    assert state(*seen, disconnected(60, 2), now_s=61) == "offline"


def test_versions_order_presence_events_when_their_times_are_inexact() -> None:
    seen = [connected(100, 1), disconnected(110, 1), connected(20, 2)]
    assert state(*seen, now_s=111) == "online"


def test_a_device_is_offline_when_the_times_of_its_two_events_are_swapped() -> None:
    assert state(connected(30, 7), disconnected(0, 7), now_s=31) == "offline"


def test_the_count_of_versions_may_start_again() -> None:
    seen = [connected(0, 900), disconnected(10, 900), connected(7200, 0)]
    assert state(*seen, now_s=7201) == "online"
    assert state(*seen, disconnected(7300, 0), now_s=7301) == "offline"


def test_a_disconnection_makes_a_device_offline_although_its_heartbeat_is_newer() -> None:
    assert state(beat(120), disconnected(0, 1), now_s=121) == "offline", "within 2 minutes"
    assert state(beat(121), disconnected(0, 1), now_s=122) == "online", "another event was lost"


# --- paused and blind --------------------------------------------------------------------------


def test_a_device_is_paused_until_a_heartbeat_says_that_it_is_not() -> None:
    assert condition(beat(0, paused=True, camera="unplugged"), now_s=1) == Condition(
        DeviceState.PAUSED
    )
    assert state(beat(0, paused=True), beat(60, paused=False), now_s=61) == "online"


@pytest.mark.parametrize("camera", sorted(BLIND_STATES))
def test_a_device_is_blind_when_its_camera_has_a_fault_for_longer_than_the_grace(
    camera: str,
) -> None:
    seen = [beat(0, camera="ok"), beat(60, camera=camera), beat(300, camera=camera)]
    assert state(*seen, now_s=300) == "online"
    assert condition(*seen, now_s=301) == Condition(DeviceState.BLIND, at(0))
    assert state(*seen, beat(360, camera="ok"), now_s=361) == "online"


@pytest.mark.parametrize("camera", ["ok", "starting", None])
def test_a_device_is_not_blind_when_its_camera_reports_no_fault(camera: str | None) -> None:
    more = {} if camera is None else {"camera": camera}
    assert state(*(beat(60 * n, **more) for n in range(6)), now_s=301) == "online"


def test_a_camera_gets_the_grace_again_when_its_device_starts() -> None:
    seen = [
        beat(0, camera="ok"),
        beat(5000, camera="unplugged", uptime_ms=5000),
        beat(5300, camera="unplugged", uptime_ms=305_000),
    ]
    assert state(*seen[:2], now_s=5001) == "online"
    assert condition(*seen, now_s=5300) == Condition(DeviceState.BLIND, at(4995))


def test_the_time_without_a_picture_is_exact_when_the_clock_of_the_device_is_behind() -> None:
    seen = [
        beat(-600, received_s=0, camera="ok"),
        beat(-500, received_s=100, camera="frozen"),
    ]
    assert state(*seen, now_s=300) == "online"
    assert condition(*seen, now_s=301) == Condition(DeviceState.BLIND, at(0))


def test_a_device_that_is_silent_is_not_called_blind_or_paused() -> None:
    assert state(beat(0, camera="frozen", paused=True), now_s=301) == "silent"
