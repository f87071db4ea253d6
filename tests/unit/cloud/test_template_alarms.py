"""What notifies operators when something breaks, and what rolls back a bad version."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

FUNCTIONS = ("StoreEventFunction", "SendAlertFunction", "HistoryApiFunction")
STAGES = ("dev", "staging", "prod")


def of_type(template: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {
        name: resource["Properties"]
        for name, resource in template["Resources"].items()
        if resource["Type"] == kind
    }


def watched(alarm: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Return namespace, metric and dimensions of each metric that an alarm watches."""
    metrics = [
        one["MetricStat"]["Metric"] for one in alarm.get("Metrics", []) if "MetricStat" in one
    ]
    return [
        (
            metric["Namespace"],
            metric["MetricName"],
            {dimension["Name"]: dimension["Value"] for dimension in metric["Dimensions"]},
        )
        for metric in metrics or [alarm]
    ]


def test_every_function_has_its_alarms(template: dict[str, Any]) -> None:
    assert set(of_type(template, "AWS::Serverless::Function")) >= set(FUNCTIONS)
    alarms = of_type(template, "AWS::CloudWatch::Alarm").values()
    seen = [one for alarm in alarms for one in watched(alarm)]
    for function in of_type(template, "AWS::Serverless::Function"):
        for metric in ("Errors", "Throttles"):
            assert ("AWS/Lambda", metric, {"FunctionName": {"!Ref": function}}) in seen


@pytest.mark.parametrize("queue", ["DeadLetterQueue", "RuleErrorQueue"])
def test_every_queue_has_its_alarm(template: dict[str, Any], queue: str) -> None:
    assert set(of_type(template, "AWS::SQS::Queue")) == {"DeadLetterQueue", "RuleErrorQueue"}
    [(namespace, metric, dimensions)] = watched(
        of_type(template, "AWS::CloudWatch::Alarm")[f"{queue}Alarm"]
    )
    assert (namespace, metric) == ("AWS/SQS", "ApproximateNumberOfMessagesVisible")
    assert dimensions == {"QueueName": {"!GetAtt": f"{queue}.QueueName"}}


def test_failures_of_the_rule_and_the_api_have_their_alarms(template: dict[str, Any]) -> None:
    alarms = of_type(template, "AWS::CloudWatch::Alarm")
    rule = watched(alarms["RuleFailuresAlarm"])
    assert {(metric, found.get("ActionType")) for _, metric, found in rule} == {
        ("Failure", None),
        ("Failure", "Lambda"),
        ("ErrorActionFailure", None),
        ("ErrorActionFailure", "SQS"),
        ("ParseError", None),
    }
    assert all(found["RuleName"] == {"!Ref": "SmileEventsRule"} for _, _, found in rule)
    [(namespace, metric, dimensions)] = watched(alarms["Api5xxAlarm"])
    assert (namespace, metric) == ("AWS/ApiGateway", "5XXError")
    api = template["Resources"]["SmileApi"]["Properties"]
    assert dimensions == {"ApiName": api["Name"], "Stage": api["StageName"]}


def test_every_alarm_notifies_operators_and_stays_silent_without_data(
    template: dict[str, Any],
) -> None:
    for name, alarm in of_type(template, "AWS::CloudWatch::Alarm").items():
        assert alarm["AlarmActions"] == [{"!Ref": "AlarmTopic"}], name
        assert alarm["TreatMissingData"] == "notBreaching", name
        assert alarm["AlarmDescription"], name
        ids = {metric["Id"] for metric in alarm.get("Metrics", [])} - {"all"}
        if ids:
            [expression] = [one["Expression"] for one in alarm["Metrics"] if one["Id"] == "all"]
            assert set(re.findall(r"FILL\((\w+), 0\)", expression)) == ids, name


def test_alarms_may_publish_to_their_topic(template: dict[str, Any]) -> None:
    topic = template["Resources"]["AlarmTopic"]["Properties"]
    assert "KmsMasterKeyId" not in topic, "alarms cannot use the key alias/aws/sns"
    policy = template["Resources"]["AlarmTopicPolicy"]["Properties"]
    assert policy["Topics"] == [{"!Ref": "AlarmTopic"}]
    allow = policy["PolicyDocument"]["Statement"][0]
    assert allow["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert allow["Condition"] == {"StringEquals": {"aws:SourceAccount": {"!Ref": "AWS::AccountId"}}}


def test_a_deployment_must_name_an_address_or_none(template: dict[str, Any]) -> None:
    parameters = template["Parameters"]
    required = [name for name, given in parameters.items() if "Default" not in given]
    assert required == ["AlertEmail"]
    pattern = parameters["AlertEmail"]["AllowedPattern"]
    assert all(re.fullmatch(pattern, good) for good in ("none", "ops@example.com"))
    assert not any(re.fullmatch(pattern, bad) for bad in ("", "None", "ops", "a@b", "a b@c.d"))
    assert parameters["AlarmEmail"]["Default"] == "same"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_new_version_is_rolled_back_by_the_alarm_of_its_function(
    template: dict[str, Any], function: str
) -> None:
    preference = template["Resources"][function]["Properties"]["DeploymentPreference"]
    assert preference["Type"] == {"!FindInMap": ["StageMap", {"!Ref": "Stage"}, "Rollout"]}
    alarm = preference["Alarms"][0]["!Ref"]
    [(_, metric, dimensions)] = watched(template["Resources"][alarm]["Properties"])
    assert (metric, dimensions) == ("Errors", {"FunctionName": {"!Ref": function}})


def test_each_stage_is_protected_better_than_the_one_before(template: dict[str, Any]) -> None:
    stages = template["Mappings"]["StageMap"]
    assert tuple(stages) == STAGES
    pattern = template["Parameters"]["Stage"]["AllowedPattern"]
    assert [stage for stage in (*STAGES, "test", "") if re.fullmatch(pattern, stage)] == [*STAGES]
    assert [stages[stage]["Rollout"] for stage in STAGES] == [
        "AllAtOnce",
        "Canary10Percent5Minutes",
        "Canary10Percent10Minutes",
    ]
    days = [stages[stage]["LogRetentionDays"] for stage in STAGES]
    assert days == sorted(set(days))
    table = template["Resources"]["EventsTable"]["Properties"]
    assert table["DeletionProtectionEnabled"] == {"!If": ["IsProd", True, False]}
    assert table["PointInTimeRecoverySpecification"] == {
        "PointInTimeRecoveryEnabled": {"!If": ["IsNotDev", True, False]}
    }


def test_the_dashboard_shows_every_alarm_and_existing_resources(template: dict[str, Any]) -> None:
    [dashboard] = of_type(template, "AWS::CloudWatch::Dashboard").values()
    text = dashboard["DashboardBody"]["!Sub"]
    widgets = json.loads(text)["widgets"]
    assert {widget["type"] for widget in widgets} == {"alarm", "metric"}
    names = set(re.findall(r"\$\{(\w+)[.}]", text))
    known = set(template["Resources"]) | set(template["Parameters"])
    assert names <= known
    assert set(of_type(template, "AWS::CloudWatch::Alarm")) <= names
    places = [(widget["x"], widget["y"]) for widget in widgets]
    assert len(set(places)) == len(places)
