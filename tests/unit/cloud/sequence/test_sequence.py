"""Which numbers of a device have arrived, in which order they may arrive, and when they restart."""

from __future__ import annotations

from itertools import permutations

import pytest

from smile_cloud.sequence.arrival import Arrival, Numbered
from smile_cloud.sequence.sequence import MAX_GAPS, MAX_KEYS, Sequence
from smile_contract import uuid7
from tests.helpers.events import smile_event
from tests.helpers.status_messages import at


def arrival(*seqs: int, key: str | None = None, made_s: float | None = None) -> Arrival:
    """Return a message of events that the device made each second, or all at `made_s`."""
    events = tuple(Numbered(seq, at(seq if made_s is None else made_s)) for seq in seqs)
    received_at = max(event.at for event in events)
    return Arrival(key or f"{seqs}-{made_s}", received_at, events)


def counted(*arrivals: Arrival) -> Sequence:
    found = Sequence()
    for one in arrivals:
        found = found.add(one)
    return found


def test_gaps_between_the_first_and_the_last_number_are_missing() -> None:
    found = counted(arrival(5), arrival(6), arrival(9, 12))
    assert (found.first, found.last, found.received) == (5, 12, 4)
    assert (found.gaps, found.missing) == (((7, 8), (10, 11)), 4)


def test_the_order_of_messages_does_not_matter() -> None:
    messages = [arrival(3, 4), arrival(8), arrival(0), arrival(6)]
    results = {
        (found.first, found.last, found.received, found.duplicates, found.gaps)
        for order in permutations(messages)
        for found in [counted(*order)]
    }
    assert results == {(0, 8, 5, 0, ((1, 2), (5, 5), (7, 7)))}


def test_a_gap_closes_when_its_numbers_arrive() -> None:
    found = counted(arrival(0), arrival(9), arrival(4), arrival(1, 2, 3), arrival(5, 6, 7, 8))
    assert (found.gaps, found.missing, found.received, found.duplicates) == ((), 0, 10, 0)


def test_an_event_counts_once_when_the_device_sends_it_again() -> None:
    found = counted(arrival(0), arrival(1), arrival(1, key="again"), arrival(0, 1, key="both"))
    assert (found.received, found.duplicates) == (2, 3)


def test_nothing_counts_when_sqs_delivers_a_message_again() -> None:
    found = counted(arrival(0), arrival(1))
    assert counted(arrival(0), arrival(1), arrival(0), arrival(1), arrival(0)) == found


def test_the_latest_messages_are_recognised() -> None:
    messages = [arrival(seq) for seq in range(MAX_KEYS + 1)]
    found = counted(*messages)
    assert found.add(messages[1]) == found
    assert found.add(messages[0]).duplicates == 1


def test_the_key_of_a_message_tells_a_redelivery_from_a_repetition() -> None:
    event = smile_event(seq=7, started_at=at(0), event_id=uuid7(at(0)))
    first, again = Arrival.of((event,), at(3)), Arrival.of((event,), at(3.001))
    assert first == Arrival.of((event,), at(3))
    assert first.key != again.key
    assert Arrival.of((smile_event(seq=8, started_at=at(0)),), at(3)).key != first.key


@pytest.mark.parametrize(("delay_s", "late"), [(60, 0), (60.001, 1)])
def test_an_event_is_late_when_it_arrives_more_than_a_minute_after_it_was_made(
    delay_s: float, late: int
) -> None:
    event = smile_event(seq=1, started_at=at(0), duration_ms=2000)
    found = counted(Arrival.of((event,), at(2 + delay_s)))
    assert found.late == late
    again = Arrival.of((event,), at(500))
    assert found.add(again).late == late, "a repeated event is not late"


def test_the_newest_gaps_are_listed_when_there_are_too_many() -> None:
    found = counted(*(arrival(2 * n) for n in range(MAX_GAPS + 3)))
    assert len(found.gaps) == MAX_GAPS
    assert found.gaps[0] == (5, 5)
    assert (found.untracked, found.tracked_from) == (2, 4)
    assert found.missing == MAX_GAPS + 2
    late = found.add(arrival(1, key="late"))
    assert (late.received, late.duplicates) == (found.received + 1, 0)


def test_the_count_begins_again_when_a_known_number_brings_a_newer_event() -> None:
    found = counted(*(arrival(seq) for seq in (0, 1, 3)), arrival(0, made_s=100))
    assert (found.resets, found.reset_at) == (1, at(100))
    assert (found.first, found.last, found.received) == (0, 0, 4)
    assert (found.gaps, found.untracked, found.missing) == ((), 1, 1)
    found = found.add(arrival(1, made_s=101))
    assert (found.last, found.resets, found.received) == (1, 1, 5)


def test_the_count_begins_again_when_the_first_number_seen_was_higher() -> None:
    found = counted(arrival(500), arrival(0, made_s=600))
    assert (found.resets, found.first, found.last) == (1, 0, 0)


def test_an_older_event_with_a_lower_number_is_no_reset() -> None:
    found = counted(arrival(500), arrival(499), arrival(0, made_s=559))
    assert (found.resets, found.first) == (0, 0)


def test_an_event_from_before_the_reset_makes_no_gap() -> None:
    found = counted(arrival(500), arrival(0, made_s=600), arrival(501, made_s=510))
    assert (found.last, found.gaps, found.received) == (0, (), 3)
