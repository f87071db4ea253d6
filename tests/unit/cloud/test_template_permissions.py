"""Least privilege: functions get the calls they make, devices their own topics."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.client import BaseClient

from edge_lambda.config import load_config
from edge_lambda.control.accepted_file import AcceptedFile
from edge_lambda.control.runtime_settings import RuntimeSettings
from edge_lambda.control.shadow import Shadow
from scripts.sample_events import sqs_event
from smile_cloud import clients
from smile_cloud.erasure.job import ErasureRequest, Scope
from smile_cloud.erasure.job_store import JobStore
from smile_cloud.erasure.step_queue import Step
from smile_contract import events_topic, status_topic, uuid7
from tests.helpers.alerts_api import request, token
from tests.helpers.device_checks import seed_devices
from tests.helpers.functions import CONTEXT, ENVIRONMENT, load_function
from tests.helpers.rule_events import moved_to_now, received_now, samples
from tests.helpers.shadow_server import Shadows
from tests.helpers.template import properties

FUNCTIONS = {
    "check_devices": "CheckDevicesFunction",
    "store_event": "StoreEventFunction",
    "send_alert": "SendAlertFunction",
    "device_status": "DeviceStatusFunction",
    "history_api": "HistoryApiFunction",
    "alerts_api": "AlertsApiFunction",
    "feedback_api": "FeedbackApiFunction",
    "device_settings_api": "DeviceSettingsApiFunction",
    "photo_api": "PhotoApiFunction",
    "erasure_api": "ErasureApiFunction",
    "erase_events": "EraseEventsFunction",
}
# A transaction needs the permissions of its parts and no other ("DynamoDB API permissions").
TRANSACT = {
    "Put": "dynamodb:PutItem",
    "Update": "dynamodb:UpdateItem",
    "Delete": "dynamodb:DeleteItem",
    "ConditionCheck": "dynamodb:ConditionCheckItem",
}
_IOT_ARN = "arn:${AWS::Partition}:iot:${AWS::Region}:${AWS::AccountId}:"
Used = set[tuple[str, str]]  # action and the template's resource


class Recorder:
    """Records each call to AWS in IAM's terms."""

    def __init__(self, resources: dict[str, str]) -> None:
        self.used: Used = set()
        self.queued: list[str] = []  # the bodies of the messages that were sent to queues
        self._resources = resources

    def record(self, service: str, operation: str, arguments: dict[str, Any]) -> None:
        if operation == "TransactWriteItems":
            for part in arguments["TransactItems"]:
                [(kind, item)] = part.items()
                self.used.add((TRANSACT[kind], self._resources[item["TableName"]]))
            return
        if "shadowName" in arguments:
            self.used.add((f"iot:{operation}", f"thing/*/{arguments['shadowName']}"))
            return
        if "MessageBody" in arguments:
            self.queued.append(arguments["MessageBody"])
        tables = arguments.get("RequestItems", {})  # of BatchGetItem
        named = [arguments.get(name) for name in ("TableName", "QueueUrl", "TopicArn")]
        [resource] = {self._resources[one] for one in (*tables, *named) if one is not None}
        if "IndexName" in arguments:
            resource += f"/index/{arguments['IndexName']}"
        self.used.add((f"{service}:{operation}", resource))


