"""The records of an SQS event: each one is handled or delivered again."""

from __future__ import annotations

import io
import json
import uuid
from types import SimpleNamespace
from typing import Any

from aws_lambda_powertools import Logger

from scripts.sample_events import sqs_event
from smile_cloud.sqs_batch import RESERVE_MS, BatchResult, handle_records
from tests.helpers.rule_events import body_of, sample_body


class Run:
    """One invocation, with the time that is left at each record."""

    def __init__(self, bodies: list[str], remaining_ms: list[int] | None = None) -> None:
        self.handled: list[str] = []
        self._log = io.StringIO()
        # Loggers of one name share their stream, and an id may be that of a run that has gone.
        logger = Logger(service=f"test-{uuid.uuid4()}", stream=self._log)
        left = iter(remaining_ms or [RESERVE_MS] * len(bodies))
        context: Any = SimpleNamespace(get_remaining_time_in_millis=lambda: next(left))
        event = sqs_event(bodies)
        self.ids = [record["messageId"] for record in event["Records"]]
        self.result: BatchResult = handle_records(event, context, self._handle, logger)

    def _handle(self, body: str) -> dict[str, int]:
        self.handled.append(body)
        if body == "bad" or '"cam-1"' in body:
            raise ValueError("no luck")
        return {"stored": len(body)}

    def logged(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._log.getvalue().splitlines()]


def test_only_the_record_that_failed_is_delivered_again() -> None:
    run = Run(["a", "bad", "ccc"])
    assert run.handled == ["a", "bad", "ccc"]
    assert run.result.response == {"batchItemFailures": [{"itemIdentifier": run.ids[1]}]}
    assert run.result.counts == {"stored": 4}


def test_the_log_names_message_device_and_events_when_a_record_fails() -> None:
    run = Run([sample_body("ended"), "bad"])
    first, second = run.logged()
    assert first["message"] == second["message"] == "record failed"
    assert "no luck" in first["exception"]
    assert (first["message_id"], first["device_id"]) == (run.ids[0], "cam-1")
    assert first["event_ids"] == ["01a20451-81da-7111-8000-1234567890ab"]
    assert second["message_id"] == run.ids[1]
    assert "device_id" not in second


def test_the_remaining_records_are_delivered_again_when_time_runs_out() -> None:
    run = Run(["a", "b", "c"], [RESERVE_MS, RESERVE_MS - 1, RESERVE_MS - 1])
    assert run.handled == ["a"]
    assert run.result.failed == run.ids[1:]
    assert [line["level"] for line in run.logged()] == ["INFO", "WARNING", "WARNING"]


def test_the_log_takes_any_event_id_that_a_device_sends() -> None:
    nested = [b'{"event_id": ' + b"[" * n + b"]" * n + b"}" for n in range(1000)]
    odd = [b'{"event_id": "%s"}' % (b"x" * 100_000), b'{"events": [%s]}' % b",".join(nested[:30])]
    run = Run([body_of(payload, device_id="cam-2") for payload in nested + odd])
    assert run.result.failed == []
    assert all(line["device_id"] == "cam-2" for line in run.logged())
    assert max(len(json.dumps(line)) for line in run.logged()) < 1000
