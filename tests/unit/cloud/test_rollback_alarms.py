"""Which faults of a new version its alarms notice, evaluated over series of a minute each."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.helpers.metric_math import Series, states
from tests.helpers.template import load_template

REQUESTS = {
    *("Invocations", "NumberOfMessagesReceived", "Count"),
    *("EventsCreated", "EventsUpdated", "EventsUnchanged"),
}
FAILURES = {"Errors", "RecordsFailed", "5XXError", "EventsRejected"}
REFUSALS = {"TokensRefused"}  # errors that are answers, which an alarm subtracts
RESOURCES = load_template()["Resources"]
STAGING_MINUTES, PROD_MINUTES = 5, 10  # how long a new version gets a tenth of the traffic
SHARE = 0.1


def rollback_alarms() -> dict[str, list[str]]:
    """Return the alarms of each function that a queue or the API invokes."""
    return {
        name: [
            alarm["!Ref"]
            for alarm in resource["Properties"]["DeploymentPreference"]["Alarms"]["!If"][1]
        ]
        for name, resource in RESOURCES.items()
        if resource["Properties"].get("DeploymentPreference")
    }


ALARMS = sorted({alarm for alarms in rollback_alarms().values() for alarm in alarms})


def metric_names(alarm: dict[str, Any]) -> dict[str, str]:
    """Return the metric's name for each id."""
    return {
        one["Id"]: one["MetricStat"]["Metric"]["MetricName"]
        for one in alarm["Metrics"]
        if "MetricStat" in one
    }


def faults() -> list[tuple[str, str]]:
    """Return each alarm with each metric that counts failures."""
    return [
        (alarm, name)
        for alarm in ALARMS
        for name in metric_names(RESOURCES[alarm]["Properties"]).values()
        if name in FAILURES
    ]


def alarm_states(alarm: str, failing: str, requests: Series, failures: Series) -> list[bool]:
    """Return the states when one metric counts these failures and the others none."""
    properties = RESOURCES[alarm]["Properties"]
    none: Series = [None if one is None else 0.0 for one in requests]
    series = {}
    for one, name in metric_names(properties).items():
        assert name in REQUESTS | FAILURES | REFUSALS
        if name in REQUESTS:
            # The service counts an event as one of created, updated and unchanged.
            series[one] = none if name in {"EventsUpdated", "EventsUnchanged"} else requests
        else:
            series[one] = failures if name == failing else none
    return states(properties, series)


def thinned(rng: random.Random, requests: int, share: float, minutes: int) -> Series:
    """Return failures a minute when each request fails with this probability."""
    return [float(sum(rng.random() < share for _ in range(requests))) for _ in range(minutes)]


def test_every_function_with_traffic_has_its_alarms_and_watches_its_metrics() -> None:
    assert {"StoreEventFunction", "SendAlertFunction", "HistoryApiFunction"} <= set(
        rollback_alarms()
    )
    for function, alarms in rollback_alarms().items():
        assert 1 <= len(alarms) <= 10, "CodeDeploy watches at most ten alarms"
        own = [
            str(one["MetricStat"]["Metric"])
            for alarm in alarms
            for one in RESOURCES[alarm]["Properties"]["Metrics"]
            if "MetricStat" in one
        ]
        assert any("'Errors'" in one and f"'{function}'" in one for one in own), function
        events = RESOURCES[function]["Properties"].get("Events", {}).values()
        if {event["Type"] for event in events} == {"ScheduleV2"}:
            continue
        if any(event["Type"] == "SQS" for event in events):
            service = RESOURCES[function]["Properties"]["Environment"]["Variables"][
                "POWERTOOLS_SERVICE_NAME"
            ]
            assert any("'RecordsFailed'" in one and f"'{service}'" in one for one in own)
        else:
            assert "Api5xxAlarm" in alarms


def test_operators_are_notified_when_each_invocation_of_a_schedule_fails() -> None:
    """It has one invocation a minute, so two failures in a minute never come."""
    minute: Series = [1.0] * 10
    failures: Series = [0.0] * 5 + [1.0] * 5
    on = alarm_states("CheckDevicesFailuresAlarm", "Errors", minute, failures)
    assert on.index(True) == 6
    single: Series = [0.0] * 5 + [1.0] + [0.0] * 4
    assert not any(alarm_states("CheckDevicesFailuresAlarm", "Errors", minute, single))


