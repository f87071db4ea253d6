"""Nobody may do more than the code does: functions by the calls they make, devices by topic."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from botocore.client import BaseClient

from smile_contract import events_topic, status_topic

ROOT = Path(__file__).parents[3]
FUNCTIONS = {
    "store_event": "StoreEventFunction",
    "send_alert": "SendAlertFunction",
    "history_api": "HistoryApiFunction",
}
# A transaction needs no permission of its own but those of its parts ("DynamoDB API permissions").
TRANSACT = {
    "Put": "dynamodb:PutItem",
    "Update": "dynamodb:UpdateItem",
    "Delete": "dynamodb:DeleteItem",
    "ConditionCheck": "dynamodb:ConditionCheckItem",
}
ENVIRONMENT = {
    "API_URL": "https://api.example/dev",
    "CURSOR_KEY": "k" * 64,
    "EVENT_RETENTION_DAYS": "90",
    "ROLLUP_RETENTION_DAYS": "400",
    "ALERT_COOLDOWN_SECONDS": "300",
    "ALERT_MAX_AGE_SECONDS": "99999",
}
CONTEXT = SimpleNamespace(
    function_name="test",
    memory_limit_in_mb=256,
    invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:test",
    aws_request_id="00000000-0000-0000-0000-000000000000",
)
Used = set[tuple[str, str]]  # action and the template's resource


class Recorder:
    """Writes down each call to AWS, as IAM sees it."""

    def __init__(self, resources: dict[str, str]) -> None:
        self.used: Used = set()
        self._resources = resources

    def see(self, service: str, operation: str, arguments: dict[str, Any]) -> None:
        if operation == "TransactWriteItems":
            for part in arguments["TransactItems"]:
                [(kind, item)] = part.items()
                self.used.add((TRANSACT[kind], self._resources[item["TableName"]]))
            return
        target = arguments.get("TableName") or arguments.get("QueueUrl") or arguments["TopicArn"]
        resource = self._resources[target]
        if "IndexName" in arguments:
            resource += f"/index/{arguments['IndexName']}"
        self.used.add((f"{service}:{operation}", resource))


@pytest.fixture
def recorder(
    table: str, queue: str, aws: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Recorder]:
    topic = str(aws.sns.create_topic(Name="alerts")["TopicArn"])
    given = {"TABLE_NAME": table, "DEAD_LETTER_QUEUE_URL": queue, "TOPIC_ARN": topic}
    for name, value in (ENVIRONMENT | given).items():
        monkeypatch.setenv(name, value)
    recorder = Recorder({table: "EventsTable", queue: "DeadLetterQueue", topic: "AlertTopic"})
    call = BaseClient._make_api_call  # type: ignore[attr-defined]

    def recorded(client: Any, operation: str, arguments: dict[str, Any]) -> Any:
        recorder.see(client.meta.service_model.service_name, operation, arguments)
        return call(client, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", recorded)
    yield recorder


def granted(template: dict[str, Any], function: str) -> Used:
    """Return what a function's own policy allows, each action on each resource."""
    found: Used = set()
    for policy in template["Resources"][function]["Properties"]["Policies"]:
        for statement in policy["Statement"]:
            assert statement["Effect"] == "Allow"
            actions, resources = statement["Action"], statement["Resource"]
            for action in actions if isinstance(actions, list) else [actions]:
                for resource in resources if isinstance(resources, list) else [resources]:
                    [text] = resource.values()
                    name = re.sub(r"\$\{(\w+)\.Arn\}", r"\1", text).removesuffix(".Arn")
                    found.add((action, name))
    return found


def invoke_all(module: ModuleType, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hand a function every sample, each message twice."""
    if name == "send_alert":
        at = datetime(2026, 11, 22, 17, 33, 7, tzinfo=UTC)
        monkeypatch.setattr(module.service(), "_clock", lambda: at)
    for path in sorted((ROOT / "events" / name).glob("*.json")):
        event = json.loads(path.read_text("utf-8"))
        if "received_at_ms" in event:
            event["received_at_ms"] = round(datetime.now(UTC).timestamp() * 1000)
        module.handler(event, CONTEXT)
        module.handler(event, CONTEXT)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_may_do_what_it_does_and_nothing_else(
    template: dict[str, Any],
    recorder: Recorder,
    load_function: Callable[[str], ModuleType],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    if name == "history_api":  # something to find
        invoke_all(load_function("store_event"), "store_event", monkeypatch)
        recorder.used.clear()
    invoke_all(load_function(name), name, monkeypatch)
    allowed = granted(template, FUNCTIONS[name])
    assert recorder.used - allowed == set(), "would be refused on AWS"
    assert allowed - recorder.used == set(), "never used"


# --- devices -----------------------------------------------------------------------------------


def device_may(template: dict[str, Any], action: str, what: str, thing: str = "cam-1") -> bool:
    """Evaluate the device policy as AWS IoT does for an attached thing: no wildcards are in it."""
    policy = template["Resources"]["DevicePolicy"]["Properties"]["PolicyDocument"]
    for statement in policy["Statement"]:
        assert statement["Effect"] == "Allow"
        assert statement["Condition"] == {"Bool": {"iot:Connection.Thing.IsAttached": "true"}}
        resources = statement["Resource"]
        for resource in resources if isinstance(resources, list) else [resources]:
            arn = resource["!Sub"]
            assert arn.startswith("arn:${AWS::Partition}:iot:${AWS::Region}:${AWS::AccountId}:")
            assert not set("*?") & set(arn)
            allowed = arn.split("}:", 3)[-1].replace("${!iot:Connection.Thing.ThingName}", thing)
            allowed = allowed.replace("${SmileEventsRule}", "rule")
            if statement["Action"] == action and allowed == what:
                return True
    return False


def test_a_device_may_publish_on_its_own_topics(template: dict[str, Any]) -> None:
    for topic in (
        events_topic("cam-1"),
        status_topic("cam-1"),
        f"$aws/rules/rule/{events_topic('cam-1')}",
    ):
        assert device_may(template, "iot:Publish", f"topic/{topic}")
    assert device_may(template, "iot:Connect", "client/cam-1")


@pytest.mark.parametrize(
    ("action", "what"),
    [
        ("iot:Publish", "topic/smile/cam-2/events"),
        ("iot:Publish", "topic/smile/cam-1/commands"),
        ("iot:Publish", "topic/smile/cam-1/events/more"),
        ("iot:Publish", "topic/$aws/rules/other/smile/cam-1/events"),
        ("iot:Publish", "topic/$aws/rules/rule/smile/cam-2/events"),
        ("iot:Publish", "topic/$aws/things/cam-1/shadow/update"),
        ("iot:Connect", "client/cam-2"),
        ("iot:Subscribe", "topicfilter/smile/cam-1/events"),
        ("iot:Receive", "topic/smile/cam-1/events"),
        ("iot:RetainPublish", "topic/smile/cam-1/status"),
    ],
)
def test_a_device_may_do_nothing_else(template: dict[str, Any], action: str, what: str) -> None:
    assert not device_may(template, action, what)


def test_a_topic_of_the_device_is_one_that_a_rule_listens_to(template: dict[str, Any]) -> None:
    sql = template["Resources"]["SmileEventsRule"]["Properties"]["TopicRulePayload"]["Sql"]
    [pattern] = re.findall(r"FROM '([^']+)'", sql)
    assert re.fullmatch(pattern.replace("+", "[^/]+"), events_topic("cam-1"))
