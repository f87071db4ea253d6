"""Settings that change while the loop runs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from edge_lambda import progress as progress_module
from edge_lambda.activity import Activity
from edge_lambda.faces.zones import Zones
from edge_lambda.loop_settings import LoopSettings
from tests.helpers.loop import (
    FRAMES,
    LEFT,
    RIGHT,
    RULES,
    FakeCamera,
    FakeVision,
    RecordingSink,
    RecordingViewer,
    loop_of,
)

SETTINGS = LoopSettings(rules=RULES)
STRICT = replace(RULES, threshold_on=0.97, threshold_off=0.96)
LEFT_HALF = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))


def run(
    changes: Mapping[int, LoopSettings], vision: FakeVision | None = None, **options: Any
) -> RecordingSink:
    """Run the loop and change its settings before the frames with these numbers."""
    sink = RecordingSink()
    loop = loop_of(FakeCamera(), vision or FakeVision([LEFT]), sink, **options)
    loop.run(changing(loop.change, changes))
    return sink


def changing(
    change: Callable[[LoopSettings], None], changes: Mapping[int, LoopSettings]
) -> Callable[[], bool]:
    numbers = iter(range(FRAMES + 1))

    def is_stopped() -> bool:
        number = next(numbers)
        if number in changes:
            change(changes[number])
        return False

    return is_stopped


def thresholds(sink: RecordingSink) -> list[tuple[str, float]]:
    return [(event["phase"], event["model"]["threshold_on"]) for event in sink.events]


def test_smile_goes_on_with_its_thresholds_when_they_change() -> None:
    sink = run({40: replace(SETTINGS, rules=STRICT)})
    assert thresholds(sink) == [("started", 0.7), ("ended", 0.7)]
    assert sink.events[1]["duration_ms"] > 3000


def test_next_smile_of_the_face_has_the_new_thresholds() -> None:
    vision = FakeVision([LEFT], covered=range(45, 65))
    lower = replace(RULES, threshold_on=0.6, threshold_off=0.3)
    assert thresholds(run({30: replace(SETTINGS, rules=lower)}, vision)) == [
        ("started", 0.7),
        ("ended", 0.7),
        ("started", 0.6),
        ("ended", 0.6),
    ]
    vision = FakeVision([LEFT], covered=range(45, 65))
    assert thresholds(run({30: replace(SETTINGS, rules=STRICT)}, vision)) == [
        ("started", 0.7),
        ("ended", 0.7),
    ]


def test_smile_that_was_not_reported_yet_follows_the_new_thresholds() -> None:
    assert run({15: replace(SETTINGS, rules=STRICT)}).events == []


def test_smile_goes_on_when_other_settings_change() -> None:
    sink = run({40: replace(SETTINGS, max_faces=3), 50: SETTINGS})
    assert sink.phases == ["started", "ended"]


def test_smile_ends_when_its_face_is_outside_a_new_zone() -> None:
    zoned = replace(SETTINGS, zones=Zones(ignore=(LEFT_HALF,)))
    sink = run({50: zoned}, FakeVision([LEFT, RIGHT]))
    ends = {event["track_id"]: event for event in sink.events if event["phase"] == "ended"}
    assert len(ends) == 2
    lengths = {event["face"]["box"][0]: event["duration_ms"] for event in ends.values()}
    assert lengths[LEFT[0]] < 2100
    assert lengths[RIGHT[0]] > 3000


def test_pause_ends_smiles_and_nothing_is_looked_at_until_resumed() -> None:
    vision = FakeVision([LEFT])
    sink = run({40: replace(SETTINGS, is_paused=True), 60: SETTINGS}, vision)
    assert sink.phases == ["started", "ended", "started", "ended"]
    assert sink.track_ids[0] != sink.track_ids[2]
    assert not set(vision.scored) & set(range(40, 60))
    assert sink.events[1]["duration_ms"] < 1700


def test_paused_start_reports_nothing() -> None:
    vision = FakeVision([LEFT])
    assert run({0: replace(SETTINGS, is_paused=True)}, vision).events == []
    assert vision.scored == []


def test_frames_without_a_place_for_faces_are_counted(caplog: pytest.LogCaptureFixture) -> None:
    activity = Activity(FakeCamera())
    nowhere = replace(SETTINGS, zones=Zones(ignore=(((0, 0), (1, 0), (1, 1), (0, 1)),)))
    left = replace(SETTINGS, zones=Zones(ignore=(LEFT_HALF,)))
    paused = replace(SETTINGS, is_paused=True)
    run({10: paused, 30: SETTINGS, 40: nowhere, 45: left}, activity=activity)
    assert (activity.counts.frames, activity.counts.paused_frames) == (FRAMES, 20)
    assert activity.counts.ignored_frames == 5
    assert caplog.messages == ["the zones ignore the whole picture"]


def test_progress_says_that_the_device_is_paused(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(progress_module, "_PROGRESS_S", 0.0)
    caplog.set_level(logging.INFO, "edge_lambda")
    run({40: replace(SETTINGS, is_paused=True)}, has_progress=True)
    lines = [vars(record) for record in caplog.records if record.message == "progress"]
    assert [line["paused"] for line in lines] == [False] * 40 + [True] * 50


def test_viewer_gets_zones_and_pause() -> None:
    viewer = RecordingViewer(is_watched=True)
    zones = Zones(include=(LEFT_HALF,))
    run(
        {10: replace(SETTINGS, zones=zones), 50: replace(SETTINGS, zones=zones, is_paused=True)},
        viewer=viewer,
    )
    assert len(viewer.shown) == FRAMES
    overlays = viewer.overlays
    assert (overlays[9].include, overlays[10].include) == ((), (LEFT_HALF,))
    assert [overlay.is_paused for overlay in overlays] == [False] * 50 + [True] * 40
    assert viewer.shown[49][1] and not viewer.shown[50][1]
