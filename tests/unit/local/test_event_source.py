"""Queues that invoke functions: messages that leave them, that come back, concurrency."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import EndpointConnectionError

from local.aws.endpoints import LocalAws
from local.cloudformation.event_source_spec import EventSourceSpec
from local.functions.event_source import EventSource, Outcome
from local.functions.function_runtime import FunctionRuntime
from local.functions.runtime_api import Answer
from tests.helpers.waiting import wait_until

SPEC = EventSourceSpec("Store", "arn:aws:sqs:us-east-1:1:Q", "http://q", 10, 2, True)


class FakeSqs:
    """A queue that hands out its messages once; records what becomes of them."""

    def __init__(self, count: int) -> None:
        self.waiting = [f"m{i}" for i in range(count)]
        self.deleted: list[str] = []
        self.returned: list[tuple[str, int]] = []
        self.asked: list[dict[str, Any]] = []
        self.errors = 0
        self._lock = threading.Lock()

    def receive_message(self, **given: Any) -> dict[str, Any]:
        with self._lock:
            self.asked.append(given)
            if self.errors:
                self.errors -= 1
                raise EndpointConnectionError(endpoint_url="http://q")
            size = given["MaxNumberOfMessages"]
            taken, self.waiting = self.waiting[:size], self.waiting[size:]
        if not taken:
            threading.Event().wait(0.01)
            return {}
        return {
            "Messages": [
                {"MessageId": i, "ReceiptHandle": f"h-{i}", "Body": f"b-{i}", "MD5OfBody": ""}
                for i in taken
            ]
        }

    def delete_message_batch(self, QueueUrl: str, Entries: Any) -> None:  # noqa: N803 - boto3's
        assert QueueUrl == "http://q"
        self.deleted += [entry["ReceiptHandle"] for entry in Entries]

    def change_message_visibility_batch(self, QueueUrl: str, Entries: Any) -> None:  # noqa: N803
        assert QueueUrl == "http://q"
        self.returned += [(e["ReceiptHandle"], e["VisibilityTimeout"]) for e in Entries]


class FakeRuntime:
    """A function that answers at once, or after `go`."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.events: list[dict[str, Any]] = []
        self.go = threading.Event()
        self.go.set()

    def invoke(self, payload: bytes) -> Answer:
        self.events.append(json.loads(payload))
        self.go.wait(10)
        return self.answer

    def logged_error(self, message_id: str) -> str:
        return "logged" if message_id == "m1" else ""


class Scene:
    def __init__(self) -> None:
        self.sources: list[EventSource] = []
        self.outcomes: list[Outcome] = []

    def start(
        self, sqs: FakeSqs, *runtimes: FakeRuntime, spec: EventSourceSpec = SPEC
    ) -> EventSource:
        aws = cast(LocalAws, SimpleNamespace(sqs=sqs, region="us-east-1"))
        source = EventSource(
            spec, cast(list[FunctionRuntime], runtimes), aws, 2.4, self.outcomes.append
        )
        self.sources.append(source)
        source.start()
        return source


@pytest.fixture
def scene() -> Iterator[Scene]:
    scene = Scene()
    yield scene
    for source in scene.sources:
        source.close()


def failures(*ids: str) -> Answer:
    body = {"batchItemFailures": [{"itemIdentifier": one} for one in ids]}
    return Answer(json.dumps(body).encode())


def test_messages_that_succeeded_leave_the_queue_and_others_come_back(scene: Scene) -> None:
    sqs = FakeSqs(3)
    runtime = FakeRuntime(failures("m1", "m2"))
    scene.start(sqs, runtime)
    wait_until(lambda: scene.outcomes)
    assert sqs.deleted == ["h-m0"]
    assert sqs.returned == [("h-m1", 2), ("h-m2", 2)], "after the retry delay, in whole seconds"
    [outcome] = scene.outcomes
    assert (outcome.function, outcome.bodies, outcome.message_count) == ("Store", ("b-m0",), 3)
    assert sorted(outcome.failures) == ["logged", "the function logged no reason"]
    assert sqs.asked[0]["WaitTimeSeconds"] == 20
    assert [record["messageId"] for record in runtime.events[0]["Records"]] == ["m0", "m1", "m2"]


def test_all_messages_come_back_when_the_function_fails(scene: Scene) -> None:
    sqs = FakeSqs(2)
    scene.start(sqs, FakeRuntime(Answer.error("ValueError", "no")))
    wait_until(lambda: scene.outcomes)
    assert (sqs.deleted, len(sqs.returned)) == ([], 2)
    assert scene.outcomes[0].failures == ("ValueError: no",) * 2


def test_answer_is_not_read_when_the_template_does_not_ask_for_failures(scene: Scene) -> None:
    sqs = FakeSqs(2)
    spec = EventSourceSpec("Store", SPEC.queue_arn, SPEC.queue_url)
    scene.start(sqs, FakeRuntime(failures("m1")), spec=spec)
    wait_until(lambda: scene.outcomes)
    assert sqs.deleted == ["h-m0", "h-m1"]


def test_next_environment_takes_messages_only_while_the_first_is_busy(scene: Scene) -> None:
    sqs = FakeSqs(0)
    first, second = FakeRuntime(failures()), FakeRuntime(failures())
    scene.start(sqs, first, second)
    for number in range(3):
        sqs.waiting = [f"a{number}"]
        wait_until(lambda: len(scene.outcomes) == number + 1)  # noqa: B023 - waited for here
    assert (len(first.events), len(second.events)) == (3, 0)
    first.go.clear()
    sqs.waiting = ["b1"]
    wait_until(lambda: len(first.events) == 4)
    sqs.waiting = ["b2"]
    wait_until(lambda: len(second.events) == 1)
    first.go.set()


def test_polling_goes_on_after_an_error_of_the_queue(scene: Scene) -> None:
    sqs = FakeSqs(1)
    sqs.errors = 1
    scene.start(sqs, FakeRuntime(failures()))
    wait_until(lambda: scene.outcomes)
    assert sqs.deleted == ["h-m0"]


def test_failure_is_ignored_when_the_run_ends(scene: Scene) -> None:
    sqs = FakeSqs(1)
    runtime = FakeRuntime(Answer.error("Runtime.ExitError", "killed"))
    runtime.go.clear()
    source = scene.start(sqs, runtime)
    wait_until(lambda: runtime.events)
    source.close()
    runtime.go.set()
    wait_until(lambda: all(t.name != "Store 1" for t in threading.enumerate()))
    assert (scene.outcomes, sqs.returned) == ([], [])
