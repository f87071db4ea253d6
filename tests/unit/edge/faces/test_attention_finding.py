"""How attention finds the faces of a room, and leaves other things alone."""

from __future__ import annotations

import itertools

import pytest

from smile_vision.faces.boxes import Box
from tests.helpers.fake_room import (
    STEP_MS,
    FakeRoom,
    Person,
    attend,
    attention_in,
    stays,
    walks,
    watch,
)

NEAR: Box = (0.3, 0.3, 0.12, 0.2)
FAR: Box = (0.62, 0.4, 0.05, 0.09)


def first_seen_ms(room: FakeRoom, until_ms: float, since_ms: float = 0.0) -> float:
    """Return when the first face is in view; infinite if none is."""
    attention = attention_in(room)
    for at_ms, _ in attend(attention, room, until_ms):
        if at_ms >= since_ms and attention.in_view():
            return at_ms
    return float("inf")


@pytest.mark.parametrize("box", [NEAR, FAR, (0.0, 0.0, 0.05, 0.09), (0.94, 0.9, 0.05, 0.09)])
def test_everybody_who_is_there_at_the_start_is_found_within_half_a_second(box: Box) -> None:
    assert first_seen_ms(FakeRoom([Person(stays(box))]), 1000) <= 500


def test_face_counts_from_the_third_look_that_agrees() -> None:
    assert first_seen_ms(FakeRoom([Person(stays(NEAR))]), 1000) == 2 * STEP_MS


def test_somebody_who_appears_while_nothing_else_moves_is_found_in_a_third_of_a_second() -> None:
    room = FakeRoom([Person(stays(NEAR, since_ms=5000))])
    assert 5000 <= first_seen_ms(room, 8000) <= 5000 + 340


def test_somebody_who_appears_unnoticed_is_found_within_two_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tests.helpers.fake_room._draw", lambda *_: None)  # no motion at all
    room = FakeRoom([Person(stays(FAR, since_ms=5020))])
    assert first_seen_ms(room, 8000) <= 5020 + 2000 + 3 * STEP_MS


def test_a_crowd_is_found_within_a_second() -> None:
    places = itertools.product((0.02, 0.22, 0.42, 0.62, 0.82), (0.1, 0.4, 0.7))
    room = FakeRoom([Person(stays((x, y, 0.1, 0.18))) for x, y in places])
    attention = attention_in(room)
    watch(attention, room, 1200)
    assert len(attention.in_view()) == 15


def test_faces_smaller_than_the_minimum_are_ignored() -> None:
    small = (0.5, 0.5, 23 / 640, 23 / 360)
    assert first_seen_ms(FakeRoom([Person(stays(small))]), 3000) == float("inf")
    large = (0.5, 0.5, 25 / 640, 25 / 360)
    assert first_seen_ms(FakeRoom([Person(stays(large))]), 3000) < 500


def test_thing_that_closer_looks_do_not_confirm_is_no_face_and_is_left_alone_for_a_while() -> None:
    room = FakeRoom([Person(walks(NEAR, 0.01), score=0.68)])
    attention = attention_in(room)
    for _ in attend(attention, room, 8000):
        assert not attention.tracks
    # Two looks at most each time, and each place once in 700 ms.
    assert len(room.looked) <= 2 * (8000 / 700 + 1)


def test_thing_that_convinces_once_is_no_face() -> None:
    room = FakeRoom([Person(stays(NEAR), likeness=lambda at_ms: 0.9 if at_ms < 60 else 0.6)])
    attention = attention_in(room)
    for _ in attend(attention, room, 3000):
        assert not attention.tracks


def test_thing_that_only_the_face_check_rejects_is_no_face() -> None:
    room = FakeRoom([Person(stays(NEAR), is_thing=True)])
    attention = attention_in(room)
    for _ in attend(attention, room, 3000):
        assert not attention.tracks


def test_confirmed_face_is_not_checked_again() -> None:
    room = FakeRoom([Person(stays(NEAR))])
    watch(attention_in(room), room, 3000)
    assert room.checked == [0, STEP_MS, 2 * STEP_MS]


def test_face_is_confirmed_by_its_mirror_image_too() -> None:
    room = FakeRoom([Person(stays(NEAR))])
    watch(attention_in(room), room, 3 * STEP_MS)
    assert [is_mirrored for _, _, is_mirrored in room.looked] == [False, True, False]


def test_confirmed_face_may_turn_away_a_little() -> None:
    person = Person(stays(NEAR), likeness=lambda at_ms: 0.9 if at_ms < 500 else 0.55)
    room = FakeRoom([person])
    attention = attention_in(room)
    watch(attention, room, 5000)
    assert len(attention.in_view()) == 1


def test_track_ends_when_closer_looks_stop_agreeing() -> None:
    person = Person(stays(NEAR), likeness=lambda at_ms: 0.9 if at_ms < 500 else 0.45)
    room = FakeRoom([person])
    attention = attention_in(room)
    lost = [(at_ms, track.id) for at_ms, gone in attend(attention, room, 3000) for track in gone]
    ((at_ms, track_id),) = lost
    assert track_id == 1 and 1500 <= at_ms <= 1500 + 320 + 2 * STEP_MS
