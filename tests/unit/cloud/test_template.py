"""What no linter checks: the template provides what the code relies on."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from local.iot_sql import parse
from smile_cloud.history_api.settings import HistoryApiSettings
from smile_cloud.rule_message import RuleMessage
from smile_cloud.send_alert.settings import SendAlertSettings
from smile_cloud.store_event.settings import StoreEventSettings
from smile_contract import ContractError
from tests.helpers.functions import variables_of
from tests.helpers.rule_events import EVENTS, sample, samples
from tests.helpers.template import ROOT, properties

SETTINGS = {
    "StoreEventFunction": StoreEventSettings,
    "SendAlertFunction": SendAlertSettings,
    "HistoryApiFunction": HistoryApiSettings,
}
FUNCTIONS = tuple(SETTINGS)
ASYNCHRONOUS = FUNCTIONS[:2]
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
    assert given == variables_of(SETTINGS[function])


def test_the_rule_selects_what_the_functions_read(template: dict[str, Any]) -> None:
    payload = properties(template, "SmileEventsRule")["TopicRulePayload"]
    assert payload["AwsIotSqlVersion"] == "2016-03-23"
    assert payload["Sql"] == (
        "SELECT *, topic(2) AS topic_device_id, timestamp() AS received_at_ms"
        " FROM 'smile/+/events' WHERE isUndefined(topic_device_id) AND isUndefined(received_at_ms)"
    )
    assert payload["RuleDisabled"] is False


def test_the_rule_may_invoke_the_aliases_that_it_targets(template: dict[str, Any]) -> None:
    rule = properties(template, "SmileEventsRule")["TopicRulePayload"]
    targets = [action["Lambda"]["FunctionArn"]["!Ref"] for action in rule["Actions"]]
    assert targets == [f"{name}.Alias" for name in ASYNCHRONOUS]
    permissions = [
        resource["Properties"]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Lambda::Permission"
    ]
    assert [permission["FunctionName"]["!Ref"] for permission in permissions] == targets
    for permission in permissions:
        assert permission["Principal"] == "iot.amazonaws.com"
        assert permission["SourceArn"] == {"!GetAtt": "SmileEventsRule.Arn"}
        assert permission["SourceAccount"] == {"!Ref": "AWS::AccountId"}


def test_the_rule_may_send_messages_to_its_error_queue(template: dict[str, Any]) -> None:
    rule = properties(template, "SmileEventsRule")["TopicRulePayload"]
    assert rule["ErrorAction"]["Sqs"]["QueueUrl"] == {"!Ref": "RuleErrorQueue"}
    assert rule["ErrorAction"]["Sqs"]["RoleArn"] == {"!GetAtt": "SmileEventsRuleErrorRole.Arn"}
    role = properties(template, "SmileEventsRuleErrorRole")
    [grant] = statements(role["Policies"])
    assert (grant["Action"], grant["Resource"]) == (
        "sqs:SendMessage",
        {"!GetAtt": "RuleErrorQueue.Arn"},
    )


@pytest.mark.parametrize("function", EVERY)
def test_an_invocation_goes_to_the_dead_letter_queue_when_every_retry_fails(
    template: dict[str, Any], function: str
) -> None:
    assert "EventInvokeConfig" not in properties(template, function)
    config = template["Globals"]["Function"]["EventInvokeConfig"]
    assert config["MaximumRetryAttempts"] == 2
    assert config["DestinationConfig"]["OnFailure"] == {
        "Type": "SQS",
        "Destination": {"!GetAtt": "DeadLetterQueue.Arn"},
    }


@pytest.mark.parametrize("function", EVERY)
def test_a_changed_variable_reaches_the_alias(template: dict[str, Any], function: str) -> None:
    assert template["Globals"]["Function"]["AutoPublishAlias"] == "live"
    assert properties(template, function)["AutoPublishAliasAllProperties"] is True


def test_the_table_deletes_expired_items(template: dict[str, Any]) -> None:
    table = properties(template, "EventsTable")
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert table["BillingMode"] == "PAY_PER_REQUEST"


@pytest.mark.parametrize("name", ["started", "ended", "batch"])
def test_the_rule_passes_the_samples_when_devices_send_them(
    template: dict[str, Any], name: str
) -> None:
    passed = sample(f"store_event/{name}")
    added = {"topic_device_id", "received_at_ms"}
    sent = {key: value for key, value in passed.items() if key not in added}
    sql = properties(template, "SmileEventsRule")["TopicRulePayload"]["Sql"]
    topic, at = f"smile/{passed['topic_device_id']}/events", passed["received_at_ms"]
    assert parse(sql).evaluate(topic, json.dumps(sent).encode(), at) == passed


def test_the_runtime_is_supported_for_at_least_a_year(template: dict[str, Any]) -> None:
    # "Lambda runtimes", Supported runtimes; look there again when this fails
    deprecated = {"python3.12": date(2028, 10, 31), "python3.13": date(2029, 6, 30)}
    runtime = template["Globals"]["Function"]["Runtime"]
    assert deprecated[runtime] - datetime.now(UTC).date() > timedelta(days=365)
    for layer in ("SmileContractLayer", "SmileCloudLayer"):
        assert runtime in properties(template, layer)["CompatibleRuntimes"]
    functions = [r for r in template["Resources"].values() if "Function" in r["Type"]]
    assert len(functions) == len(EVERY)
    assert not any("Runtime" in function["Properties"] for function in functions)


@pytest.mark.parametrize("function", ["store_event", "send_alert", "history_api", "edge_lambda"])
def test_every_function_has_good_and_bad_samples(function: str) -> None:
    names = samples(function)
    bad = {name for name in names if "bad" in name}
    assert bad
    assert set(names) - bad


@pytest.mark.parametrize("path", sorted(EVENTS.glob("s*/*.json")), ids=lambda p: p.stem)
def test_a_sample_follows_the_contract_unless_its_name_says_bad(path: Path) -> None:
    rule_event = json.loads(path.read_text("utf-8"))
    try:
        valid = not RuleMessage.from_rule(rule_event).rejected
    except ContractError:
        valid = False
    assert valid == ("bad" not in path.stem)


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
    assert "*" not in json.dumps(properties(template, "DevicePolicy"))
    grants = statements(template["Resources"])
    assert len(grants) > len(FUNCTIONS)
    for grant in grants:
        actions = grant["Action"] if isinstance(grant["Action"], list) else [grant["Action"]]
        assert all("*" not in action for action in actions)
        if grant["Effect"] == "Allow":
            assert grant.get("Resource") != "*"
            assert grant.get("Principal") != "*"


def test_every_path_but_the_description_needs_a_key(template: dict[str, Any]) -> None:
    assert properties(template, "SmileApi")["Auth"]["ApiKeyRequired"] is True
    events = properties(template, "HistoryApiFunction")["Events"].values()
    free = [
        event["Properties"]["Path"]
        for event in events
        if not event["Properties"].get("Auth", {}).get("ApiKeyRequired", True)
    ]
    assert free == ["/v1/openapi.json"]


def test_api_gateway_answers_errors_with_problem_documents(template: dict[str, Any]) -> None:
    responses = properties(template, "SmileApi")["GatewayResponses"]
    assert {"DEFAULT_4XX", "DEFAULT_5XX", "INVALID_API_KEY", "THROTTLED"} <= set(responses)
    for response in responses.values():
        headers = response["ResponseParameters"]["Headers"]
        assert headers == {"Content-Type": "'application/problem+json'"}
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
        assert re.fullmatch(parameter["AllowedPattern"], parameter.get("Default", "none"))
        assert parameter["ConstraintDescription"].startswith("must be ")
        assert parameter["Description"]