@pytest.mark.parametrize(("failed", "is_on"), [(100.0, False), (120.0, True)])
def test_refused_tokens_are_no_failures_of_the_authorizer(failed: float, is_on: bool) -> None:
    minutes = 10
    series: dict[str, Series] = {
        "errors": [failed] * minutes,
        "refused": [100.0] * minutes,
        "invocations": [200.0] * minutes,
    }
    assert any(states(RESOURCES["AuthorizeFailuresAlarm"]["Properties"], series)) == is_on


def test_make_deploy_reads_one_alarm_for_all_of_them() -> None:
    rule = RESOURCES["RollbackAlarm"]["Properties"]["AlarmRule"]["!Sub"]
    assert rule.split(" OR ") == [f'ALARM("${{{one}}}")' for one in rule_order(rule)]
    assert sorted(rule_order(rule)) == ALARMS


def rule_order(rule: str) -> list[str]:
    return [part.split('"${')[1].split("}")[0] for part in rule.split(" OR ")]


@pytest.mark.parametrize(("alarm", "failing"), faults())
def test_new_version_is_rolled_back_when_every_request_of_it_fails(
    alarm: str, failing: str
) -> None:
    before, minutes, requests = 5, STAGING_MINUTES, 100
    total = [float(requests)] * (before + minutes + 10)
    failures = [0.0] * before + [requests * SHARE] * minutes + [0.0] * 10
    on = alarm_states(alarm, failing, total, failures)
    assert not any(on[:before])
    assert on.index(True) <= before + 1, "within two minutes"
    assert not any(on[-5:]), "off again after the rollback"


@pytest.mark.parametrize(("alarm", "failing"), faults())
def test_new_version_is_rolled_back_in_prod_when_traffic_is_low(alarm: str, failing: str) -> None:
    """At a request a second, where chance decides which ones the new version gets."""
    rng = random.Random(1)
    found = sum(
        any(
            alarm_states(
                alarm,
                failing,
                [60.0] * PROD_MINUTES,
                thinned(rng, 60, SHARE, PROD_MINUTES),
            )
        )
        for _ in range(200)
    )
    assert found >= 198


@pytest.mark.parametrize("requests", [1, 5, 19, 100])
@pytest.mark.parametrize(("alarm", "failing"), faults())
def test_single_error_rolls_nothing_back(alarm: str, failing: str, requests: int) -> None:
    total = [float(requests)] * 20
    failures = [0.0] * 9 + [1.0] + [0.0] * 10
    assert not any(alarm_states(alarm, failing, total, failures))


@pytest.mark.parametrize(("alarm", "failing"), faults())
def test_record_that_always_fails_rolls_nothing_back(alarm: str, failing: str) -> None:
    """SQS delivers it once a visibility timeout, so it fails once a minute at most."""
    assert not any(alarm_states(alarm, failing, [3.0] * 20, [1.0] * 20))


@pytest.mark.parametrize(("alarm", "failing"), faults())
def test_one_bad_minute_rolls_nothing_back(alarm: str, failing: str) -> None:
    failures = [0.0] * 9 + [50.0] + [0.0] * 10
    assert not any(alarm_states(alarm, failing, [100.0] * 20, failures))


@pytest.mark.parametrize(("alarm", "failing"), faults())
def test_few_failures_among_many_requests_roll_nothing_back(alarm: str, failing: str) -> None:
    assert not any(alarm_states(alarm, failing, [1000.0] * 20, [40.0] * 20))


@pytest.mark.parametrize(("alarm", "failing"), faults())
def test_alarm_is_off_when_there_is_no_traffic(alarm: str, failing: str) -> None:
    missing: Series = [None] * 10
    assert not any(alarm_states(alarm, failing, missing, missing))


@pytest.mark.parametrize(("alarm", "failing"), faults())
def test_operators_are_notified_when_all_of_little_traffic_fails(alarm: str, failing: str) -> None:
    minute = 5.0
    assert any(alarm_states(alarm, failing, [minute] * 5, [minute] * 5))
