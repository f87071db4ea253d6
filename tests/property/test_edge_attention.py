"""What attention promises in every room: its budget, no starving face, one track per person."""

from __future__ import annotations

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from smile_vision.faces.boxes import Box, iou
from tests.helpers.fake_room import FakeRoom, Person, attend, attention_in

_STARVING_MS, _STARVING_GAP_MS = 400.0, 40.0
_REGIONS, _MAX_AGE_S = 9, 2.0


@st.composite
def people(draw: st.DrawFn, most: int = 10) -> list[Person]:
    """Return people, each in a cell of a grid and moving within it, so that none covers another.

    They do not move in step: if all squares of a `FakeRoom` move alike, its camera seems to turn.
    """
    cells = draw(st.lists(st.integers(0, 11), unique=True, max_size=most))
    return [_person(draw, cell % 4 * 0.25, cell // 4 * 0.33, phase=2.4 * cell) for cell in cells]


def _person(draw: st.DrawFn, left: float, top: float, phase: float) -> Person:
    width = draw(st.floats(0.06, 0.1))
    swing = draw(st.floats(0, 0.07))
    period_ms = draw(st.floats(3500, 6000))  # at most two face widths a second
    since_ms = draw(st.sampled_from([0.0, 0.0, 700.0]))
    score = draw(st.sampled_from([0.95, 0.95, 0.6]))

    def path(at_ms: float) -> Box | None:
        if at_ms < since_ms:
            return None
        shift = swing * (1 + math.sin(2 * math.pi * at_ms / period_ms + phase))
        return (left + 0.01 + shift, top + 0.05, width, width * 1.7)

    return Person(path, score=score)


@settings(max_examples=40, deadline=None)
@given(people(), st.floats(1, 15), st.floats(10, 400), st.floats(20, 150))
def test_work_stays_within_the_budget_over_any_time(
    persons: list[Person], cost_ms: float, budget_ms_per_s: float, step_ms: float
) -> None:
    room = FakeRoom(persons, cost_ms=cost_ms)
    attention = attention_in(room, budget_ms_per_s=budget_ms_per_s)
    spent = [
        (at_ms, room.spent_s * 1000) for at_ms, _ in attend(attention, room, 3000, step_ms=step_ms)
    ]
    looks_per_frame = math.ceil(step_ms / 20) + 2 * 3
    for first, (begun_ms, before) in enumerate(spent):
        for ended_ms, after in spent[first + 1 :]:
            seconds = (ended_ms - begun_ms) / 1000
            # What must not wait: every place within two seconds, and a look at a starving face.
            searches = _REGIONS * (seconds / _MAX_AGE_S + 1)
            must = searches * (1 + 2 * 3) + seconds * 1000 / _STARVING_GAP_MS + 1
            may = budget_ms_per_s * (seconds + 1)
            assert after - before <= may + cost_ms * (must + looks_per_frame + 1)


@settings(max_examples=40, deadline=None)
@given(people(), st.floats(1, 40), st.floats(1, 100), st.floats(20, 100))
def test_no_face_waits_for_ever_however_small_the_budget(
    persons: list[Person], cost_ms: float, budget_ms_per_s: float, step_ms: float
) -> None:
    room = FakeRoom(persons, cost_ms=cost_ms)
    attention = attention_in(room, budget_ms_per_s=budget_ms_per_s)
    for at_ms, _ in attend(attention, room, 3000, step_ms=step_ms):
        turns = len(persons) + 2
        longest_ms = _STARVING_MS + turns * (_STARVING_GAP_MS + step_ms)
        for track in attention.tracks:
            assert at_ms - track.looked_ms <= longest_ms


@settings(max_examples=40, deadline=None)
@given(people(), st.sampled_from([20.0, 33.3, 40.0, 66.7]))
def test_each_person_has_one_track_and_each_track_one_person(
    persons: list[Person], step_ms: float
) -> None:
    room = FakeRoom(persons)
    attention = attention_in(room)
    owner: dict[int, Person] = {}
    for _ in attend(attention, room, 3000, step_ms=step_ms):
        shown = attention.in_view()
        for track in shown:
            person = room.person_at(track)
            assert person is not None and person.score > 0.7
            assert owner.setdefault(track.id, person) is person
        boxes = [track.seen.box for track in shown]
        assert all(iou(a, b) < 0.5 for i, a in enumerate(boxes) for b in boxes[i + 1 :])
    found = {id(person) for person in owner.values()}
    assert found == {id(person) for person in persons if person.score > 0.7}
    assert len(owner) == len(found)
