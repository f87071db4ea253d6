"""A whole run in this process, on a video without people."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from edge_lambda import app as module
from edge_lambda import make_sinks as sinks_module
from edge_lambda.app import run
from edge_lambda.config import EdgeConfig, load_config
from edge_lambda.control.shadow import Shadow
from edge_lambda.delivery.outbox import Outbox
from edge_lambda.delivery.sink import Sink
from edge_lambda.faces.vision import SmileVision
from edge_lambda.faces.zones import Zones
from edge_lambda.loop_settings import LoopSettings, make_loop_settings
from smile_contract import encode_message
from smile_contract.episodes.episode import EpisodeRules
from tests.helpers.clock import FakeClock
from tests.helpers.events import smile_event
from tests.helpers.video import damaged_video, first_seconds, still_video
from tests.helpers.waiting import free_port


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    """Replace the clock that the wait for the broker uses."""
    clock = FakeClock()
    monkeypatch.setattr("edge_lambda.delivery.publisher.time", clock)
    return clock


@pytest.fixture
def outbox_path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.sqlite"


def config(folder: Path, **settings: object) -> EdgeConfig:
    dotted = {key.replace("__", "."): value for key, value in settings.items()}
    if "source" not in dotted:
        dotted["source"] = str(still_video(folder / "still.mp4"))
    return load_config(None, {"device_id": "cam-1", **dotted})


def waiting_for_no_broker(folder: Path, outbox_path: Path, phase: str = "ended") -> EdgeConfig:
    outbox = Outbox(outbox_path)
    outbox.put(smile_event(phase))
    outbox.close()
    url = f"mqtt://127.0.0.1:{free_port()}"
    return config(folder, sinks=("mqtt",), mqtt__url=url, outbox__path=str(outbox_path))


def test_run_waits_for_the_broker_at_the_end_of_a_file(
    tmp_path: Path, outbox_path: Path, clock: FakeClock, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(waiting_for_no_broker(tmp_path, outbox_path), lambda: False) == 3
    assert clock.monotonic() == pytest.approx(10, abs=0.1)
    assert capsys.readouterr().err == (
        "edge_lambda: no smile events: no face was seen\n"
        f"edge_lambda: 1 event stays in the outbox {outbox_path}, the next run sends it\n"
    )


def test_run_waits_a_second_for_the_broker_when_it_is_stopped(
    tmp_path: Path, outbox_path: Path, clock: FakeClock, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(waiting_for_no_broker(tmp_path, outbox_path), lambda: True) == 0
    assert clock.monotonic() == pytest.approx(1, abs=0.1)
    assert "1 event stays in the outbox" in capsys.readouterr().err


def test_smile_that_a_crash_left_open_is_ended_by_the_next_run(
    tmp_path: Path,
    outbox_path: Path,
    capfdbinary: pytest.CaptureFixture[bytes],
    caplog: pytest.LogCaptureFixture,
) -> None:
    outbox = Outbox(outbox_path)
    started = smile_event("started")
    outbox.put(started)
    outbox.close()
    assert run(config(tmp_path, outbox__path=str(outbox_path)), lambda: False) == 0
    (ended,) = map(json.loads, capfdbinary.readouterr().out.splitlines())
    assert (ended["event_id"], ended["phase"]) == (started.event_id, "ended")
    assert "interrupted smile ended" in caplog.messages


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(("room", "dropped"), [(1.2, 0), (0.8, 1)])
def test_run_reports_dropped_events_when_the_outbox_is_full(
    tmp_path: Path,
    outbox_path: Path,
    capsys: pytest.CaptureFixture[str],
    room: float,
    dropped: int,
) -> None:
    full = waiting_for_no_broker(tmp_path, outbox_path, "started")  # and its `ended` at the start
    size_mb = sum(len(encode_message([smile_event(phase)])) for phase in ("started", "ended")) / 1e6
    outbox = full.outbox.model_copy(update={"max_mb": size_mb * room})
    assert run(full.model_copy(update={"outbox": outbox}), lambda: True) == (3 if dropped else 0)
    events = "1 event was" if dropped == 1 else f"{dropped} events were"
    message = f"{events} dropped: the outbox was full\n"
    assert (message in capsys.readouterr().err) is bool(dropped)


@pytest.mark.usefixtures("clock")
def test_standard_output_has_events_only_when_standard_error_is_closed(
    tmp_path: Path,
    outbox_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.stderr", None)
    assert run(waiting_for_no_broker(tmp_path, outbox_path), lambda: True) == 0
    assert capsys.readouterr().out == ""


def test_run_without_faces_says_so_and_logs_its_counts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "edge_lambda")
    assert run(config(tmp_path), lambda: False) == 0
    assert capsys.readouterr() == ("", "edge_lambda: no smile events: no face was seen\n")
    started, finished = vars(caplog.records[0]), vars(caplog.records[-1])
    assert (started["message"], started["device_id"]) == ("started", "cam-1")
    assert started["threshold_on"] > started["threshold_off"]
    counts = {"frames": 50, "failed_frames": 0, "skipped_frames": 0, "damaged_frames": 0}
    counts |= {"scene_cuts": 0, "events": 0, "undelivered": 0, "lost": 0, "dropped": 0}
    counts |= {"faces": 0, "frames_with_face": 0, "explanation": "no face was seen"}
    assert {key: finished[key] for key in counts} == counts


def test_nothing_is_printed_when_there_are_events(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "edge_lambda")
    clip = first_seconds(tmp_path / "clip.mp4", 5)
    assert run(config(tmp_path, source=str(clip)), lambda: False) == 0
    output = capfd.readouterr()
    assert output.out
    assert output.err == ""
    finished = vars(caplog.records[-1])
    assert (finished["faces"], finished["most_faces_at_once"]) == (2, 2)
    assert finished["frames_with_face"] == finished["frames"] - 2  # three looks confirm a face
    assert finished["best_smile_score"] > 0.9
    assert finished["explanation"] is None


def test_interrupted_smile_does_not_hide_that_the_run_saw_nobody(
    tmp_path: Path,
    outbox_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    outbox = Outbox(outbox_path)
    outbox.put(smile_event("started"))
    outbox.close()
    caplog.set_level(logging.INFO, "edge_lambda")
    run(config(tmp_path, outbox__path=str(outbox_path)), lambda: False)
    expected = "edge_lambda: no smile events except 1 from the run before: no face was seen\n"
    assert capsys.readouterr().err == expected
    finished = vars(caplog.records[-1])
    assert (finished["events"], finished["recovered_events"]) == (1, 1)
    assert finished["explanation"] == "no face was seen"


@pytest.mark.parametrize(
    ("settings", "explanation"),
    [
        ({"paused": True}, "paused: no frame was examined"),
        (
            {"zones__ignore": [[[0, 0], [1, 0], [1, 1], [0, 1]]]},
            "the zones ignore the whole picture",
        ),
    ],
)
def test_run_that_looked_for_nobody_does_not_say_that_nobody_was_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], settings: dict[str, object],
    explanation: str,
) -> None:  # fmt: skip
    assert run(config(tmp_path, **settings), lambda: False) == 0
    assert capsys.readouterr().err == f"edge_lambda: no smile events: {explanation}\n"


@pytest.mark.parametrize(
    ("damaged", "code"), [(range(4, 24), 0), (range(4, 34), 4)], ids=["40 %", "60 %"]
)
def test_code_is_4_when_most_frames_of_a_file_are_damaged(
    *, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture,
    damaged: range, code: int,
) -> None:  # fmt: skip
    caplog.set_level(logging.INFO, "edge_lambda")
    path = damaged_video(tmp_path / "damaged.avi", damaged)
    assert run(config(tmp_path, source=str(path)), lambda: False) == code
    count = len(damaged)
    explanation = f"{count} of 50 frames were damaged; no face was seen"
    assert capsys.readouterr().err == f"edge_lambda: no smile events: {explanation}\n"
    (warning,) = [vars(one) for one in caplog.records if one.levelname == "WARNING"]
    assert warning["message"] == "frames are damaged"
    assert (warning["damaged_frames"], warning["of_frames"]) == (count, 50)
    finished = vars(caplog.records[-1])
    assert (finished["frames"], finished["damaged_frames"]) == (50 - count, count)
    assert finished["explanation"] == explanation


def test_code_is_0_when_a_run_with_damaged_frames_is_stopped(tmp_path: Path) -> None:
    path = damaged_video(tmp_path / "damaged.avi", range(40))
    calls = iter([False, True, True, True, True, True])
    assert run(config(tmp_path, source=str(path)), lambda: next(calls)) == 0


def test_code_is_3_when_events_stay_and_most_frames_are_damaged(
    tmp_path: Path, outbox_path: Path, clock: FakeClock
) -> None:
    path = damaged_video(tmp_path / "damaged.avi", range(4, 44))
    waiting = waiting_for_no_broker(tmp_path, outbox_path)
    assert run(waiting.model_copy(update={"source": str(path)}), lambda: False) == 3
    assert clock.monotonic() > 0


@pytest.mark.parametrize("sink", ["mqtt", "greengrass"])
@pytest.mark.parametrize(
    ("rule", "prefix"), [(None, ""), ("smile_events", "$aws/rules/smile_events/")]
)
def test_events_go_to_the_topic_of_the_basic_ingest_rule_when_there_is_one(
    *, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sink: str, rule: str | None, prefix: str
) -> None:
    prefixes: list[str] = []

    class RecordingSink(Sink):
        def __init__(self, *arguments: Any, topic_prefix: str = "", **_: Any) -> None:
            prefixes.append(topic_prefix or arguments[1] if sink == "greengrass" else topic_prefix)

        def offer(self, record: object) -> None: ...

    name = {"mqtt": "MqttSink", "greengrass": "GreengrassSink"}[sink]
    monkeypatch.setattr(sinks_module, name, RecordingSink)
    settings = {"sinks": (sink,), "outbox__path": str(tmp_path / "o.sqlite")}
    run(config(tmp_path, mqtt__basic_ingest_rule=rule, **settings), lambda: True)
    assert prefixes == [prefix]


@pytest.mark.parametrize("sink", ["MqttSink", "GreengrassSink"])
@pytest.mark.parametrize("has_shadow", [True, False])
def test_settings_of_the_shadow_are_followed_unless_it_is_turned_off(
    *, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sink: str, has_shadow: bool
) -> None:
    given: list[object] = []

    class RecordingSink(Sink):
        def __init__(self, *_: Any, conversation: object, **__: Any) -> None:
            given.append(conversation)

        def offer(self, record: object) -> None: ...

    monkeypatch.setattr(sinks_module, sink, RecordingSink)
    (tmp_path / "o.settings").write_text('{"paused": true}')
    settings = {"sinks": (sink.removesuffix("Sink").lower(),), "control__shadow": has_shadow}
    settings |= {"outbox__path": str(tmp_path / "o.sqlite")}
    paused: list[bool] = []

    def make(config: EdgeConfig, vision: SmileVision) -> LoopSettings:
        paused.append(config.paused)
        return make_loop_settings(config, vision)

    monkeypatch.setattr(module, "make_loop_settings", make)
    run(config(tmp_path, **settings), lambda: True)
    assert [isinstance(one, Shadow) for one in given] == [has_shadow]
    assert paused[-1] is has_shadow


TRIANGLE = [[0, 0], [1, 0], [0.5, 1]]


def test_settings_reach_the_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}
    changes: list[LoopSettings] = []

    class RecordingLoop:
        def __init__(self, _source: object, **options: Any) -> None:
            given.update(options)

        def change(self, settings: LoopSettings) -> None:
            changes.append(settings)

        def run(self, _: object) -> None: ...

    monkeypatch.setattr(module, "EdgeLoop", RecordingLoop)
    monkeypatch.setattr(module, "FaceAttention", lambda vision, **values: values)
    monkeypatch.setattr(module, "CpuBudget", lambda ms_per_s, _clock: ms_per_s)
    monkeypatch.setattr(module, "SmileVision", SmileVisionStub)
    smile = {"threshold_on": 0.8, "threshold_off": 0.4, "smoothing_ms": 1.0}
    smile |= {"min_duration_ms": 2.0, "max_gap_ms": 3.0, "correct_talking": False}
    settings = {
        "vision__min_face_score": 0.6, "vision__min_face_px": 30, "vision__cpu_ms_per_s": 99.0,
        "vision__max_faces": 5, "zones__ignore": [TRIANGLE],
        "track__max_missed_ms": 4.0, "progress": True, "paused": True,
    }  # fmt: skip
    settings |= {f"smile__{key}": value for key, value in smile.items()}
    run(config(tmp_path, smile__max_duration_s=90.0, **settings), lambda: False)
    assert given["rules"] == EpisodeRules(**smile, max_duration_ms=90_000.0)
    assert given["attention"] == {
        "max_missed_ms": 4.0, "min_face_px": 30, "min_face_score": 0.6, "budget": 99.0
    }  # fmt: skip
    (change,) = changes
    assert change == LoopSettings(
        rules=given["rules"],
        zones=Zones(ignore=(((0.0, 0.0), (1.0, 0.0), (0.5, 1.0)),)),
        min_face_px=30,
        max_faces=5,
        is_paused=True,
    )
    assert isinstance(given["vision"], SmileVisionStub)
    assert (given["has_progress"], given["viewer"]) == (True, None)


class SmileVisionStub:
    largest_score = 0.99

    class card:  # noqa: N801 - an attribute
        sha256 = "0" * 64
        threshold_on = 0.7
        threshold_off = 0.5
