"""How attention follows the faces of a room."""

from __future__ import annotations

import math

import pytest

from edge_lambda.faces.attention import FaceAttention
from smile_vision.faces.boxes import Box
from tests.helpers.fake_room import (
    STEP_MS,
    FakeRoom,
    Path,
    Person,
    attend,
    attention_in,
    stays,
    walks,
    watch,
)

NEAR: Box = (0.3, 0.3, 0.12, 0.2)
FAR: Box = (0.62, 0.4, 0.05, 0.09)


def ids_seen(attention: FaceAttention, room: FakeRoom, until_ms: float) -> list[set[int]]:
    """Return the ids of the tracks that were seen on each person."""
    ids: list[set[int]] = [set() for _ in room.people]
    for _ in attend(attention, room, until_ms):
        for track in attention.in_view():
            person = room.person_at(track)
            if person is not None:
                ids[list(room.people).index(person)].add(track.id)
    return ids


def gap_in(path: Path, since_ms: float, until_ms: float) -> Path:
    """Return a path during which the face is hidden for a while."""
    return lambda at_ms: None if since_ms <= at_ms < until_ms else path(at_ms)


def test_followed_face_keeps_its_id_while_it_walks_through_the_room() -> None:
    room = FakeRoom([Person(walks((0.02, 0.4, 0.06, 0.1), 0.25, 0.05))])
    attention = attention_in(room)
    assert ids_seen(attention, room, 3600) == [{1}]


@pytest.mark.parametrize("widths_per_s", [1, 4, 8])
@pytest.mark.parametrize("step_ms", [33.3, 40.0])
def test_face_that_walks_by_is_followed_from_the_first_frames(
    widths_per_s: float, step_ms: float
) -> None:
    """People who walk by near the camera move by eight widths of their face a second."""
    room = FakeRoom([Person(walks((0.0, 0.4, 0.08, 0.14), 0.08 * widths_per_s))])
    attention = attention_in(room)
    until_ms = min(0.9 / (0.08 * widths_per_s) * 1000, 3000)
    seen = 0
    for _ in attend(attention, room, until_ms, step_ms=step_ms):
        seen += [track.id for track in attention.in_view()] == [1]
    assert seen >= until_ms / step_ms - 5


def test_followed_face_keeps_its_id_while_it_comes_nearer() -> None:
    def grows(at_ms: float) -> Box:
        width = 0.03 * 2 ** (at_ms / 1000)
        return (0.5 - width / 2, 0.5 - width, width, width * 1.8)

    room = FakeRoom([Person(grows)], size=(1280, 720))
    attention = attention_in(room)
    assert ids_seen(attention, room, 4000) == [{1}]


@pytest.mark.parametrize("hidden_ms", [300, 650, 900])
@pytest.mark.parametrize("dx_per_s", [0.0, 0.06, -0.12])
def test_face_keeps_its_id_when_it_is_hidden_for_less_than_a_second(
    hidden_ms: float, dx_per_s: float
) -> None:
    path = gap_in(walks(NEAR, dx_per_s), 2000, 2000 + hidden_ms)
    room = FakeRoom([Person(path)])
    attention = attention_in(room)
    assert ids_seen(attention, room, 4500) == [{1}]


def test_face_keeps_its_id_when_its_box_is_squeezed_before_it_is_hidden() -> None:
    """Something that moves in front covers a part of the face first; the looks are unsure then."""
    x, y, width, height = NEAR

    def path(at_ms: float) -> Box | None:
        if 2000 <= at_ms < 2200:
            return (x - 0.35 * width, y - 0.2 * height, width * 1.3, height * 1.3)
        return None if 2200 <= at_ms < 2900 else NEAR

    room = FakeRoom([Person(path, likeness=lambda at_ms: 0.55 if 2000 <= at_ms < 2200 else 0.95)])
    attention = attention_in(room)
    assert ids_seen(attention, room, 4000) == [{1}]


