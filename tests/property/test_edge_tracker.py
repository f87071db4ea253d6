from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from edge_lambda.faces.tracker import Tracker
from smile_vision.faces.boxes import clipped, iou
from tests.helpers.faces import observation

share = st.floats(-0.2, 1.2)
size = st.floats(0.001, 0.8)
any_number = st.floats(allow_nan=False, allow_infinity=False)
boxes = st.tuples(share, share, size, size)
wild_boxes = st.tuples(any_number, any_number, any_number, any_number)
# Farther out, rounding errors of a box's corners exceed its size.
near = st.floats(-10, 10)
boxes_near_the_frame = st.tuples(near, near, near, near)


@given(st.lists(st.lists(boxes, max_size=6), max_size=12))
def test_ids_are_unique_when_many_faces_come_and_go(frames: list[list[tuple]]) -> None:
    tracker = Tracker()
    gone: set[int] = set()
    for index, frame in enumerate(frames):
        gone |= {
            track.id for track in tracker.update(index * 300.0, [observation(b) for b in frame])
        }
        ids = [track.id for track in tracker.tracks]
        assert len(ids) == len(set(ids))
        assert not gone & set(ids)
        assert sum(track.is_seen_now for track in tracker.tracks) == len(frame)


@given(
    st.tuples(st.floats(0.0, 0.8), st.floats(0.0, 0.8)),
    st.floats(0.03, 0.3),
    st.tuples(st.floats(-0.45, 0.45), st.floats(-0.45, 0.45)),
    st.integers(1, 30),
)
def test_face_keeps_its_id_when_it_moves_at_constant_speed(
    start: tuple[float, float], side: float, step_in_sides: tuple[float, float], count: int
) -> None:
    tracker = Tracker()
    for index in range(count):
        x, y = (a + s * side * index for a, s in zip(start, step_in_sides, strict=True))
        tracker.update(index * 33.3, [observation((x, y, side, side))])
    assert [track.id for track in tracker.tracks] == [1]


@given(
    st.floats(-0.15, 0.15), st.floats(0.05, 0.2), st.integers(1, 8), st.sampled_from([15, 25, 30])
)
def test_face_keeps_its_id_when_it_is_missed_for_a_moment(
    step_in_sides: float, side: float, missed: int, frame_rate: int
) -> None:
    tracker = Tracker()
    step = step_in_sides * side * 30 / frame_rate
    for index in range(30):
        found = [] if 20 <= index < 20 + missed * frame_rate // 30 else None
        box = (0.4 + step * index, 0.4, side, side)
        tracker.update(index * 1000 / frame_rate, [observation(box)] if found is None else found)
    assert [track.id for track in tracker.tracks] == [1]


@given(st.floats(0.6, 1.5), st.floats(0.6, 1.5), st.floats(0.05, 0.15), st.sampled_from([10, 25]))
def test_faces_keep_their_ids_when_they_cross(
    left_speed: float, right_speed: float, side: float, frame_rate: int
) -> None:
    tracker = Tracker()
    ids: dict[str, int] = {}
    for index in range(4 * frame_rate):
        seconds = index / frame_rate
        left = (0.2 + left_speed * side * (seconds - 2) + 0.3, 0.4, side, side)
        right = (0.5 - right_speed * side * (seconds - 2), 0.4 + side * 0.1, side, side)
        hidden = iou(left, right) > 0.3  # the detector finds only one of the two then
        tracker.update(
            seconds * 1000,
            [observation(left)] if hidden else [observation(left), observation(right)],
        )
        for track in tracker.tracks:
            if index == 0:
                ids["left" if track.seen.box == left else "right"] = track.id
    final = {track.id: track.seen.box for track in tracker.tracks}
    assume(abs(left[0] - right[0]) > side)
    assert final == {ids["left"]: left, ids["right"]: right}


@given(st.lists(st.lists(boxes, max_size=5), min_size=1, max_size=6), st.randoms())
def test_order_of_detections_does_not_matter(frames: list[list[tuple]], random) -> None:
    plain, shuffled = Tracker(), Tracker()
    for index, frame in enumerate(frames):
        plain.update(index * 40.0, [observation(b) for b in frame])
        mixed = list(frame)
        random.shuffle(mixed)
        shuffled.update(index * 40.0, [observation(b) for b in mixed])
    assert [(t.id, t.seen.box) for t in plain.tracks] == [
        (t.id, t.seen.box) for t in shuffled.tracks
    ]


@given(st.lists(st.lists(wild_boxes, max_size=4), max_size=5))
def test_tracker_never_raises_when_boxes_are_absurd(frames: list[list[tuple]]) -> None:
    tracker = Tracker()
    for index, frame in enumerate(frames):
        tracker.update(index * 40.0, [observation(b) for b in frame])
        tracker.advance(index * 40.0 + 20)
        for track in tracker.tracks:
            assert track.keypoints_now().shape == (6, 2)


@given(boxes_near_the_frame, boxes_near_the_frame)
def test_iou_is_between_0_and_1_and_symmetric(a: tuple, b: tuple) -> None:
    assert 0 <= iou(a, b) <= 1 + 1e-9
    assert iou(a, b) == pytest.approx(iou(b, a))


@given(boxes)
def test_clipped_box_lies_within_the_frame(box: tuple) -> None:
    x, y, width, height = clipped(box)
    assert min(x, y, width, height) >= 0
    assert max(x + width, y + height) <= 1 + 1e-9
