"""Places where faces count, and the most faces that are followed."""

from __future__ import annotations

import pytest

from edge_lambda.faces.attention import FaceAttention
from edge_lambda.faces.track import Track
from edge_lambda.faces.zones import EVERYWHERE, Zones
from tests.helpers.fake_room import STEP_MS, FakeRoom, Person, attend, attention_in, stays, walks

LEFT, RIGHT = (0.1, 0.4, 0.1, 0.17), (0.7, 0.4, 0.1, 0.17)
LEFT_HALF = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))


def change(attention: FaceAttention, zones: Zones = EVERYWHERE, max_faces: int = 32) -> list[Track]:
    return attention.change(min_face_px=24, max_faces=max_faces, zones=zones)


def lost_of(attention: FaceAttention, room: FakeRoom, until_ms: float) -> list[float]:
    """Return when faces were lost."""
    return [at_ms for at_ms, lost in attend(attention, room, until_ms) if lost]


def lefts(attention: FaceAttention) -> list[float]:
    return sorted(track.seen.box[0] for track in attention.tracks)


@pytest.mark.parametrize(
    ("zones", "expected"),
    [
        (EVERYWHERE, [0.1, 0.7]),
        (Zones(include=(LEFT_HALF,)), [0.1]),
        (Zones(ignore=(LEFT_HALF,)), [0.7]),
        (Zones(include=(LEFT_HALF,), ignore=(LEFT_HALF,)), []),
    ],
)
def test_face_counts_in_an_include_zone_and_in_no_ignore_zone(
    zones: Zones, expected: list[float]
) -> None:
    room = FakeRoom([Person(stays(LEFT)), Person(stays(RIGHT))])
    attention = attention_in(room)
    change(attention, zones)
    lost_of(attention, room, 1500)
    assert lefts(attention) == expected


def test_centre_of_the_face_decides() -> None:
    box = (0.44, 0.4, 0.1, 0.17)  # its centre is at 0.49, most of its right half outside
    room = FakeRoom([Person(stays(box)), Person(stays((0.46, 0.1, 0.1, 0.17)))])
    attention = attention_in(room)
    change(attention, Zones(include=(LEFT_HALF,)))
    lost_of(attention, room, 1500)
    assert lefts(attention) == [0.44]


def test_face_that_leaves_the_zone_is_lost() -> None:
    room = FakeRoom([Person(walks(LEFT, 0.2))])  # its centre crosses the border after 1.75 s
    attention = attention_in(room)
    change(attention, Zones(include=(LEFT_HALF,)))
    (lost_ms,) = lost_of(attention, room, 3500)
    assert 1750 <= lost_ms <= 2200
    assert not attention.tracks


def test_face_that_sways_on_the_border_is_not_lost() -> None:
    def sways(at_ms: float) -> tuple[float, float, float, float]:
        return 0.447 + (0.006 if at_ms // 400 % 2 else 0.0), 0.4, 0.1, 0.17

    room = FakeRoom([Person(sways)])
    attention = attention_in(room)
    change(attention, Zones(include=(LEFT_HALF,)))
    assert lost_of(attention, room, 4000) == []
    assert [track.id for track in attention.tracks] == [1]


def test_new_zone_loses_the_faces_outside_at_once() -> None:
    room = FakeRoom([Person(stays(LEFT)), Person(stays(RIGHT))])
    attention = attention_in(room)
    lost_of(attention, room, 1500)
    lost = change(attention, Zones(ignore=(LEFT_HALF,)))
    assert [track.seen.box for track in lost] == [LEFT]
    assert lefts(attention) == [0.7]


def test_new_zone_finds_who_sits_still_in_it() -> None:
    room = FakeRoom([Person(stays(LEFT))])
    attention = attention_in(room)
    change(attention, Zones(ignore=(LEFT_HALF,)))
    lost_of(attention, room, 3000)
    change(attention)
    for index in range(10):
        attention.attend(room.frame(75 + index, 3000 + index * STEP_MS))
    assert lefts(attention) == [0.1]


def test_tiles_outside_the_zone_are_not_searched() -> None:
    searches = []
    for zones in (EVERYWHERE, Zones(include=(LEFT_HALF,))):
        room = FakeRoom([], size=(1920, 1080))
        attention = attention_in(room)
        change(attention, zones)
        lost_of(attention, room, 6000)
        searches.append([region for _, region in room.searched if not region.is_whole])
    assert len(searches[1]) < 0.8 * len(searches[0])
    assert max(region.x for region in searches[1]) < 960


def test_nothing_is_searched_when_no_face_counts_anywhere() -> None:
    room = FakeRoom([Person(stays(LEFT))])
    attention = attention_in(room)
    change(attention, Zones(ignore=(((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)),)))
    lost_of(attention, room, 3000)
    assert room.searched == []


def test_motion_outside_the_zone_causes_no_search() -> None:
    waves = Person(lambda at_ms: (0.7 + 0.1 * (at_ms // 120 % 2), 0.4, 0.1, 0.17), score=0.1)
    counts = []
    for people in ([waves], []):
        room = FakeRoom(people)
        attention = attention_in(room)
        change(attention, Zones(include=(LEFT_HALF,)))
        lost_of(attention, room, 6000)
        counts.append(len(room.searched))
    assert counts[0] == counts[1]


def test_no_more_faces_are_followed_than_allowed() -> None:
    room = FakeRoom([Person(stays(LEFT)), Person(stays(RIGHT, since_ms=1000))])
    attention = attention_in(room)
    change(attention, max_faces=1)
    lost_of(attention, room, 4000)
    assert lefts(attention) == [0.1]


def test_full_attention_looks_at_nobody_new_until_there_is_room() -> None:
    room = FakeRoom([Person(stays(LEFT, until_ms=3000)), Person(stays(RIGHT, since_ms=1000))])
    attention = attention_in(room)
    change(attention, max_faces=1)
    lost_of(attention, room, 3000)
    assert all(box[0] < 0.5 for _, box, _ in room.looked)
    for index in range(75, 155):
        attention.attend(room.frame(index, index * STEP_MS))
    assert lefts(attention) == [0.7]


def test_the_newest_faces_are_lost_when_fewer_are_allowed() -> None:
    room = FakeRoom([Person(stays(RIGHT)), Person(stays(LEFT, since_ms=1000))])
    attention = attention_in(room)
    lost_of(attention, room, 3000)
    lost = change(attention, max_faces=1)
    assert [track.seen.box for track in lost] == [LEFT]
    assert lefts(attention) == [0.7]
