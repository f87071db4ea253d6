"""Something passes in front of a smiling mouth, or stays there: the loop with a real outbox."""

from __future__ import annotations

import logging
from collections.abc import Container
from datetime import datetime, timedelta

import pytest

from edge_lambda import progress as module
from edge_lambda.activity import Activity
from edge_lambda.silence import explain_silence
from tests.helpers.clock import FakeClock
from tests.helpers.loop import (
    FRAMES,
    LEFT,
    RULES,
    START,
    STEP_MS,
    FakeCamera,
    FakeVision,
    RecordingSink,
    RecordingViewer,
    loop_of,
)

FIRST_MS = 2 * STEP_MS  # three looks must agree before the face is scored
LAST_MS = (FRAMES - 1) * STEP_MS
SCORED_EVERY_MS = 2 * STEP_MS  # while the smile is decided


def events_when(covered: Container[int]) -> list[tuple[str, float, float | None]]:
    """Return phase, start and end (ms) of what is published about a smiling face."""
    sink = RecordingSink()
    loop_of(FakeCamera(), FakeVision([LEFT], covered=covered), sink).run(lambda: False)
    return [
        (event["phase"], _ms(event["started_at"]), _ms(event.get("ended_at")))
        for event in sink.events
    ]


def _ms(time: str | None) -> float:
    if time is None:
        return -1.0
    return (datetime.fromisoformat(time) - START) / timedelta(milliseconds=1)


@pytest.mark.parametrize("hidden_ms", [80, 480])
def test_smile_goes_on_when_a_hand_passes(hidden_ms: float) -> None:
    first = 40
    (_, start_ms, _), (phase, same_start_ms, end_ms) = events_when(
        range(first, first + round(hidden_ms / STEP_MS))
    )
    assert phase == "ended"
    assert start_ms == same_start_ms == pytest.approx(FIRST_MS, abs=STEP_MS)
    assert end_ms == pytest.approx(LAST_MS, abs=SCORED_EVERY_MS)


def test_smile_ends_where_it_was_last_seen_when_the_mouth_stays_hidden() -> None:
    first = 41
    (_, _, _), (phase, _, end_ms) = events_when(range(first, FRAMES))
    assert phase == "ended"
    assert end_ms == (first - 1) * STEP_MS


def test_another_smile_starts_where_the_mouth_is_seen_again() -> None:
    first, again = 30, 70
    _, (_, _, end_ms), (phase, start_ms, _), _ = events_when(range(first, again))
    assert end_ms <= first * STEP_MS
    assert (phase, start_ms) == ("started", again * STEP_MS)


def test_activity_counts_the_views_with_a_hidden_mouth_and_explains_them() -> None:
    camera, hidden = FakeCamera(), range(FRAMES)
    activity = Activity(camera)
    vision = FakeVision([LEFT], covered=hidden)
    loop_of(camera, vision, RecordingSink(), activity=activity).run(lambda: False)
    summary = activity.summary()
    assert summary["bad_views"] == {"mouth hidden": FRAMES - 2}
    assert (summary["faces"], summary["scored_faces"]) == (1, 0)
    explanation = "1 face was seen, but none could be scored (mouth hidden)"
    assert explain_silence(summary, RULES) == explanation


def test_viewer_sees_the_reason_while_the_smile_goes_on() -> None:
    viewer = RecordingViewer(is_watched=True)
    vision = FakeVision([LEFT], covered=range(40, 50))
    loop_of(FakeCamera(), vision, RecordingSink(), viewer=viewer).run(lambda: False)
    (before,), (hidden,), (after,) = (viewer.shown[index][1] for index in (39, 45, 52))
    assert [mark.problem for mark in (before, hidden, after)] == [None, "mouth hidden", None]
    assert before.is_smiling and hidden.is_smiling and after.is_smiling


def test_progress_names_the_reasons_of_the_latest_frame(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "edge_lambda")
    clock = FakeClock()
    monkeypatch.setattr(module, "time", clock)

    def advance() -> bool:
        clock.sleep(0.125)
        return False

    vision = FakeVision([LEFT], covered=range(60, FRAMES))
    loop_of(FakeCamera(), vision, RecordingSink(), has_progress=True).run(advance)
    progress = [vars(record) for record in caplog.records if record.message == "progress"]
    problems = {one["position_ms"]: one["problems"] for one in progress}
    assert problems[51 * STEP_MS] == []
    assert problems[71 * STEP_MS] == ["mouth hidden"]
