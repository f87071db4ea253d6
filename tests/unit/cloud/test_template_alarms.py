"""What notifies operators when something breaks, and what rolls back a bad version."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.helpers.template import properties

STAGES = ("dev", "staging", "prod")


def of_type(template: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {
        name: resource["Properties"]
        for name, resource in template["Resources"].items()
        if resource["Type"] == kind
    }


def watched(alarm: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Return namespace, metric and dimensions of each metric that an alarm watches."""
    given = alarm.get("Metrics")
    metrics = (
        [alarm]
        if given is None
        else [one["MetricStat"]["Metric"] for one in given if "MetricStat" in one]
    )
    return [
        (
            metric["Namespace"],
            metric["MetricName"],
            {dimension["Name"]: dimension["Value"] for dimension in metric["Dimensions"]},
        )
        for metric in metrics
    ]


def test_every_function_has_its_alarms(template: dict[str, Any]) -> None:
    alarms = of_type(template, "AWS::CloudWatch::Alarm").values()
    seen = [one for alarm in alarms for one in watched(alarm)]
    for function in of_type(template, "AWS::Serverless::Function"):
        for metric in ("Errors", "Throttles"):
            assert ("AWS/Lambda", metric, {"FunctionName": {"!Ref": function}}) in seen


def test_no_alarm_has_more_metrics_than_cloudwatch_takes(template: dict[str, Any]) -> None:
    """Amazon CloudWatch User Guide, "CloudWatch service quotas": up to 10 metrics in an alarm."""
    alarms = of_type(template, "AWS::CloudWatch::Alarm")
    assert {name: len(watched(one)) for name, one in alarms.items() if len(watched(one)) > 10} == {}


def test_every_queue_has_its_alarm(template: dict[str, Any]) -> None:
    alarms = of_type(template, "AWS::CloudWatch::Alarm")
    expected = {
        "EventsQueue": ("EventsQueueAgeAlarm", "ApproximateAgeOfOldestMessage"),
        "AlertsQueue": ("AlertsQueueAgeAlarm", "ApproximateAgeOfOldestMessage"),
        "StatusQueue": ("StatusQueueAgeAlarm", "ApproximateAgeOfOldestMessage"),
        "ErasureQueue": ("ErasureQueueAgeAlarm", "ApproximateAgeOfOldestMessage"),
        "DeadLetterQueue": ("DeadLettersAlarm", "ApproximateNumberOfMessagesVisible"),
        "RuleErrorQueue": ("RuleErrorsAlarm", "NumberOfMessagesSent"),
    }
    assert set(of_type(template, "AWS::SQS::Queue")) == set(expected)
    for queue, (alarm, metric) in expected.items():
        dimensions = {"QueueName": {"!GetAtt": f"{queue}.QueueName"}}
        assert ("AWS/SQS", metric, dimensions) in watched(alarms[alarm])


def test_failures_of_the_rule_and_the_api_have_their_alarms(template: dict[str, Any]) -> None:
    alarms = of_type(template, "AWS::CloudWatch::Alarm")
    for alarm, rules in (
        ("RuleFailuresAlarm", {"SmileEventsRule"}),
        ("StatusRuleFailuresAlarm", {"DeviceStatusRule", "PresenceRule"}),
    ):
        seen = watched(alarms[alarm])
        assert {(metric, found.get("ActionType")) for _, metric, found in seen} == {
            ("Failure", None),
            ("Failure", "SQS"),
            ("ErrorActionFailure", None),
            ("ErrorActionFailure", "SQS"),
            ("RuleMessageThrottled", None),
        }
        assert {found["RuleName"]["!Ref"] for _, _, found in seen} == rules
        assert len(seen) == 5 * len(rules) <= 10, "as many as an alarm takes"
    api = properties(template, "SmileApi")
    for _, _, dimensions in watched(alarms["Api5xxAlarm"]):
        assert dimensions == {"ApiName": api["Name"], "Stage": api["StageName"]}


