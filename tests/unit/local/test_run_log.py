"""The log of a run and the delays in its summary."""

from __future__ import annotations

import base64
import json
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.aws.alert_inbox import Alert, parse_alert
from local.functions.event_source import Outcome
from local.report.run_log import Delays, RunLog, event_ids
from local.report.summary import delay_lines

ID = "01890000-0000-7000-8000-000000000001"
OTHER = "01890000-0000-7000-8000-000000000002"


def event(event_id: str = ID, phase: str = "started") -> dict[str, Any]:
    return {"event_id": event_id, "phase": phase, "started_at": "2026-01-01T00:00:01.000Z"}


def outcome(*failures: str, function: str = "Store", at: float = 0.0) -> Outcome:
    bodies = () if failures else (json.dumps({"events": [{"event_id": ID}]}),)
    return Outcome(function, bodies, failures, 1, at or time.time())


def test_delays_are_median_and_longest_in_milliseconds() -> None:
    assert Delays.of([0.5, 0.1, 0.2]) == Delays(200.0, 500.0, 3)
    assert Delays.of([-0.5]) == Delays(0.0, 0.0, 1)
    assert Delays.of([]) is None


def test_record_has_the_last_message_and_the_time_of_the_first() -> None:
    log = RunLog()
    log.event(event())
    first = log.records()[ID].sent_at
    log.event(event(phase="ended"))
    assert log.records()[ID].event["phase"] == "ended"
    assert log.records()[ID].sent_at == first


def test_event_is_handled_when_the_function_is_faster_than_the_edges_output() -> None:
    log = RunLog()
    log.outcome(outcome())
    log.event(event())
    assert log.handling_delays()["Store"].max_ms == 0


def test_delay_is_that_of_the_first_success_of_each_function() -> None:
    log = RunLog()
    log.event(event())
    sent_at = log.records()[ID].sent_at
    log.outcome(outcome("ValueError", at=sent_at + 1))
    log.outcome(outcome(at=sent_at + 2))
    log.outcome(outcome(at=sent_at + 3))
    log.outcome(outcome(function="Alert", at=sent_at + 4))
    delays = log.handling_delays()
    assert list(delays) == ["Alert", "Store"]
    assert delays["Store"].max_ms == pytest.approx(2000, abs=1)


def test_alert_belongs_to_the_event_whose_id_it_contains() -> None:
    log = RunLog()
    log.event(event())
    body = json.dumps({"Subject": "Smile", "Message": f"see /v1/events/{ID} and {OTHER} now"})
    log.alert(parse_alert(body, log.records()[ID].sent_at + 1))
    log.alert(parse_alert(body, log.records()[ID].sent_at + 9))
    delays = log.alert_delays()
    assert delays is not None
    assert delays.count == 1
    assert delays.max_ms == pytest.approx(1000, abs=1), "the first alert counts"
    assert len(log.alerts) == 2
    assert any(line.startswith("event → alert delivered") for line in delay_lines(log, None))


def test_alert_has_subject_and_text_of_the_sns_message() -> None:
    alert = parse_alert(json.dumps({"Message": "text", "Subject": None}), 1.0)
    assert alert == Alert("", "text", frozenset(), 1.0)


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ('{"kind": "smile", "link": "http://127.0.0.1/alerts/x"}', "http://127.0.0.1/alerts/x"),
        ('{"kind": "digest"}', ""),
        ("[1]", "[1]"),
        ("7 smiles", "7 smiles"),
    ],
)
def test_text_of_an_alert_for_machines_is_its_link(message: str, text: str) -> None:
    assert parse_alert(json.dumps({"Subject": "Smile", "Message": message}), 1.0).text == text


def test_detection_delay_counts_from_the_frame_when_a_file_is_played() -> None:
    start_time = datetime(2026, 1, 1, tzinfo=UTC)  # the smile starts a second later
    log = RunLog()
    log.event(event())
    assert log.detection_delays(start_time) is None, "no frame shown yet"
    log.frame(3000)
    log.frame(2000)
    assert log.first_frame_at == pytest.approx(time.time() - 3, abs=0.5), "the earliest counts"
    log.first_frame_at = log.records()[ID].sent_at - 1.6
    delays = log.detection_delays(start_time)
    assert delays is not None
    assert delays.max_ms == pytest.approx(600, abs=1)


def test_detection_delay_counts_from_the_events_own_time_when_live() -> None:
    log = RunLog()
    began = datetime.now(UTC) - timedelta(seconds=2)
    log.event(event() | {"started_at": began.isoformat(timespec="milliseconds")[:-6] + "Z"})
    delays = log.detection_delays(None)
    assert delays is not None
    assert delays.max_ms == pytest.approx(2000, abs=500)


@pytest.mark.parametrize(
    ("message", "ids"),
    [
        ({"event_id": ID}, [ID]),
        ({"events": [{"event_id": ID}, {"event_id": OTHER}, 5, {}]}, [ID, OTHER]),
        ({"events": 5}, []),
        ({"text": "no base64, but letters of it only" * 3}, []),
        ({"text": "A" * 41}, []),
    ],
)
@pytest.mark.parametrize("encoded", [False, True])
def test_ids_are_those_of_one_event_or_of_a_batch_even_in_base64(
    message: object, ids: list[str], encoded: bool
) -> None:
    body = json.dumps(message)
    if encoded:
        body = json.dumps({"payload": base64.b64encode(body.encode()).decode()})
    assert event_ids(body) == ids


def test_log_forgets_the_oldest_events_that_this_edge_did_not_send() -> None:
    log = RunLog()
    bodies = [json.dumps({"event_id": str(uuid.UUID(int=n))}) for n in range(1001)]
    for body in bodies:
        log.outcome(Outcome("Store", (body,), (), 1, 1.0))
    for body in (bodies[0], bodies[1]):
        log.event(event(json.loads(body)["event_id"]))
    assert log.handling_delays()["Store"].count == 1
