"""Which message is the newest, and what is kept of the others."""

from __future__ import annotations

from smile_cloud.device_registry.device import Device
from smile_cloud.device_registry.items import from_fields, to_fields
from smile_cloud.device_registry.presence import relevant
from smile_contract import format_time
from tests.helpers.status_messages import at, beat, connected, joined, offline, presence, status


def newest(*seen: Device) -> int:
    """Return `next_seq` of the newest heartbeat."""
    latest = joined(*seen).latest
    assert latest is not None
    return latest.heartbeat.next_seq


def test_a_heartbeat_that_arrives_late_does_not_replace_a_newer_one() -> None:
    newer, older = beat(60, next_seq=2), beat(0, next_seq=1, received_s=90)
    assert newest(newer, older) == 2
    assert joined(newer, older).last_seen == at(90)


def test_the_order_of_arrival_counts_when_the_clock_is_wrong() -> None:
    assert newest(beat(0, next_seq=1), beat(-1.7e9, next_seq=2, received_s=60)) == 2
    assert newest(beat(1e7, next_seq=1, received_s=0), beat(60, next_seq=2)) == 2


def test_a_clock_may_be_five_minutes_ahead_or_fifteen_behind() -> None:
    assert status(300, received_s=0).at == at(300)
    assert status(301, received_s=0).at == at(0)
    assert status(-900, received_s=0).at == at(-900)
    assert status(-901, received_s=0).at == at(0)


def test_a_program_that_started_later_is_not_newer_for_that() -> None:
    assert newest(beat(0, uptime_ms=9, next_seq=1), beat(0, uptime_ms=8, next_seq=2)) == 1


def test_first_and_last_arrival_are_kept() -> None:
    seen = joined(beat(60), beat(0), beat(120), offline(180))
    assert (seen.first_seen, seen.last_seen, seen.heard_at) == (at(0), at(120), at(180))
    assert joined(seen, connected(200, 1)).heard_at == at(200)


def test_one_presence_event_is_kept_when_it_supersedes_the_others() -> None:
    events = [presence(n, n // 2, is_connected=n % 2 == 0) for n in range(20)]
    assert relevant(events) == (events[-1],)
    inexact = presence(0, 10, is_connected=True)
    assert relevant([*events, inexact]) == (inexact, events[-1])
    later = presence(1820, 0, is_connected=True)
    assert relevant([*relevant([*events, inexact]), later]) == (later,)


def test_a_stored_heartbeat_is_read_without_the_fields_of_another_version() -> None:
    seen = beat(0, camera="ok")
    fields = to_fields(seen)
    fields["latest"]["from_the_future"] = 1
    assert from_fields("cam-1", fields) == seen
    fields["latest"]["camera"] = "on_fire"
    assert from_fields("cam-1", fields).latest is None
    assert from_fields("cam-1", fields).last_seen == at(0)


def test_times_are_stored_as_people_read_them() -> None:
    assert to_fields(beat(0))["last_seen"] == format_time(at(0)) == "2026-11-28T12:00:00.000Z"