def test_every_alarm_notifies_operators_and_stays_silent_without_data(
    template: dict[str, Any],
) -> None:
    for name, alarm in of_type(template, "AWS::CloudWatch::Alarm").items():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"!Ref": "AlarmTopic"}], name
        is_about_silence = name in {"SilentFleetAlarm", "MissingChecksAlarm"}
        missing = "breaching" if is_about_silence else "notBreaching"
        assert alarm["TreatMissingData"] == missing, name
        assert alarm["AlarmDescription"], name
        given = alarm.get("Metrics", [])
        used = set(re.findall(r"\w+", " ".join(str(one.get("Expression", "")) for one in given)))
        stats = {one["Id"] for one in given if "MetricStat" in one}
        assert stats <= used, f"{name} watches metrics that it does not use"


def test_each_stage_has_its_own_metrics(template: dict[str, Any]) -> None:
    """Stages may share an account, and a fault in one must not roll back another."""
    namespace = {"!Sub": "Smile/${Stage}"}
    for function in of_type(template, "AWS::Serverless::Function").values():
        if "Environment" in function:
            variables = function["Environment"]["Variables"]
            assert variables["POWERTOOLS_METRICS_NAMESPACE"] == namespace
    alarms = of_type(template, "AWS::CloudWatch::Alarm").values()
    own = [one for alarm in alarms for one in watched(alarm) if "service" in one[2]]
    assert own
    assert all(one[0] == namespace for one in own)


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
    assert required == ["Stage", "AlertEmail"]
    pattern = parameters["AlertEmail"]["AllowedPattern"]
    assert all(re.fullmatch(pattern, good) for good in ("none", "ops@example.com"))
    assert not any(re.fullmatch(pattern, bad) for bad in ("", "None", "ops", "a@b", "a b@c.d"))
    assert parameters["AlarmEmail"]["Default"] == "same"


def test_a_new_version_is_rolled_back_only_while_the_parameter_says_so(
    template: dict[str, Any],
) -> None:
    for function in of_type(template, "AWS::Serverless::Function").values():
        if "Events" in function:
            preference = function["DeploymentPreference"]
            assert preference["Type"] == {"!FindInMap": ["StageMap", {"!Ref": "Stage"}, "Rollout"]}
            condition, alarms, otherwise = preference["Alarms"]["!If"]
            assert (condition, otherwise) == ("RollsBack", [{"!Ref": "AWS::NoValue"}])
            assert alarms
    assert template["Conditions"]["RollsBack"] == {"!Equals": [{"!Ref": "RollbackAlarms"}, "on"]}


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
    for kind in ("LogRetentionDays", "EventRetentionDays", "RollupRetentionDays"):
        days = [int(stages[stage][kind]) for stage in STAGES]
        assert days == sorted(set(days))
    table = template["Resources"]["EventsTable"]["Properties"]
    assert table["DeletionProtectionEnabled"] == {"!If": ["IsProd", True, False]}
    assert table["PointInTimeRecoverySpecification"] == {
        "PointInTimeRecoveryEnabled": {"!If": ["IsNotDev", True, False]}
    }


def test_the_dashboard_shows_every_alarm_and_existing_resources(template: dict[str, Any]) -> None:
    [dashboard] = of_type(template, "AWS::CloudWatch::Dashboard").values()
    text, variables = dashboard["DashboardBody"]["!Sub"]
    for optional in (
        "",
        *(one["!If"][1]["!Sub"] for one in variables["OptionalAlarms"]["!Join"][1]),
    ):
        widgets = json.loads(text.replace("${OptionalAlarms}", optional))["widgets"]
    assert {widget["type"] for widget in widgets} == {"alarm", "metric"}
    names = set(re.findall(r"\$\{(\w+)[.}]", text + str(variables)))
    known = set(template["Resources"]) | set(template["Parameters"]) | set(variables)
    assert names <= known
    assert set(of_type(template, "AWS::CloudWatch::Alarm")) <= names
    places = [(widget["x"], widget["y"]) for widget in widgets]
    assert len(set(places)) == len(places)
