"""The lines that `make run` prints about what the edge saw."""

from __future__ import annotations

from local.report.summary import sighting_lines

EMPTY_ROOM = {
    "frames": 53, "frame_rate": 24.96, "damaged_frames": 144, "failed_frames": 0,
    "skipped_frames": 3, "faces": 0, "most_faces_at_once": 0, "frames_with_face": 0,
    "best_smile_score": None, "best_smile_ms": None, "bad_views": {},
    "explanation": "144 of 197 frames were damaged; no face was seen",
}  # fmt: skip
PARTY = EMPTY_ROOM | {
    "damaged_frames": 0, "skipped_frames": 0, "faces": 7, "most_faces_at_once": 3,
    "frames_with_face": 33, "best_smile_score": 0.9342, "best_smile_ms": 12_440,
    "explanation": None,
}  # fmt: skip


def test_lines_explain_a_run_without_events() -> None:
    assert sighting_lines(EMPTY_ROOM) == [
        "frames watched             53 at 25.0 frames/s, 144 damaged, 3 skipped",
        "faces seen                 0",
        "explanation                144 of 197 frames were damaged; no face was seen",
    ]


def test_lines_count_faces_and_name_the_best_score() -> None:
    assert sighting_lines(PARTY) == [
        "frames watched             53 at 25.0 frames/s",
        "faces seen                 7, at most 3 at once, in 62 % of the frames",
        "best smile score           0.93 at 12.4 s",
    ]


def test_lines_count_the_views_without_a_score_by_reason() -> None:
    lines = sighting_lines(PARTY | {"bad_views": {"mouth hidden": 40, "cut off": 3}})
    assert lines[3:] == ["views without a score      40 mouth hidden, 3 cut off"]


def test_lines_name_the_events_that_an_earlier_run_left_open() -> None:
    lines = sighting_lines(EMPTY_ROOM | {"recovered_events": 1})
    assert lines[2] == "events of the run before   1"


def test_there_are_no_lines_when_the_edge_reported_nothing() -> None:
    assert sighting_lines({}) == []


def test_share_of_faces_is_zero_when_no_frame_was_counted() -> None:
    lines = sighting_lines(PARTY | {"frames": 0, "frame_rate": None, "frames_with_face": 0})
    assert lines[:2] == [
        "frames watched             0",
        "faces seen                 7, at most 3 at once, in 0 % of the frames",
    ]
