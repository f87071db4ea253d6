"""A run without processes: what it prints, when it fails, its exit code."""

from __future__ import annotations

import json
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from local.aws.alert_inbox import Alert
from local.errors import StartError
from local.functions.event_source import Outcome
from local.report.ground_truth import Episode
from local.report.run_check import RunCheck
from local.run import session as module
from local.run.options import Options
from local.run.queues import QueueCounts
from local.run.session import Session

ID = "01890000-0000-7000-8000-000000000001"
ENDED = {
    "event_id": ID,
    "device_id": "cam-1",
    "phase": "ended",
    "started_at": "2026-01-01T00:00:01.000Z",
    "ended_at": "2026-01-01T00:00:02.000Z",
}


FINISHED = {
    "frames": 53,
    "frame_rate": 24.96,
    "damaged_frames": 144,
    "failed_frames": 0,
    "skipped_frames": 0,
    "faces": 0,
    "most_faces_at_once": 0,
    "frames_with_face": 0,
    "best_smile_score": None,
    "best_smile_ms": None,
    "bad_views": {},
    "explanation": "144 of 197 frames were damaged; no face was seen",
}


class Scene:
    """A stack and an edge without processes, and what they do."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.stored: list[str] = [ID]
        self.shown: list[str] = []
        self.dashboard_url: str | None = "http://127.0.0.1:8001/#key=key"
        self.uses_tokens = False
        self.dead_letters = [{"DeadLetterQueue": 0}]
        self.left: dict[str, QueueCounts] = {}
        self.reasons: list[str] = []
        self.episodes: list[Episode] = []
        self.edge_error: Exception | None = None
        self.check_error: Exception | None = None
        self.left_events = self.had_bad_frames = False
        self.finished: dict[str, Any] = {}
        self.rounds = 1
        self.calls: list[str] = []
        self.session: Session | None = None
        self.argv: list[str] = []
        monkeypatch.setattr(module, "Stack", self.start_stack)
        monkeypatch.setattr(module, "Edge", self.start_edge)
        monkeypatch.setattr(module, "check_run", self.check_run)
        monkeypatch.setattr(
            module.RunConsole, "end_progress", lambda _: self.calls.append("end_progress")
        )
        monkeypatch.setattr(module, "load_episodes", lambda _: self.episodes)
        monkeypatch.setattr(module, "compare", lambda *_: ([], []))
        monkeypatch.setattr(module, "_ALERT_TIMEOUT_S", 0.0)
        monkeypatch.setattr(module, "_COUNT_S", 0.0)
        monkeypatch.setattr(module.time, "sleep", lambda _: None)

    def run(self, **options: Any) -> int:
        self.session = Session(Options(**{"source": "0", "once": True, **options}), {}, 0.0)
        return self.session.run()

    # --- the stack ---

    def start_stack(self, *_: Any) -> Any:
        return SimpleNamespace(
            api_port=8001,
            api_key="key",
            api_keys=["key"],
            url="http://127.0.0.1:8001",
            broker_kind="mosquitto",
            has_shadows=True,
            uses_tokens=self.uses_tokens,
            mqtt_port=1883,
            aws=SimpleNamespace(endpoint_url="http://aws", dynamodb_url="http://dynamodb"),
            queues=SimpleNamespace(
                dead_letters=self.count, wait_idle=self.wait_idle, new_reasons=self.new_reasons
            ),
            functions=SimpleNamespace(last_error=None),
            not_run=["Other (AWS::Other)"],
            kept_tables=["Table"],
            processes=None,
            live=SimpleNamespace(show=self.shown.append),
            dashboard_url=self.dashboard_url,
            start_messaging=lambda: self.calls.append("start_messaging"),
            start_functions=lambda: self.calls.append("start_functions"),
            check=self.check,
            stop=lambda: self.calls.append("stop"),
        )

    def check(self) -> None:
        if self.check_error is not None:
            raise self.check_error

    def count(self, *_: Any) -> dict[str, int]:
        found = self.dead_letters.pop(0) if len(self.dead_letters) > 1 else self.dead_letters[0]
        if isinstance(found, Exception):
            raise found
        return found

    def wait_idle(self, _: float) -> dict[str, QueueCounts]:
        self.calls.append("wait_idle")
        return self.left

    def new_reasons(self, *_: Any) -> list[str]:
        return self.reasons

    def check_run(self, sent: dict[str, Any], *_: Any) -> RunCheck:
        missing = [event_id for event_id in sent if event_id not in self.stored]
        stored = {event_id: sent[event_id] for event_id in sent if event_id in self.stored}
        return RunCheck(stored=stored, missing=missing)

    # --- the edge ---

    def start_edge(self, argv: list[str], _: Any, on_event: Any, on_log: Any) -> Any:
        self.argv = argv
        on_log({"message": "stream started", "url": "http://stream"})
        on_log({"message": "progress", "position_ms": 40})
        on_log({"level": "WARNING", "message": "camera lost", "reason": "gone"})
        on_log({"level": "INFO", "message": "connected"})
        on_event(ENDED)
        if self.finished:
            on_log({"level": "INFO", "message": "finished", **self.finished})
        return SimpleNamespace(
            wait=self.wait, left_events=self.left_events, had_bad_frames=self.had_bad_frames
        )

    def wait(self, timeout_s: float) -> bool:
        if self.edge_error is not None:
            raise self.edge_error
        if timeout_s:
            self.rounds -= 1
        return self.rounds < 0


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    return Scene(monkeypatch)


def test_run_is_good_when_every_event_is_stored(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    assert scene.run() == 0
    progress = ["end_progress", "wait_idle", "end_progress"]  # no bar below the summary
    assert scene.calls == ["start_messaging", "start_functions", *progress, "stop"]
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("■  00:00:02.000  cam-1  smile ended") for line in lines)
    assert any(line.startswith("ready after ") for line in lines)
    assert "dashboard  http://127.0.0.1:8001/#key=key" in lines
    assert not any("live view" in line for line in lines)
    assert scene.shown == ["http://stream"]
    assert "!  edge: camera lost: reason=gone" in lines
    assert not any("connected" in line for line in lines)
    assert "does not run on this machine: Other (AWS::Other)" in lines
    assert "the table Table exists on http://dynamodb: kept as is" in lines
    assert "port 8000 is in use, the API is on 8001" in lines
    assert "stored as sent             1" in lines
    assert any(line.startswith("start-up                   first frame after ") for line in lines)


def test_live_view_is_printed_when_the_template_has_no_dashboard(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    scene.dashboard_url = None
    scene.run()
    lines = capsys.readouterr().out.splitlines()
    assert "live view  http://stream" in lines
    assert not any(line.startswith("dashboard") for line in lines)


def test_run_is_not_good_when_an_event_is_missing(scene: Scene) -> None:
    scene.stored = []
    assert scene.run() == 1


def test_run_is_not_good_when_most_frames_could_not_be_used(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    scene.had_bad_frames = True
    assert scene.run() == 1
    assert "!  most frames of the source could not be used" in capsys.readouterr().out


def test_summary_shows_what_the_edge_saw(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    scene.finished = FINISHED
    scene.run()
    assert "faces seen                 0" in capsys.readouterr().out.splitlines()


def test_run_is_not_good_when_a_queue_has_a_dead_letter(scene: Scene) -> None:
    scene.dead_letters = [{"DeadLetterQueue": 1}]
    assert scene.run() == 1


def test_run_is_not_good_when_the_bundled_clip_has_other_smiles(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(module, "compare", lambda *_: ([], [ID]))
    assert scene.run(source=Options().source) == 1
    other = tmp_path / "clip.mp4"
    other.touch()
    assert scene.run(source=str(other)) == 0, "the smiles of other clips are not known"


def test_events_of_a_file_are_dated_from_now_and_those_of_a_camera_are_not(
    scene: Scene, tmp_path: Path
) -> None:
    scene.run()
    assert "--start-time" not in scene.argv
    scene.run(source=Options().source)
    assert "--start-time" in scene.argv


def test_new_dead_letters_are_reported_once(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    scene.rounds = 4
    scene.dead_letters = [{"Q": 0}, {"Q": 2}, {"Q": 2}, {"Q": 3}, {"Q": 3}]
    scene.run()
    lines = [line for line in capsys.readouterr().out.splitlines() if " in Q" in line]
    assert lines[:2] == ["!  2 new in Q, 2 in total", "!  1 new in Q, 3 in total"]


def test_reasons_of_dead_letters_are_counted_and_the_rest_is_left_out(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    scene.dead_letters = [{"Q": 9}]
    scene.reasons = ["old", "bad", "bad", "c", "d", "e", "f"]
    scene.run()
    lines = capsys.readouterr().out.splitlines()
    start = lines.index("!  9 new in Q, 9 in total")
    assert lines[start + 1] == "!     2 times: bad"
    assert sorted(lines[start + 2 : start + 6]) == [f"!     {x}" for x in ("c", "d", "e", "old")]
    assert lines[start + 6] == "!     and 1 other reasons"


def test_delayed_messages_are_part_of_the_summary_and_no_failure(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    scene.left = {"AlertsQueue": QueueCounts(0, 1)}
    assert scene.run() == 0
    output = capsys.readouterr().out
    assert "delayed messages           1 in AlertsQueue" in output
    assert "not handled yet" not in output


def test_run_is_not_good_when_a_message_is_not_handled_in_time(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    scene.left = {"AlertsQueue": QueueCounts(2, 0)}
    assert scene.run() == 1
    output = capsys.readouterr().out
    assert "not handled yet            2 in AlertsQueue" in output
    assert "delayed messages" not in output


def test_undelivered_events_of_the_edge_are_reported(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    scene.left_events = True
    scene.run()
    assert "!  the edge ended before the broker had confirmed" in capsys.readouterr().out


@pytest.mark.parametrize("what", ["edge_error", "check_error"])
def test_everything_is_stopped_when_a_part_fails(
    scene: Scene, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    setattr(scene, what, StartError("failed"))
    with pytest.raises(StartError, match="failed"):
        scene.run()
    assert scene.calls[-1] == "stop"
    ready = "ready after" in capsys.readouterr().out
    assert ready is (what == "check_error"), "a source that cannot be opened is reported at once"


def test_run_fails_when_the_queues_cannot_be_read(scene: Scene) -> None:
    scene.dead_letters = [EndpointConnectionError(endpoint_url="http://aws")]  # type: ignore[list-item]
    with pytest.raises(StartError, match="the queues could not be read"):
        scene.run()


@pytest.mark.parametrize("no_edge", [True, False])
def test_api_is_served_with_commands_to_try_when_not_once(
    scene: Scene, capsys: pytest.CaptureFixture[str], no_edge: bool
) -> None:
    def check() -> None:
        if "serving until Ctrl-C" in (output := capsys.readouterr().out):
            printed.append(output)
            raise KeyboardInterrupt

    printed: list[str] = []
    scene.check = check  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        scene.run(once=False, no_edge=no_edge, device_id="a:b")
    assert "REST API  http://127.0.0.1:8001\nAPI keys  key\n" in printed[0]
    event_id = "<event_id>" if no_edge else ID
    url = f"http://127.0.0.1:8001/v1/devices/a:b/events/{event_id}"
    assert f"  curl -H 'x-api-key: key' '{url}'\n" in printed[0]
    assert scene.calls[-1] == "stop"


def test_a_clip_is_played_again_until_a_signal_ends_it(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    started: list[Any] = []

    def start_edge(argv: list[str], *rest: Any) -> Any:
        started.append(argv[argv.index("--start-time") + 1])
        if len(started) == 3:
            raise KeyboardInterrupt
        return scene.start_edge(argv, *rest)

    monkeypatch.setattr(module, "Edge", start_edge)
    with pytest.raises(KeyboardInterrupt):
        scene.run(once=False, loop=True, source="clip.mp4")
    output = capsys.readouterr().out
    assert len(started) == 3
    assert output.count("plays again until Ctrl-C; LOOP=0 plays it once") == 1
    assert output.count("events from the edge") == 1, "only the first time is summed up"
    assert output.count("smile ended") == 2


def test_a_camera_is_not_opened_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def check() -> None:
        if "serving until Ctrl-C" in capsys.readouterr().out:
            raise KeyboardInterrupt

    scene.check = check  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        scene.run(once=False, loop=True, source="0")


def test_failed_messages_and_alerts_are_printed(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    scene.run()
    session = scene.session
    assert session is not None
    session._on_outcome(Outcome("Store", ("a",), ("no", "no", "late"), 4, 0.0))
    session._on_outcome(Outcome("Store", ("a",), (), 1, 0.0))
    session._on_alert(Alert("Smile", "text", frozenset(), 0.0))
    assert capsys.readouterr().out.splitlines()[-3:] == [
        "!  Store failed with 2 of 4 messages: no",
        "!  Store failed with 1 of 4 messages: late",
        "✉  Smile: text",
    ]


def test_delay_of_a_function_is_part_of_the_summary(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def handle(_: float) -> None:
        if scene.session is not None:
            good = Outcome("Store", (json.dumps(ENDED),), (), 1, time.time())
            scene.session._on_outcome(good)

    monkeypatch.setattr(module, "_ALERT_TIMEOUT_S", 0.01)
    monkeypatch.setattr(module.time, "sleep", handle)
    scene.run()
    assert "event → Store done" in capsys.readouterr().out


def test_check_waits_for_an_alert_that_is_on_its_way(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def arrive(_: float) -> None:
        if scene.session is not None and "wait_idle" in scene.calls:
            scene.session._on_alert(Alert("Smile", "late", frozenset(), 0.0))

    monkeypatch.setattr(module, "_ALERT_TIMEOUT_S", 30.0)
    monkeypatch.setattr(module.time, "sleep", arrive)
    scene.run()
    assert "alerts delivered           1" in capsys.readouterr().out


def test_a_source_is_refused_when_the_api_takes_tokens(scene: Scene) -> None:
    scene.uses_tokens = True
    with pytest.raises(StartError, match="ApiAccess=jwt needs --no-edge"):
        scene.run()
    assert scene.calls == ["end_progress", "stop"], "nothing has started"


def test_commands_to_try_send_a_token_when_the_api_takes_tokens(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    scene.uses_tokens = True
    scene.dashboard_url = "http://127.0.0.1:8001/"
    scene.check_error = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        scene.run(once=False, no_edge=True)
    printed = capsys.readouterr().out
    assert 'curl -H "Authorization: Bearer $TOKEN"' in printed
    assert "x-api-key" not in printed
    assert "API keys" not in printed
