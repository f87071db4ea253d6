"""What no linter checks: that the template does what the code relies on."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from local.iot_sql import parse
from smile_cloud.rule_message import RuleMessage
from smile_contract import ContractError

ROOT = Path(__file__).parents[3]
FUNCTIONS = ("StoreEventFunction", "SendAlertFunction", "HistoryApiFunction")
EVERY = (
    *FUNCTIONS,
    "EdgeFunction",
)  # the last runs on cameras: tests/unit/cloud/test_template_edge
ASYNCHRONOUS = FUNCTIONS[:2]
SETTINGS_CLASS = {
    "StoreEventFunction": "StoreEventSettings",
    "SendAlertFunction": "SendAlertSettings",
    "HistoryApiFunction": "HistoryApiSettings",
}


def properties(template: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"][name]["Properties"]
    return found


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


def variables_read_by(class_name: str) -> set[str]:
    """Return the upper-case names in a settings class and the helpers that it calls."""
    tree = ast.parse(
        (ROOT / "layers/smile_cloud/python/smile_cloud/settings.py").read_text("utf-8")
    )
    [settings] = [n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == class_name]
    texts = {
        node.value
        for node in ast.walk(settings)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    read = {text for text in texts if re.fullmatch(r"[A-Z][A-Z_]+", text)}
    return read | {"TABLE_NAME"}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_function_gets_the_variables_that_it_reads(
    template: dict[str, Any], function: str
) -> None:
    assert "Environment" not in template["Globals"]["Function"]
    own = properties(template, function)["Environment"]["Variables"]
    assert own["AWS_ENDPOINT_URL"] == {"!Ref": "AWS::NoValue"}, "never set on AWS"
    given = {name for name in own if not name.startswith(("POWERTOOLS_", "AWS_"))}
    assert given == variables_read_by(SETTINGS_CLASS[function])


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


def test_the_rule_may_send_its_errors_where_it_sends_them(template: dict[str, Any]) -> None:
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
def test_failed_invocations_are_kept_when_every_retry_failed(
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


def test_the_table_forgets_what_has_expired(template: dict[str, Any]) -> None:
    table = properties(template, "EventsTable")
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert table["BillingMode"] == "PAY_PER_REQUEST"


@pytest.mark.parametrize("name", ["started", "ended", "batch"])
def test_the_rule_hands_over_the_samples_when_devices_send_them(
    template: dict[str, Any], sample: Callable[[str], Any], name: str
) -> None:
    handed_over = sample(f"store_event/{name}")
    added = {"topic_device_id", "received_at_ms"}
    sent = {key: value for key, value in handed_over.items() if key not in added}
    sql = properties(template, "SmileEventsRule")["TopicRulePayload"]["Sql"]
    topic, at = f"smile/{handed_over['topic_device_id']}/events", handed_over["received_at_ms"]
    assert parse(sql).evaluate(topic, json.dumps(sent).encode(), at) == handed_over


def test_the_runtime_is_supported_for_a_year_and_longer(template: dict[str, Any]) -> None:
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
    names = [path.stem for path in (ROOT / "events" / function).glob("*.json")]
    bad = [name for name in names if "bad" in name]
    assert bad
    assert set(names) - set(bad)


@pytest.mark.parametrize("path", sorted((ROOT / "events").glob("s*/*.json")), ids=lambda p: p.stem)
def test_a_sample_keeps_the_contract_unless_it_is_called_bad(path: Path) -> None:
    rule_event = json.loads(path.read_text("utf-8"))
    try:
        kept = not RuleMessage.from_rule(rule_event).rejected
    except ContractError:
        kept = False
    assert kept == ("bad" not in path.stem)


def test_every_output_says_what_it_is_for(template: dict[str, Any]) -> None:
    outputs = template["Outputs"]
    assert {"ApiUrl", "ReadApiKey", "AlertTopicArn", "AlarmTopicArn", "SmileEventsRuleName"} <= set(
        outputs
    )
    assert outputs["DevicePolicyName"]["Value"] == {"!Ref": "DevicePolicy"}
    topic = outputs["BasicIngestTopic"]["Value"]["!Sub"]
    assert topic == "$aws/rules/${SmileEventsRule}/smile/<device>/events"
    assert all(output["Description"] for output in outputs.values())


def test_no_grant_is_wider_than_named_actions_on_named_things(template: dict[str, Any]) -> None:
    assert "*" not in json.dumps(properties(template, "DevicePolicy"))
    grants = statements(template["Resources"])
    assert len(grants) > len(FUNCTIONS)
    for grant in grants:
        actions = grant["Action"] if isinstance(grant["Action"], list) else [grant["Action"]]
        assert all("*" not in action for action in actions)
        if grant["Effect"] == "Allow":
            assert grant.get("Resource") != "*"
            assert grant.get("Principal") != "*"


def test_people_need_a_key_except_for_the_description(template: dict[str, Any]) -> None:
    assert properties(template, "SmileApi")["Auth"]["ApiKeyRequired"] is True
    events = properties(template, "HistoryApiFunction")["Events"].values()
    free = [
        event["Properties"]["Path"]
        for event in events
        if not event["Properties"].get("Auth", {}).get("ApiKeyRequired", True)
    ]
    assert free == ["/v1/openapi.json"]


def test_the_gateways_own_answers_are_problem_documents(template: dict[str, Any]) -> None:
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


def test_the_layer_carries_the_versions_that_are_tested() -> None:
    text = (ROOT / "layers/smile_cloud/requirements.txt").read_text("utf-8")
    pins = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", text, re.MULTILINE))
    assert "aws-lambda-powertools" in pins
    assert pins == {name: version(name) for name in pins}
    assert "aws-xray-sdk" not in pins


def test_every_parameter_explains_what_it_takes(template: dict[str, Any]) -> None:
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
