"""What raises the alarms for operators, and what does not."""

from __future__ import annotations

import io
import json
from types import SimpleNamespace
from typing import Any

from aws_lambda_powertools import Logger

from smile_cloud.rule_body import RuleBody
from smile_cloud.sqs_batch import handle_records
from tests.helpers.metric_math import Series, states
from tests.helpers.rule_events import RECEIVED_AT
from tests.helpers.template import properties


def letters_alarm(
    template: dict[str, Any],
    waiting: Series,
    being_read: Series | None = None,
    sent: Series | None = None,
) -> list[bool]:
    none: Series = [None if one is None else 0.0 for one in waiting]
    series = {"waiting": waiting, "being_read": being_read or none, "sent": sent or none}
    return states(properties(template, "DeadLettersAlarm"), series)


def test_each_new_dead_letter_raises_the_alarm_when_old_ones_are_in_the_queue(
    template: dict[str, Any],
) -> None:
    """SQS moves them itself, so nothing counts them as sent."""
    waiting: Series = [1.0] * 6 + [2.0] * 10 + [3.0] * 10
    on = letters_alarm(template, waiting)
    assert [minute for minute, one in enumerate(on) if one] == [*range(6, 11), *range(16, 21)]


def test_first_dead_letter_raises_the_alarm_when_the_queue_was_idle(
    template: dict[str, Any],
) -> None:
    """AWS/SQS has no data of an idle queue."""
    assert letters_alarm(template, [None, None, 1.0])[-1]


def test_no_alarm_when_someone_reads_dead_letters(template: dict[str, Any]) -> None:
    waiting: Series = [4.0, 4.0, 0.0, 0.0, 4.0, 4.0]
    being_read: Series = [0.0, 0.0, 4.0, 4.0, 0.0, 0.0]
    assert not any(letters_alarm(template, waiting, being_read))


def test_new_dead_letter_raises_the_alarm_when_redrive_takes_out_another(
    template: dict[str, Any],
) -> None:
    assert letters_alarm(template, [2.0, 2.0, 2.0], sent=[0.0, 0.0, 1.0])[-1]


def test_no_alarm_when_the_dead_letter_queue_is_empty_or_idle(template: dict[str, Any]) -> None:
    assert not any(letters_alarm(template, [0.0] * 10))
    assert not any(letters_alarm(template, [None] * 10))


def test_alerts_still_go_out_when_the_age_of_their_queue_raises_the_alarm(
    template: dict[str, Any],
) -> None:
    seconds = template["Parameters"]["AlertMaxAgeSeconds"]["Default"]
    assert properties(template, "AlertsQueueAgeAlarm")["Threshold"] < int(seconds)


def test_slow_functions_are_measured_against_their_timeouts(template: dict[str, Any]) -> None:
    default = template["Globals"]["Function"]["Timeout"]
    timeouts = {
        name: resource["Properties"].get("Timeout", default)
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
        and "Environment" in resource["Properties"]
    }
    seen: set[str] = set()
    for alarm in (properties(template, f"Slow{kind}FunctionsAlarm") for kind in ("", "Api")):
        ids = {
            one["MetricStat"]["Metric"]["Dimensions"][0]["Value"]["!Ref"]: one["Id"]
            for one in alarm["Metrics"]
            if "MetricStat" in one
        }
        seen |= set(ids)
        quiet: dict[str, Series] = {one: [None] * 3 for one in ids.values()}
        for name, one in ids.items():
            milliseconds = 1000.0 * timeouts[name]
            assert states(alarm, quiet | {one: [0.8 * milliseconds] * 3})[-1], name
            assert not any(states(alarm, quiet | {one: [0.79 * milliseconds] * 3})), name
    assert seen == set(timeouts)


def test_messages_are_counted_by_device_from_the_log_of_store_event(
    template: dict[str, Any],
) -> None:
    rule = json.loads(properties(template, "DeviceMessagesRule")["RuleBody"]["!Sub"])
    assert rule["LogGroupNames"] == ["${StoreEventLogGroup}"]
    [key] = rule["Contribution"]["Keys"]
    [accepted] = rule["Contribution"]["Filters"]
    log = io.StringIO()
    logger = Logger(service="counted", stream=log)
    context: Any = SimpleNamespace(get_remaining_time_in_millis=lambda: 30_000)
    message = b'{"schema_version": 1, "events": []}'
    record = {"messageId": "1", "body": RuleBody("cam-1", RECEIVED_AT, message).text()}

    def fail(_body: str) -> dict[str, int]:
        raise OSError

    handle_records({"Records": [record]}, context, lambda _body: {}, logger)
    handle_records({"Records": [record]}, context, fail, logger)
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert len(lines) == 2
    for line in lines:
        assert line[accepted["Match"].removeprefix("$.")] in accepted["In"]
        assert line[key.removeprefix("$.")] == "cam-1"


def test_alarms_on_volume_and_silence_follow_their_parameters(template: dict[str, Any]) -> None:
    rule = template["Resources"]["DeviceMessagesRule"]
    alarm = template["Resources"]["DeviceMessagesAlarm"]
    assert rule["Condition"] == alarm["Condition"] == "WatchesVolume"
    [metric] = alarm["Properties"]["Metrics"]
    name = rule["Properties"]["RuleName"]["!Sub"]
    assert metric["Expression"]["!Sub"] == f'INSIGHT_RULE_METRIC("{name}", "MaxContributorValue")'
    assert alarm["Properties"]["Threshold"] == {"!Ref": "DeviceMessageLimit"}
    silence = template["Resources"]["SilentFleetAlarm"]
    assert silence["Condition"] == "WatchesSilence"
    assert silence["Properties"]["EvaluationPeriods"] == {"!Ref": "SilentFleetHours"}
    assert silence["Properties"]["ComparisonOperator"] == "LessThanThreshold"
    assert template["Parameters"]["SilentFleetHours"]["Default"] == "none"