def test_face_gets_a_new_id_when_it_is_hidden_for_longer() -> None:
    room = FakeRoom([Person(gap_in(walks(NEAR, 0.0), 2000, 3500))])
    attention = attention_in(room)
    assert ids_seen(attention, room, 5000) == [{1, 2}]


@pytest.mark.parametrize("speed", [0.1, 0.2, 0.3])
@pytest.mark.parametrize("step_ms", [33.3, 66.7])
def test_faces_keep_their_ids_when_one_passes_behind_the_other(
    speed: float, step_ms: float
) -> None:
    front = walks((0.2, 0.4, 0.1, 0.18), speed)
    behind_path = walks((0.7, 0.41, 0.08, 0.15), -speed)

    def behind(at_ms: float) -> Box | None:
        mine, other = behind_path(at_ms), front(at_ms)
        assert mine is not None and other is not None
        is_hidden = abs(mine[0] - other[0]) < 0.08
        return None if is_hidden else mine

    room = FakeRoom([Person(front), Person(behind)])
    attention = attention_in(room)
    seen: list[set[int]] = [set(), set()]
    for _ in attend(attention, room, 0.6 / speed * 1000, step_ms=step_ms):
        for track in attention.in_view():
            person = room.person_at(track)
            assert person is not None
            seen[list(room.people).index(person)].add(track.id)
    assert [len(ids) for ids in seen] == [1, 1]
    assert seen[0] != seen[1]


def test_face_that_jumps_aside_is_found_again_by_a_wider_look() -> None:
    def jumps(at_ms: float) -> Box:
        return NEAR if at_ms < 2000 else (NEAR[0] + 0.55 * NEAR[2], *NEAR[1:])

    room = FakeRoom([Person(jumps)])
    attention = attention_in(room)
    assert ids_seen(attention, room, 2500) == [{1}]


def test_steady_face_is_looked_at_three_times_a_second() -> None:
    room = FakeRoom([Person(stays(NEAR))])
    attention = attention_in(room)
    watch(attention, room, 1000)
    room.looked.clear()
    watch(attention, room, 11_000, since_ms=1000)
    assert 28 <= len(room.looked) <= 32


def test_key_points_are_not_used_long_after_the_last_look() -> None:
    """A face whose looks wait, because the budget is spent, is in view for half a second."""
    room = FakeRoom([Person(stays(NEAR))])
    attention = attention_in(room)
    watch(attention, room, 1000)
    (track,) = attention.in_view()
    attention.advance(track.seen_ms + 499)
    assert attention.in_view() == [track]
    attention.advance(track.seen_ms + 501)
    assert attention.in_view() == []


def test_missed_face_is_not_in_view() -> None:
    room = FakeRoom([Person(stays(NEAR, until_ms=2000))])
    attention = attention_in(room)
    watch(attention, room, 2000 + 320 + STEP_MS)
    assert attention.tracks and not attention.in_view()


def test_picture_on_the_wall_is_still_after_a_minute_until_it_moves() -> None:
    moved = (NEAR[0] + 0.02, *NEAR[1:])
    room = FakeRoom([Person(lambda at_ms: NEAR if at_ms < 70_000 else moved)])
    attention = attention_in(room)
    is_still = {}
    for at_ms, _ in attend(attention, room, 72_000, step_ms=100):
        is_still[at_ms] = any(track.is_still for track in attention.in_view())
    assert is_still[61_000] and is_still[69_900]
    assert not is_still[59_000] and not is_still[71_000]


@pytest.mark.parametrize(("sway", "is_still"), [(0.03, True), (0.08, False)])
def test_face_that_sways_unnoticed_by_the_motion_map_is_alive(
    sway: float, is_still: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A small face moves by less than the distance of the points of the motion map."""
    monkeypatch.setattr("tests.helpers.fake_room._draw", lambda *_: None)

    def path(at_ms: float) -> Box:
        return (FAR[0] + sway * FAR[2] * math.sin(at_ms / 5000), *FAR[1:])

    room = FakeRoom([Person(path)])
    attention = attention_in(room)
    watch(attention, room, 65_000, step_ms=100)
    (track,) = attention.in_view()
    assert track.is_still == is_still
