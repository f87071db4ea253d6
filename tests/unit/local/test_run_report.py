"""What a run remembers, compares and prints."""

from __future__ import annotations

import io
import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from local.aws.alert_inbox import Alert, parse_alert
from local.edge import complaint_of, edge_environment
from local.functions.async_invoker import Outcome
from local.functions.runtime_api import Answer
from local.options import DEFAULT_CLIP
from local.report.console import RunConsole
from local.report.ground_truth import Episode, compare, load_episodes
from local.report.run_check import Verdict
from local.report.run_log import Ledger
from local.report.summary import delay_lines, truth_lines, verdict_lines

START = datetime(2026, 1, 1, tzinfo=UTC)
ID = "01890000-0000-7000-8000-00000000000"


def event(number: int, start: str, end: str) -> dict[str, Any]:
    return {
        "event_id": f"{ID}{number}",
        "started_at": f"2026-01-01T00:00:{start}Z",
        "ended_at": f"2026-01-01T00:00:{end}Z",
    }


def outcome(ids: list[str], error: str | None = None, function: str = "Store") -> Outcome:
    payload = json.dumps({"events": [{"event_id": one} for one in ids]}).encode()
    return Outcome(function, payload, Answer(b"{}", error), 1, True, time.time())


def test_each_episode_gets_the_nearest_event_once() -> None:
    episodes = [
        Episode("Noor", 1000, 3000),
        Episode("Robin", 1200, 3200),
        Episode("Noor", 9000, 11000),
    ]
    stored = [
        event(1, "01.250", "03.190"),
        event(2, "00.990", "03.050"),
        event(3, "20.000", "21.000"),
    ]
    matches, extra = compare(episodes, stored, START)
    assert [m.event_id for m in matches] == [f"{ID}2", f"{ID}1", None]
    assert (matches[0].start_error_ms, matches[0].end_error_ms) == (-10, 50)
    assert extra == [f"{ID}3"]
    text = "\n".join(truth_lines(matches, extra))
    assert "3, found 2, too many 1" in text
    assert "not found" in text


def test_ground_truth_of_the_shipped_clip_names_its_people() -> None:
    episodes = load_episodes(DEFAULT_CLIP)
    assert episodes is not None
    assert len({episode.person for episode in episodes}) >= 2
    assert all(0 <= episode.start_ms < episode.end_ms for episode in episodes)


def test_ground_truth_is_none_when_there_is_no_file(tmp_path: Path) -> None:
    assert load_episodes(tmp_path / "clip.mp4") is None


def test_event_counts_as_handled_when_the_function_was_faster_than_our_reading() -> None:
    ledger = Ledger()
    ledger.outcome(outcome([f"{ID}1"]))
    ledger.made({"event_id": f"{ID}1", "phase": "started"})
    assert ledger.handling_delays()["Store"].max_ms == 0


def test_failure_is_remembered_when_it_is_final() -> None:
    ledger = Ledger()
    ledger.outcome(outcome([f"{ID}1"], error="ValueError"))
    assert [failure.function for failure in ledger.failures] == ["Store"]
    assert ledger.handling_delays() == {}


def test_alert_is_joined_with_its_event_by_the_id_in_it() -> None:
    ledger = Ledger()
    ledger.made({"event_id": f"{ID}1", "phase": "started"})
    body = json.dumps({"Subject": "Smile", "Message": f"see /v1/events/{ID}1 now"})
    ledger.alert(parse_alert(body, time.time()))
    delays = ledger.alert_delays()
    assert delays is not None
    assert delays.count == 1
    lines = delay_lines(ledger, None, "1.0 s")
    assert any(line.startswith("event made → alert delivered") for line in lines)


def test_alert_is_shown_whole_when_it_is_not_from_sns() -> None:
    assert parse_alert("plain", 0.0).text == "plain"


def test_verdict_names_what_is_missing_and_set_aside() -> None:
    verdict = Verdict(missing=[f"{ID}1"], dead_letters={"DeadLetterQueue": 2, "Other": 0})
    assert not verdict.good
    text = "\n".join(verdict_lines(Ledger(), verdict))
    assert f"missing                   {ID}1" in text
    assert "(DeadLetterQueue: 2)" in text


def test_lines_are_plain_when_there_is_no_terminal() -> None:
    output = io.StringIO()
    with RunConsole(Console(file=output, width=40)) as console:
        console.progress({"position_ms": 500, "duration_ms": 30000})
        console.event({"phase": "started", "device_id": "cam-1", "event_id": ID})
        console.alert(Alert("Smile", "line one\nline two \x1b[31mred", frozenset(), 0.0))
    lines = output.getvalue().splitlines()
    assert len(lines) == 2, "no progress bar, no wrapping"
    assert "\x1b" not in output.getvalue()
    assert "line one line two" in lines[1]


def test_complaint_is_one_line_without_the_log_records_frame() -> None:
    record = {"level": "error", "time": "x", "message": "camera lost", "reason": "gone"}
    assert complaint_of(record) == "camera lost: reason=gone"


def test_edge_gets_nothing_of_aws() -> None:
    environment = edge_environment({"AWS_PROFILE": "work", "HOME": "/home/me"})
    assert "AWS_PROFILE" not in environment
    assert environment["HOME"] == "/home/me"
