"""The queues of a run: when all work is done, and why messages are dead letters."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from local.aws import store_server
from local.aws.endpoints import LocalAws
from local.processes.child import Processes
from local.run import queues as module
from local.run.queues import QueueCounts, Queues
from tests.helpers.local_cloud import start_store
from tests.helpers.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("local-queues")]


class Scene:
    """A source queue that gives up at once, and its dead-letter queue."""

    def __init__(self, aws: LocalAws, name: str) -> None:
        self.sqs = aws.sqs
        self.name = name
        self.dead = self.sqs.create_queue(QueueName=f"dead-{name}")["QueueUrl"]
        arn = f"arn:aws:sqs:us-east-1:123456789012:dead-{name}"
        policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1})
        self.source = self.sqs.create_queue(
            QueueName=name, Attributes={"RedrivePolicy": policy, "VisibilityTimeout": "0"}
        )["QueueUrl"]
        urls = {"Source": self.source, "Dead": self.dead}
        self.queues = Queues(aws, urls, {self.source})

    def send(self, url: str, body: str = "body", **more: Any) -> str:
        return str(self.sqs.send_message(QueueUrl=url, MessageBody=body, **more)["MessageId"])


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    processes = Processes(tmp_path_factory.mktemp("logs"))
    yield start_store(processes)
    processes.stop()


@pytest.fixture
def scene(aws: LocalAws) -> Scene:
    return Scene(aws, f"source-{uuid.uuid4().hex}")


def test_dead_letters_are_the_messages_of_queues_without_a_function(scene: Scene) -> None:
    scene.send(scene.source)
    scene.send(scene.dead)
    assert scene.queues.dead_letters() == {"Dead": 1}


def test_wait_ends_when_every_message_is_handled(scene: Scene) -> None:
    scene.send(scene.source)
    assert scene.queues.wait_idle(0.0) == {"Source": QueueCounts(1, 0)}, "the time is up"
    scene.sqs.purge_queue(QueueUrl=scene.source)
    assert scene.queues.wait_idle(60.0) == {}


@pytest.mark.parametrize("patience_s", [0.0, 5.0])
def test_delayed_messages_are_waited_for_a_moment_only(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, patience_s: float
) -> None:
    monkeypatch.setattr(module, "_DELAYED_S", patience_s)
    scene.send(scene.source, DelaySeconds=1)
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            scene.sqs.purge_queue(QueueUrl=scene.source)

    monkeypatch.setattr(module.time, "sleep", pause)
    assert scene.queues.wait_idle(60.0) == ({} if patience_s else {"Source": QueueCounts(0, 1)})


def test_reason_is_what_the_sender_wrote_else_the_error_of_the_function(scene: Scene) -> None:
    reason = {"reason": {"DataType": "String", "StringValue": "clock: too early"}}
    scene.send(scene.dead, MessageAttributes=reason)
    moved = scene.send(scene.source)
    scene.sqs.receive_message(QueueUrl=scene.source)
    wait_until(lambda: not scene.sqs.receive_message(QueueUrl=scene.source).get("Messages"))
    scene.send(scene.dead, body="line 1\nline 2" + "x" * 200)
    errors = {moved: "ValueError: no"}
    found = scene.queues.new_reasons("Dead", errors.__getitem__)
    assert found[:2] == ["clock: too early", f"from {scene.name}: ValueError: no"]
    assert found[2] == ("line 1 line 2" + "x" * 200)[:200]
    assert scene.queues.new_reasons("Dead", errors.__getitem__) == [], "each one once"
    assert scene.queues.dead_letters() == {"Dead": 3}, "they stay in the queue"
    scene.send(scene.dead, body="more")
    assert scene.queues.new_reasons("Dead", errors.__getitem__) == ["more"]


def test_messages_that_were_looked_at_can_be_received_at_once(scene: Scene) -> None:
    for _ in range(12):
        scene.send(scene.dead)
    assert len(scene.queues.new_reasons("Dead", str)) == 12
    assert len(scene.sqs.receive_message(QueueUrl=scene.dead, MaxNumberOfMessages=10)["Messages"])


def test_store_forgets_the_token_of_a_transaction_after_a_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(store_server.dynamodb, "_TXN_TOKEN_TTL", 600)
    store_server.forget_tokens_early()
    store_server.dynamodb._txn_token_store("token", {})
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 59)
    assert store_server.dynamodb._txn_token_lookup("token") is not None
    monkeypatch.setattr(time, "time", lambda: now + 61)
    assert store_server.dynamodb._txn_token_lookup("token") is None
