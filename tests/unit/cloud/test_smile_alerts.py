from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from smile_cloud.send_alert.alert_policy import AlertPolicy, Verdict
from smile_cloud.send_alert.service import SmileAlerts, Topic
from smile_cloud.send_alert.throttle_store import AlertBudgetStore
from smile_contract import SmileEvent, uuid7

Build = Callable[..., SmileEvent]
START = datetime(2026, 11, 22, 17, 33, tzinfo=UTC)


class World:
    """A topic somebody listens to, and a clock to turn."""

    def __init__(self, aws: SimpleNamespace, table: str, queue: str) -> None:
        self.now = START
        self.topic_arn = aws.sns.create_topic(Name=f"alerts-{uuid.uuid4().hex}")["TopicArn"]
        arn = aws.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
        aws.sns.subscribe(
            TopicArn=self.topic_arn, Protocol="sqs", Endpoint=arn["Attributes"]["QueueArn"]
        )
        self.aws, self.table = aws, table
        self.alerts = self.on_topic(self.topic_arn)

    def on_topic(self, arn: str) -> SmileAlerts:
        return SmileAlerts(
            AlertPolicy(cooldown=timedelta(minutes=5), max_age=timedelta(minutes=10)),
            AlertBudgetStore(self.aws.dynamodb, self.table),
            Topic(self.aws.sns, arn),
            "https://api.example/dev",
            clock=lambda: self.now,
        )


@pytest.fixture
def world(aws: SimpleNamespace, table: str, queue: str) -> World:
    return World(aws, table, queue)


@pytest.fixture
def heard(queue: str, received: Callable[[str], list[dict[str, Any]]]) -> Callable[[], list[Any]]:
    return lambda: [json.loads(message["Body"]) for message in received(queue)]


def test_one_alert_arrives_when_a_smile_starts_ends_and_repeats(
    world: World, heard: Any, smile: Build, as_rule: Any
) -> None:
    event_id = uuid7(START)
    started = smile(START, event_id=event_id)
    ended = smile(START, event_id=event_id, phase="ended")
    verdicts = [world.alerts.consider(as_rule(e.to_dict())) for e in (started, ended, started)]
    assert [v[Verdict.SEND] for v in verdicts] == [1, 0, 0]
    [alert] = heard()
    assert alert["Subject"] == "Smile on cam-1 at 17:33 UTC"
    assert alert["MessageAttributes"]["event_id"]["Value"] == event_id


def test_the_next_alert_tells_of_the_suppressed_when_the_cooldown_is_over(
    world: World, heard: Any, smile: Build, as_rule: Any
) -> None:
    for minutes in (0, 1, 2, 2, 5):
        world.now = START + timedelta(minutes=minutes)
        world.alerts.consider(as_rule(smile(world.now).to_dict()))
    first, second = heard()
    assert "more smile" not in first["Message"]
    assert "3 more smiles since the last alert at 17:33 UTC" in second["Message"]


def test_devices_do_not_silence_each_other_when_both_see_smiles(
    world: World, heard: Any, smile: Build, as_rule: Any
) -> None:
    for device in ("cam-1", "cam-2"):
        event = smile(START, device_id=device)
        world.alerts.consider(as_rule(event.to_dict()) | {"topic_device_id": device})
    assert len(heard()) == 2


def test_the_smile_alerts_later_when_publishing_failed(
    world: World, heard: Any, smile: Build, as_rule: Any
) -> None:
    message = as_rule(smile(START).to_dict())
    broken = world.on_topic(world.topic_arn + "-missing")
    with pytest.raises(ClientError):
        broken.consider(message)
    assert heard() == []
    assert world.alerts.consider(message)[Verdict.SEND] == 1
    assert len(heard()) == 1


def test_one_alert_arrives_when_many_functions_consider_at_once(
    world: World, heard: Any, smile: Build, as_rule: Any
) -> None:
    messages = [as_rule(smile(START).to_dict()) for _ in range(4)] * 2
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(world.alerts.consider, messages))
    assert len(heard()) == 1
    world.now += timedelta(minutes=5)
    world.alerts.consider(as_rule(smile(world.now).to_dict()))
    [alert] = heard()
    assert "3 more smiles" in alert["Message"]


def test_nobody_is_told_when_the_message_is_bad_or_old(
    world: World, heard: Any, smile: Build, as_rule: Any
) -> None:
    assert not any(world.alerts.consider(as_rule({"hello": "world"})).values())
    world.now = START + timedelta(hours=1)
    assert world.alerts.consider(as_rule(smile(START).to_dict()))[Verdict.TOO_OLD] == 1
    assert heard() == []
