"""What no linter checks: the template provides what the code relies on."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import topic_matches_sub

from local.iot_sql import parse
from scripts.sample_events import sample_files
from smile_cloud.alerts_api.settings import AlertsApiSettings
from smile_cloud.authorize.settings import AuthorizeSettings
from smile_cloud.check_devices.report_store import LEASE
from smile_cloud.check_devices.settings import CheckDevicesSettings
from smile_cloud.clock_limits import ClockLimits
from smile_cloud.dashboard.settings import DashboardSettings
from smile_cloud.device_settings_api.settings import DeviceSettingsApiSettings
from smile_cloud.device_status.settings import DeviceStatusSettings
from smile_cloud.erase_events.settings import EraseEventsSettings
from smile_cloud.erasure_api.settings import ErasureApiSettings
from smile_cloud.feedback_api.settings import FeedbackApiSettings
from smile_cloud.history_api.settings import HistoryApiSettings
from smile_cloud.http.cors import Cors
from smile_cloud.rule_body import RuleBody
from smile_cloud.rule_message import RuleMessage
from smile_cloud.send_alert.settings import SendAlertSettings
from smile_cloud.sqs_batch import RESERVE_MS
from smile_cloud.store_event.settings import StoreEventSettings
from tests.helpers.api_routes import api_events, needs_key
from tests.helpers.functions import variables_of
from tests.helpers.rule_events import EVENTS, RECEIVED_AT, sample, samples
from tests.helpers.template import ROOT, properties

SETTINGS = {
    "CheckDevicesFunction": CheckDevicesSettings,
    "StoreEventFunction": StoreEventSettings,
    "SendAlertFunction": SendAlertSettings,
    "DeviceStatusFunction": DeviceStatusSettings,
    "HistoryApiFunction": HistoryApiSettings,
    "AlertsApiFunction": AlertsApiSettings,
    "FeedbackApiFunction": FeedbackApiSettings,
    "DeviceSettingsApiFunction": DeviceSettingsApiSettings,
    "DashboardFunction": DashboardSettings,
    "ErasureApiFunction": ErasureApiSettings,
    "EraseEventsFunction": EraseEventsSettings,
    "AuthorizeFunction": AuthorizeSettings,
}
FUNCTIONS = (*SETTINGS, "PhotoApiFunction")  # the last one reads no variables
QUEUES = {
    "EventsQueue": "StoreEventFunction",
    "AlertsQueue": "SendAlertFunction",
    "StatusQueue": "DeviceStatusFunction",
}
# Each rule with its queues.
RULES = {
    "SmileEventsRule": ("SmileEventsRuleRole", ["EventsQueue", "AlertsQueue"]),
    "DeviceStatusRule": ("StatusRulesRole", ["StatusQueue"]),
    "PresenceRule": ("StatusRulesRole", ["StatusQueue"]),
}
EVERY = (*FUNCTIONS, "EdgeFunction")  # cameras run the last one: test_template_edge.py


def statements(node: Any) -> list[dict[str, Any]]:
    """Return every IAM statement anywhere below `node`."""
    found: list[dict[str, Any]] = []
    if isinstance(node, dict):
        if "Effect" in node and "Action" in node:
            found.append(node)
        for value in node.values():
            found += statements(value)
    elif isinstance(node, list):
        for value in node:
            found += statements(value)
    return found


@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_function_gets_the_variables_that_it_reads(
    template: dict[str, Any], function: str
) -> None:
    assert "Environment" not in template["Globals"]["Function"]
    own = properties(template, function)["Environment"]["Variables"]
    assert own["AWS_ENDPOINT_URL"] == {"!Ref": "AWS::NoValue"}, "never set on AWS"
    given = {name for name in own if not name.startswith(("POWERTOOLS_", "AWS_"))}
    code = properties(template, function)["CodeUri"].removeprefix("functions/")
    shared = variables_of(Cors) if code in api_events(template) else set()
    own_settings = variables_of(SETTINGS[function]) if function in SETTINGS else set()
    assert given == own_settings | shared


def test_the_rule_selects_what_the_functions_read(template: dict[str, Any]) -> None:
    payload = properties(template, "SmileEventsRule")["TopicRulePayload"]
    assert payload["AwsIotSqlVersion"] == "2016-03-23"
    assert payload["Sql"] == (
        "SELECT encode(*, 'base64') AS payload_base64, topic(2) AS topic_device_id,"
        " timestamp() AS received_at_ms FROM 'smile/+/events'"
    )
    assert payload["RuleDisabled"] is False


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_may_send_to_the_queues_that_it_targets_and_no_other(
    template: dict[str, Any], rule: str
) -> None:
    role_name, queues = RULES[rule]
    payload = properties(template, rule)["TopicRulePayload"]
    actions = [action["Sqs"] for action in (*payload["Actions"], payload["ErrorAction"])]
    assert [action["QueueUrl"]["!Ref"] for action in actions] == [*queues, "RuleErrorQueue"]
    assert not any(action["UseBase64"] for action in actions)
    assert {action["RoleArn"]["!GetAtt"] for action in actions} == {f"{role_name}.Arn"}
    [grant] = statements(properties(template, role_name)["Policies"])
    assert grant["Action"] == "sqs:SendMessage"
    assert [resource["!GetAtt"] for resource in grant["Resource"]] == [
        f"{action['QueueUrl']['!Ref']}.Arn" for action in actions
    ]


@pytest.mark.parametrize(
    ("rule", "topic", "device_id", "kind"),
    [
        ("DeviceStatusRule", "smile/cam-1/status", "cam-1", "status"),
        ("PresenceRule", "$aws/events/presence/connected/cam-1", "cam-1", "connected"),
        ("PresenceRule", "$aws/events/presence/disconnected/cam-1", "cam-1", "disconnected"),
    ],
)
def test_the_rules_for_status_pass_the_bytes_with_device_and_kind(
    template: dict[str, Any], rule: str, topic: str, device_id: str, kind: str
) -> None:
    payload = properties(template, rule)["TopicRulePayload"]
    assert (payload["AwsIotSqlVersion"], payload["RuleDisabled"]) == ("2016-03-23", False)
    query = parse(payload["Sql"])
    assert topic_matches_sub(query.topic_filter, topic)
    sent = b'{"topic_kind": "events", "topic_device_id": "cam-2"}'
    passed = json.dumps(query.evaluate(topic, sent, 7))
    assert RuleBody.parse(passed) == RuleBody(
        device_id, datetime(1970, 1, 1, 0, 0, 0, 7000, tzinfo=UTC), sent, kind=kind
    )


@pytest.mark.parametrize(("queue", "function"), QUEUES.items())
def test_a_queue_invokes_its_function_and_keeps_what_fails(
    template: dict[str, Any], queue: str, function: str
) -> None:
    [source] = properties(template, function)["Events"].values()
    window = source["Properties"]["MaximumBatchingWindowInSeconds"]
    if queue == "AlertsQueue":
        assert window == {"!Ref": "AlertBatchSeconds"}
        parameter = template["Parameters"]["AlertBatchSeconds"]
        assert parameter["Default"] == "0", "alerts do not wait"
        longest_s = 1
        for seconds, is_valid in (("0", True), (str(longest_s), True), ("2", False), ("", False)):
            assert (re.fullmatch(parameter["AllowedPattern"], seconds) is not None) is is_valid
    else:
        assert window > 0, "the others do"
        longest_s = window
    assert source == {
        "Type": "SQS",
        "Properties": {
            "MaximumBatchingWindowInSeconds": window,
            "Queue": {"!GetAtt": f"{queue}.Arn"},
            "BatchSize": 10,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "ScalingConfig": {"MaximumConcurrency": 2 if queue == "StatusQueue" else 5},
        },
    }
    timeout = properties(template, function)["Timeout"]
    assert timeout * 1000 > RESERVE_MS, "otherwise no record is ever handled"
    own = properties(template, queue)
    assert own["VisibilityTimeout"] == 6 * timeout + longest_s, "as AWS recommends"
    assert own["RedrivePolicy"] == {
        "deadLetterTargetArn": {"!GetAtt": "DeadLetterQueue.Arn"},
        "maxReceiveCount": 5,
    }
    assert "EventInvokeConfig" not in properties(template, function)
    assert "EventInvokeConfig" not in template["Globals"]["Function"]


def test_a_schedule_starts_a_check_each_minute_and_no_two_at_once(
    template: dict[str, Any],
) -> None:
    function = properties(template, "CheckDevicesFunction")
    [schedule] = function["Events"].values()
    assert schedule["Type"] == "ScheduleV2"
    assert schedule["Properties"]["ScheduleExpression"] == "rate(1 minute)"
    assert schedule["Properties"]["OmitName"] is True, "stages may share an account"
    # Nobody waits for the result of a check, and a late repetition is of no use.
    assert schedule["Properties"]["RetryPolicy"] == {"MaximumRetryAttempts": 0}
    assert function["EventInvokeConfig"] == {"MaximumRetryAttempts": 0}
    assert function["Timeout"] < LEASE.total_seconds() < 60


def test_what_costs_money_with_each_message_is_left_out(template: dict[str, Any]) -> None:
    """docs/cost.md says what each of them costs."""
    for function in QUEUES.values():
        assert properties(template, function)["Tracing"]["!Select"][1][0] == "PassThrough"
    assert template["Globals"]["Function"]["LoggingConfig"] == {
        "LogFormat": "JSON",
        "ApplicationLogLevel": "INFO",
        "SystemLogLevel": "WARN",
    }
    for function in EVERY:
        assert set(properties(template, function)["LoggingConfig"]) == {"LogGroup"}


def test_alerts_wait_in_their_queue_at_least_until_they_are_too_old(
    template: dict[str, Any],
) -> None:
    pattern = template["Parameters"]["AlertMaxAgeSeconds"]["AllowedPattern"]
    assert re.fullmatch(pattern, "99999")
    assert not re.fullmatch(pattern, "100000")
    assert properties(template, "AlertsQueue")["MessageRetentionPeriod"] > 99_999


@pytest.mark.parametrize(
    ("seconds", "is_valid"),
    [("59", False), ("60", True), ("99", True), ("100", True), ("9999", True), ("79999", True),
     ("86399", True), ("86400", True), ("86401", False), ("87000", False), ("90000", False),
     ("100000", False), ("060", False)],
)  # fmt: skip
def test_the_longest_smile_is_a_minute_to_a_day(
    template: dict[str, Any], seconds: str, is_valid: bool
) -> None:
    parameter = template["Parameters"]["LongestSmileSeconds"]
    assert (re.fullmatch(parameter["AllowedPattern"], seconds) is not None) == is_valid


@pytest.mark.parametrize("function", EVERY)
def test_a_changed_variable_reaches_the_alias(template: dict[str, Any], function: str) -> None:
    assert template["Globals"]["Function"]["AutoPublishAlias"] == "live"
    assert properties(template, function)["AutoPublishAliasAllProperties"] is True


def test_the_table_deletes_expired_items(template: dict[str, Any]) -> None:
    table = properties(template, "EventsTable")
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


@pytest.mark.parametrize("name", sorted(path.stem for path in EVENTS.glob("messages/*.json")))
def test_the_rule_makes_the_samples_of_the_messages_that_devices_send(
    template: dict[str, Any], name: str
) -> None:
    sent = (EVENTS / "messages" / f"{name}.json").read_bytes()
    sql = properties(template, "SmileEventsRule")["TopicRulePayload"]["Sql"]
    at = round(RECEIVED_AT.timestamp() * 1000)
    passed = parse(sql).evaluate("smile/cam-1/events", sent, at)
    [record] = sample(f"store_event/{name}")["Records"]
    assert json.loads(record["body"]) == passed


def test_the_samples_are_those_of_the_messages() -> None:
    files = sample_files()
    written = {path: path.read_text("utf-8") for path in EVENTS.glob("s*/*.json")}
    written |= {path: path.read_text("utf-8") for path in EVENTS.glob("device_status/*.json")}
    assert written == files, "run python -m scripts.sample_events"


def test_the_runtime_is_supported_for_at_least_a_year(template: dict[str, Any]) -> None:
    # "Lambda runtimes", Supported runtimes; look there again when this fails
    deprecated = {"python3.12": date(2028, 10, 31), "python3.13": date(2029, 6, 30)}
    runtime = template["Globals"]["Function"]["Runtime"]
    assert deprecated[runtime] - datetime.now(UTC).date() > timedelta(days=365)
    for layer in ("SmileContractLayer", "SmileCloudLayer", "SmileVisionLayer", "JwtLayer"):
        assert runtime in properties(template, layer)["CompatibleRuntimes"]
    functions = [r for r in template["Resources"].values() if "Function" in r["Type"]]
    assert len(functions) == len(EVERY)
    assert not any("Runtime" in function["Properties"] for function in functions)


@pytest.mark.parametrize(
    "function",
    [
        "store_event",
        "send_alert",
        "device_status",
        "history_api",
        "alerts_api",
        "feedback_api",
        "device_settings_api",
        "dashboard",
        "photo_api",
        "erasure_api",
        "erase_events",
        "authorize",
        "edge_lambda",
    ],
)
def test_every_function_has_good_and_bad_samples(function: str) -> None:
    names = samples(function)
    bad = {name for name in names if "bad" in name}
    assert bad
    assert set(names) - bad


@pytest.mark.parametrize("path", sorted(EVENTS.glob("s*/*.json")), ids=lambda p: p.stem)
def test_a_sample_follows_the_contract_unless_its_name_says_bad(path: Path) -> None:
    limits = ClockLimits(max_age=timedelta(days=90), longest_smile=timedelta(hours=1))
    [record] = json.loads(path.read_text("utf-8"))["Records"]
    rejected = RuleMessage.from_body(record["body"], limits).rejected
    assert bool(rejected) == ("bad" in path.stem)


def test_every_output_has_a_description(template: dict[str, Any]) -> None:
    outputs = template["Outputs"]
    assert {"ApiUrl", "ReadApiKey", "AlertTopicArn", "AlarmTopicArn", "SmileEventsRuleName"} <= set(
        outputs
    )
    assert outputs["DevicePolicyName"]["Value"] == {"!Ref": "DevicePolicy"}
    topic = outputs["BasicIngestTopic"]["Value"]["!Sub"]
    assert topic == "$aws/rules/${SmileEventsRule}/smile/<device>/events"
    assert all(output["Description"] for output in outputs.values())


def test_every_grant_names_its_actions_and_resources(template: dict[str, Any]) -> None:
    policy = json.dumps(properties(template, "DevicePolicy"))
    assert "*" not in policy.replace("/shadow/name/settings/*", "")
    grants = statements(template["Resources"])
    assert len(grants) > len(FUNCTIONS)
    for grant in grants:
        actions = grant["Action"] if isinstance(grant["Action"], list) else [grant["Action"]]
        assert all("*" not in action for action in actions)
        if grant["Effect"] == "Allow":
            assert grant.get("Resource") != "*"
            assert grant.get("Principal") != "*"


def test_a_path_needs_a_key_unless_it_is_public_or_signed(template: dict[str, Any]) -> None:
    assert properties(template, "SmileApi")["Auth"]["ApiKeyRequired"] is True
    free = {
        event["Path"]
        for events in api_events(template).values()
        for event in events
        if event["Method"] != "OPTIONS" and not needs_key(event)
    }
    assert free == {
        "/",
        "/dashboard/{version}/{name}",
        "/docs",
        "/v1/openapi.json",
        "/alerts/{token}",
        "/alerts/{token}/pause",
    }


def test_the_access_log_does_not_hold_the_links_of_alerts(template: dict[str, Any]) -> None:
    log = properties(template, "SmileApi")["AccessLogSetting"]["Format"]
    assert "$context.resourcePath" in log
    assert "$context.path" not in log


def test_api_gateway_answers_errors_with_problem_documents(template: dict[str, Any]) -> None:
    responses = properties(template, "SmileApi")["GatewayResponses"]
    assert {"DEFAULT_4XX", "DEFAULT_5XX", "INVALID_API_KEY", "THROTTLED"} <= set(responses)
    for response in responses.values():
        headers = response["ResponseParameters"]["Headers"]
        origin = {"!If": ["HasOrigins", "'*'", {"!Ref": "AWS::NoValue"}]}
        assert headers["Access-Control-Allow-Origin"] == origin
        _, readable, _ = headers["Access-Control-Expose-Headers"]["!If"]
        own = {"Retry-After", "WWW-Authenticate"} & headers.keys()
        assert own | {"x-amzn-RequestId"} <= set(readable.strip("'").split(", "))
        assert headers["Content-Type"] == "'application/problem+json'"
        text = response["ResponseTemplates"]["application/json"]
        problem = json.loads(text.replace("$context.error.messageString", '"message"'))
        assert problem["type"] == "about:blank"
        assert problem["title"]
        assert problem.get("status") == response.get("StatusCode")


def test_the_layer_holds_the_versions_that_the_tests_use() -> None:
    text = (ROOT / "layers/smile_cloud/requirements.txt").read_text("utf-8")
    pins = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", text, re.MULTILINE))
    assert "aws-lambda-powertools" in pins
    assert pins == {name: version(name) for name in pins}
    assert "aws-xray-sdk" not in pins


def test_every_parameter_says_which_values_it_accepts(template: dict[str, Any]) -> None:
    grouped = {
        name
        for group in template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
        for name in group["Parameters"]
    }
    assert grouped == set(template["Parameters"])
    for parameter in template["Parameters"].values():
        if "Default" in parameter:
            assert re.fullmatch(parameter["AllowedPattern"], parameter["Default"])
        assert parameter["ConstraintDescription"].startswith("must be ")
        assert parameter["Description"]
