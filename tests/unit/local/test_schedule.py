"""Schedules that invoke functions: how they are read, how often they run, what a failure says."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import cast

import pytest

from local.aws.endpoints import LocalAws
from local.cloudformation.physical import PhysicalNames
from local.cloudformation.resolver import Resolver
from local.cloudformation.schedule_spec import ScheduleSpec, schedule_specs
from local.cloudformation.template import load_template
from local.errors import TemplateError
from local.functions.function_runtime import FunctionRuntime
from local.functions.runtime_api import Answer
from local.functions.schedule import Schedule
from tests.helpers.rule_events import sample
from tests.helpers.waiting import wait_until

TEMPLATE = """
Resources:
  Checker:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Often: {{Type: ScheduleV2, Properties: {{{}}}}}
"""
AWS = LocalAws("http://127.0.0.1:1")


def read(tmp_path: Path, properties: str) -> list[ScheduleSpec]:
    path = tmp_path / "template.yaml"
    path.write_text(TEMPLATE.format(properties), "utf-8")
    template = load_template(path)
    return schedule_specs(template, Resolver(template, PhysicalNames("us-east-1", "http://a")))


@pytest.mark.parametrize(
    ("expression", "seconds"),
    [
        ("rate(1 minute)", 60),
        ("rate(5 minutes)", 300),
        ("rate(1 hour)", 3600),
        ("rate(2 days)", 172_800),
    ],
)
def test_a_schedule_is_read_when_it_has_a_rate(
    tmp_path: Path, expression: str, seconds: int
) -> None:
    properties = f"ScheduleExpression: {expression}, Description: a, RetryPolicy: {{}}"
    assert read(tmp_path, properties) == [ScheduleSpec("Checker", seconds)]


def test_a_schedule_is_left_out_when_it_is_disabled(tmp_path: Path) -> None:
    assert read(tmp_path, "ScheduleExpression: rate(1 minute), State: DISABLED") == []


@pytest.mark.parametrize(
    ("properties", "complaint"),
    [
        ("ScheduleExpression: 'cron(0 1 * * ? *)'", "ScheduleExpression: cron(0 1 * * ? *) is not"),
        ("ScheduleExpression: rate(0 minutes)", "rate(0 minutes) is not supported locally"),
        ("State: ENABLED", "None is not supported locally, only rate(1 minute)"),
        ("ScheduleExpression: rate(1 minute), Input: a", "Properties.Input: not supported"),
    ],
)
def test_a_schedule_is_refused_with_its_place_when(
    tmp_path: Path, properties: str, complaint: str
) -> None:
    with pytest.raises(TemplateError) as caught:
        read(tmp_path, properties)
    assert str(caught.value).startswith("template: Resources.Checker.Properties.Events.Often")
    assert complaint in str(caught.value)


class Runtime:
    """A function that fails with `error` or not."""

    def __init__(self, error: str = "") -> None:
        self.events: list[bytes] = []
        self.error = error
        self.gate = threading.Event()
        self.gate.set()

    def invoke(self, event: bytes) -> Answer:
        self.events.append(event)
        self.gate.wait(5)
        return Answer.error("ValueError", self.error) if self.error else Answer(b"null")


def start(runtime: Runtime, problems: list[str]) -> Schedule:
    function = cast("FunctionRuntime", runtime)
    schedule = Schedule(ScheduleSpec("Checker", 0.01), function, AWS, problems.append)
    schedule.start()
    return schedule


def test_a_function_gets_the_event_of_a_schedule_again_and_again() -> None:
    runtime, problems = Runtime(), list[str]()
    schedule = start(runtime, problems)
    wait_until(lambda: len(runtime.events) >= 3)
    schedule.close()
    event = json.loads(runtime.events[0])
    assert (event["source"], event["detail-type"], event["detail"]) == (
        "aws.scheduler", "Scheduled Event", "{}",
    )  # fmt: skip
    assert event["resources"] == [
        "arn:aws:scheduler:us-east-1:123456789012:schedule/default/smile-local-Checker"
    ]
    assert len({json.loads(one)["id"] for one in runtime.events}) == len(runtime.events)
    assert set(event) == set(sample("check_devices/every_minute"))
    assert problems == []


def test_a_failure_is_reported_and_the_next_run_comes() -> None:
    runtime, problems = Runtime("as asked"), list[str]()
    schedule = start(runtime, problems)
    wait_until(lambda: len(problems) >= 2)
    schedule.close()
    assert problems[0] == "Checker failed: ValueError: as asked"


def test_a_function_that_is_being_ended_has_not_failed() -> None:
    runtime, problems = Runtime("ended"), list[str]()
    runtime.gate.clear()
    schedule = start(runtime, problems)
    wait_until(lambda: runtime.events)
    schedule.close()
    runtime.gate.set()
    wait_until(lambda: not any("schedule" in thread.name for thread in threading.enumerate()))
    assert problems == []
