"""What attention does at cuts, gaps, faults and changes of the frames."""

from __future__ import annotations

import contextlib

import pytest

from smile_vision.faces.boxes import Box
from tests.helpers.fake_room import (
    STEP_MS,
    FakeRoom,
    Person,
    attention_in,
    stays,
    watch,
)

NEAR: Box = (0.3, 0.3, 0.12, 0.2)
ASIDE: Box = (0.7, 0.3, 0.12, 0.2)


def test_all_faces_are_forgotten_at_a_cut_and_found_again_with_new_ids() -> None:
    room = FakeRoom([Person(stays(NEAR)), Person(stays(ASIDE))])
    attention = attention_in(room)
    watch(attention, room, 1000)
    assert sorted(track.id for track in attention.restart()) == [1, 2]
    assert not attention.tracks
    watch(attention, room, 1500, since_ms=1000)
    assert sorted(track.id for track in attention.in_view()) == [3, 4]


def test_face_is_lost_when_no_frame_comes_for_a_second() -> None:
    room = FakeRoom([Person(stays(NEAR))])
    attention = attention_in(room)
    watch(attention, room, 1000)
    last_ms = 1000 - STEP_MS
    assert attention.advance(last_ms + 1000) == []
    assert [track.id for track in attention.advance(last_ms + 1001)] == [1]


def test_lost_face_is_reported_after_a_search_failed_in_its_last_frame() -> None:
    room = FakeRoom([Person(stays(NEAR, until_ms=1000))])
    attention = attention_in(room)
    watch(attention, room, 1000)
    search = room.search

    def fail(*_: object) -> list[Box]:
        raise RuntimeError("search failed")

    lost = []
    room.search = fail  # type: ignore[method-assign, assignment]
    for index in range(25, 80):
        with contextlib.suppress(RuntimeError):
            lost += attention.attend(room.frame(index, index * STEP_MS))
    room.search = search  # type: ignore[method-assign]
    lost += attention.attend(room.frame(80, 80 * STEP_MS))
    assert [track.id for track in lost] == [1]


def test_video_may_change_its_size() -> None:
    room = FakeRoom([Person(stays(NEAR))])
    attention = attention_in(room)
    watch(attention, room, 1000)
    room.size = (1280, 720)
    room.__post_init__()
    room.searched.clear()
    watch(attention, room, 3100, since_ms=1000)
    assert [track.id for track in attention.in_view()] == [1]
    searched_px = {region.width for _, region in room.searched if region.is_whole}
    assert searched_px == {1280}


def test_frames_that_go_back_in_time_do_no_harm() -> None:
    room = FakeRoom([Person(stays(NEAR))])
    attention = attention_in(room)
    for index, at_ms in enumerate((0, 40, 80, 20, 60, 100, 140)):
        attention.attend(room.frame(index, at_ms))
    assert [track.id for track in attention.in_view()] == [1]


def test_a_network_that_fails_once_costs_no_face() -> None:
    room = FakeRoom([Person(stays(NEAR))])
    attention = attention_in(room)
    watch(attention, room, 1000)
    look = room.look
    room.look = None  # type: ignore[method-assign, assignment]
    with pytest.raises(TypeError):
        watch(attention, room, 1500, since_ms=1000)
    room.look = look  # type: ignore[method-assign]
    watch(attention, room, 3000, since_ms=1500)
    assert [track.id for track in attention.in_view()] == [1]