@pytest.fixture
def recorder(
    *,
    table: str,
    queue: str,
    alerts_queue: str,
    erasure_queue: str,
    topic: str,
    shadows: Shadows,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Recorder]:
    own = {
        "TABLE_NAME": table,
        "DEAD_LETTER_QUEUE_URL": queue,
        "ALERTS_QUEUE_URL": alerts_queue,
        "ERASURE_QUEUE_URL": erasure_queue,
        "TOPIC_ARN": topic,
        # So that the samples fill a digest.
        "ALERT_COOLDOWN_SECONDS": "0",
        "ALERTS_PER_MINUTE": "1",
    }
    for name, value in (ENVIRONMENT | own).items():
        monkeypatch.setenv(name, value)
    resources = {table: "EventsTable", queue: "DeadLetterQueue", topic: "AlertTopic"}
    resources |= {alerts_queue: "AlertsQueue", erasure_queue: "ErasureQueue"}
    recorder = Recorder(resources)
    call = BaseClient._make_api_call  # type: ignore[attr-defined]

    def recorded(client: Any, operation: str, arguments: dict[str, Any]) -> Any:
        recorder.record(client.meta.service_model.service_name, operation, arguments)
        return call(client, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", recorded)
    yield recorder


def granted(template: dict[str, Any], function: str) -> Used:
    """Return what the policy of a function allows, each action on each resource."""
    found: Used = set()
    for policy in properties(template, function).get("Policies", ()):
        for statement in policy["Statement"]:
            assert statement["Effect"] == "Allow"
            actions, resources = statement["Action"], statement["Resource"]
            for action in actions if isinstance(actions, list) else [actions]:
                for resource in resources if isinstance(resources, list) else [resources]:
                    [text] = resource.values()
                    name = re.sub(r"\$\{(\w+)\.Arn\}", r"\1", text).removesuffix(".Arn")
                    name = name.removeprefix(_IOT_ARN)
                    found.add((action, name))
    return found


def erase(module: Any) -> None:
    """Do the steps of two jobs: one whose time has come, and one that is new."""
    jobs = JobStore(clients.dynamodb(), os.environ["TABLE_NAME"])
    request, now = ErasureRequest("cam-1", Scope.DEVICE), datetime.now(UTC)
    for at in (now - timedelta(minutes=2), now):
        job = jobs.start(request, at, timedelta(days=1))
        module.handler(sqs_event([Step("cam-1", job.job_id, 0).body]), CONTEXT)


def invoke_all(name: str) -> None:
    """Pass every sample to a function, each one twice."""
    module = load_function(name)
    events = list(samples(name).values())
    if name == "alerts_api":  # a sample cannot hold a link, which expires
        path = f"/alerts/{token('cam-1', uuid7(datetime.now(UTC)))}"
        events += [request("GET", path), request("POST", f"{path}/pause", "for=1h")]
    for event in events:
        is_message = "Records" in event and name != "erase_events"
        current = moved_to_now(event) if is_message else event
        for _ in range(2):
            module.handler(current, CONTEXT)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_may_make_its_calls_and_no_other(
    template: dict[str, Any], recorder: Recorder, table: str, name: str
) -> None:
    if name == "history_api":
        invoke_all("store_event")  # give it something to find
        invoke_all("device_status")
    if name in ("history_api", "erase_events"):
        invoke_all("store_event")  # gives it something to find
        recorder.used.clear()
    if name == "check_devices":
        minutes = dict.fromkeys([f"cam-{number}" for number in range(6)], 10)
        seed_devices(table, minutes | {"old": 60})
        recorder.used.clear()
    if name == "device_settings_api":
        seed_devices(table, {"cam-1": 0})
        recorder.used.clear()
    if name == "feedback_api":
        batch = received_now(samples("store_event")["batch"])  # the event that its samples name
        load_function("store_event").handler(batch, CONTEXT)
        recorder.used.clear()
    invoke_all(name)
    if name == "send_alert":
        load_function(name).handler(sqs_event(recorder.queued), CONTEXT)
    if name == "erase_events":
        erase(load_function(name))
        recorder.used.discard(("dynamodb:PutItem", "EventsTable"))  # by the test
    allowed = granted(template, FUNCTIONS[name])
    assert recorder.used - allowed == set(), "AWS would refuse it"
    assert allowed - recorder.used == set(), "never used"


# --- devices -----------------------------------------------------------------------------------


def device_may(template: dict[str, Any], action: str, what: str, thing: str = "cam-1") -> bool:
    """Evaluate the device policy as AWS IoT does for an attached thing.

    Its only wildcard is at the end: the topics of the thing's own shadow.
    """
    policy = properties(template, "DevicePolicy")["PolicyDocument"]
    for statement in policy["Statement"]:
        assert statement["Effect"] == "Allow"
        assert statement["Condition"] == {"Bool": {"iot:Connection.Thing.IsAttached": "true"}}
        resources = statement["Resource"]
        for resource in resources if isinstance(resources, list) else [resources]:
            arn = resource["!Sub"]
            assert arn.startswith("arn:${AWS::Partition}:iot:${AWS::Region}:${AWS::AccountId}:")
            assert not set("*?") & set(arn.removesuffix("/shadow/name/settings/*"))
            allowed = arn.split("}:", 3)[-1].replace("${!iot:Connection.Thing.ThingName}", thing)
            allowed = allowed.replace("${SmileEventsRule}", "rule")
            actions = statement["Action"]
            actions = actions if isinstance(actions, list) else [actions]
            is_same = allowed.endswith("*") and what.startswith(allowed[:-1])
            if action in actions and (is_same or allowed == what):
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
    assert device_may(template, "iot:RetainPublish", f"topic/{status_topic('cam-1')}")


def test_a_device_may_hold_the_conversation_with_its_own_shadow(template: dict[str, Any]) -> None:
    settings = RuntimeSettings(load_config(None, {"source": "0"}), lambda _: {}, AcceptedFile(None))
    shadow = Shadow("cam-1", settings)
    for topic in shadow.topics:
        assert device_may(template, "iot:Subscribe", f"topicfilter/{topic}")
        assert device_may(template, "iot:Receive", f"topic/{topic}")
    shadow.opened()
    asked = shadow.take()
    assert asked is not None
    for topic in (asked[0], asked[0].replace("/get", "/update")):
        assert device_may(template, "iot:Publish", f"topic/{topic}")


def test_device_policy_has_at_most_2048_characters(template: dict[str, Any]) -> None:
    # AWS IoT Core quotas: white space does not count.
    text = json.dumps(properties(template, "DevicePolicy")["PolicyDocument"])
    text = re.sub(r'\{"!Sub": ("[^"]*")\}', r"\1", text)
    for name, value in (
        ("Partition", "aws-us-gov"),
        ("Region", "ap-southeast-2"),
        ("AccountId", "123456789012"),
    ):
        text = text.replace(f"${{AWS::{name}}}", value)
    text = text.replace("${SmileEventsRule}", "smile_staging_events").replace("${!", "${")
    assert "::" not in text.replace("aws:iot::", "")
    assert len(re.sub(r"\s", "", text)) <= 2048


@pytest.mark.parametrize(
    ("action", "what"),
    [
        ("iot:Publish", "topic/$aws/things/cam-2/shadow/name/settings/update"),
        ("iot:Publish", "topic/$aws/things/cam-1/shadow/name/settings/delete"),
        ("iot:Publish", "topic/$aws/things/cam-1/shadow/name/other/update"),
        ("iot:Subscribe", "topicfilter/$aws/things/cam-2/shadow/name/settings/update/delta"),
        ("iot:Subscribe", "topicfilter/$aws/things/cam-1/shadow/update/delta"),
        ("iot:Receive", "topic/$aws/things/cam-2/shadow/name/settings/update/delta"),
        ("iot:Publish", "topic/smile/cam-2/events"),
        ("iot:Publish", "topic/smile/cam-1/commands"),
        ("iot:Publish", "topic/smile/cam-1/events/more"),
        ("iot:Publish", "topic/$aws/rules/other/smile/cam-1/events"),
        ("iot:Publish", "topic/$aws/rules/rule/smile/cam-2/events"),
        ("iot:Publish", "topic/$aws/things/cam-1/shadow/update"),
        ("iot:Connect", "client/cam-2"),
        ("iot:Subscribe", "topicfilter/smile/cam-1/events"),
        ("iot:Receive", "topic/smile/cam-1/events"),
        ("iot:RetainPublish", "topic/smile/cam-1/events"),
        ("iot:RetainPublish", "topic/smile/cam-2/status"),
    ],
)
def test_a_device_may_not_do_anything_else(
    template: dict[str, Any], action: str, what: str
) -> None:
    assert not device_may(template, action, what)


def test_the_rule_gets_the_messages_of_the_devices_topic(template: dict[str, Any]) -> None:
    sql = properties(template, "SmileEventsRule")["TopicRulePayload"]["Sql"]
    [pattern] = re.findall(r"FROM '([^']+)'", sql)
    assert re.fullmatch(pattern.replace("+", "[^/]+"), events_topic("cam-1"))
