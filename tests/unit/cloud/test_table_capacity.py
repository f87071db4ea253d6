"""``TableCapacity``: the table and its index on demand, or provisioned with auto scaling."""

from __future__ import annotations

import re
from typing import Any

import pytest

from local.cloudformation.physical import PhysicalNames
from local.cloudformation.resolver import Resolver
from local.cloudformation.template import load_template as load_local
from tests.helpers.metric_math import Series, states
from tests.helpers.template import ROOT, properties

PROVISIONED = {
    "TableCapacity": "provisioned",
    "TableWriteUnits": "300",
    "TableReadUnits": "200",
    "IndexWriteUnits": "30",
    "TableMaxUnits": "900",
}
TARGET, POLICY = (
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
)


def stage(**parameters: str) -> Resolver:
    """Return the template as CloudFormation sees it with `parameters`."""
    given = {"Stage": "prod", "AlertEmail": "none"} | parameters
    names = PhysicalNames("us-east-1", "http://127.0.0.1:1")
    return Resolver(load_local(ROOT / "template.yaml"), names, given)


def scaled(resolver: Resolver, template: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the targets by resource and dimension, each with its one policy."""
    policies = [properties(template, one) for one in resolver.logical_ids(POLICY)]
    found = {}
    for name in resolver.logical_ids(TARGET):
        target = resolver.properties(name)
        [policy] = [one for one in policies if one["ScalingTargetId"] == {"!Ref": name}]
        found[target["ResourceId"], target["ScalableDimension"]] = target | {"policy": policy}
    assert len(found) == len(policies) == len(resolver.logical_ids(TARGET))
    return found


def test_the_table_is_on_demand_unless_somebody_chooses_otherwise() -> None:
    resolver = stage()
    table = resolver.properties("EventsTable")
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    # DynamoDB refuses units in this mode, and on-demand limits would throttle a burst.
    for part in (table, *table["GlobalSecondaryIndexes"]):
        assert {"ProvisionedThroughput", "OnDemandThroughput"} & part.keys() == set()
    assert resolver.logical_ids(TARGET) == resolver.logical_ids(POLICY) == []


def test_a_provisioned_table_begins_with_its_minimum_units() -> None:
    table = stage(**PROVISIONED).properties("EventsTable")
    assert table["BillingMode"] == "PROVISIONED"
    assert table["ProvisionedThroughput"] == {
        "WriteCapacityUnits": "300",
        "ReadCapacityUnits": "200",
    }
    [index] = table["GlobalSecondaryIndexes"]
    assert index["ProvisionedThroughput"]["WriteCapacityUnits"] == "30"


def test_auto_scaling_keeps_table_and_index_at_the_target(template: dict[str, Any]) -> None:
    resolver = stage(**PROVISIONED)
    name, table = resolver.name("EventsTable"), resolver.properties("EventsTable")
    [index] = table["GlobalSecondaryIndexes"]
    targets = scaled(resolver, template)
    parts = {f"table/{name}": ("table", table), f"table/{name}/index/gsi1": ("index", index)}
    expected = set()
    for resource, (kind, part) in parts.items():
        for units, begin in part["ProvisionedThroughput"].items():
            key = (resource, f"dynamodb:{kind}:{units}")
            expected.add(key)
            target = targets[key]
            assert target["ServiceNamespace"] == "dynamodb"
            assert target["MinCapacity"] == begin, "a table begins within the bounds"
            assert target["MaxCapacity"] == "900", "the index never limits the table"
            tracking = target["policy"]["TargetTrackingScalingPolicyConfiguration"]
            assert target["policy"]["PolicyType"] == "TargetTrackingScaling"
            assert tracking["TargetValue"] == 70
            metric = tracking["PredefinedMetricSpecification"]["PredefinedMetricType"]
            assert metric == f"DynamoDB{units.removesuffix('Units')}Utilization"
    assert targets.keys() == expected
    names = {str(target["policy"]["PolicyName"]) for target in targets.values()}
    assert len(names) == 4, "a policy with the same name would take the place of another one"


def test_the_mode_changes_nothing_about_what_is_kept(template: dict[str, Any]) -> None:
    table = template["Resources"]["EventsTable"]
    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("Delete", "Retain")
    modes = [stage(**given).properties("EventsTable") for given in ({}, PROVISIONED)]
    for one in modes:
        one.pop("BillingMode")
        one.pop("ProvisionedThroughput", None)
        one["GlobalSecondaryIndexes"][0].pop("ProvisionedThroughput", None)
    assert modes[0] == modes[1]
    assert modes[0]["DeletionProtectionEnabled"] is True


@pytest.mark.parametrize(
    ("given", "minutes", "is_on"),
    [({}, 2, False), ({}, 3, True), (PROVISIONED, 9, False), (PROVISIONED, 10, True)],
)
def test_throttles_that_auto_scaling_ends_raise_no_alarm(
    given: dict[str, str], minutes: int, is_on: bool
) -> None:
    alarm = stage(**given).properties("TableAlarm")
    ids = [one["Id"] for one in alarm["Metrics"] if "MetricStat" in one]
    throttled: Series = [9.0] * minutes + [None] * 10
    none: Series = [None] * len(throttled)
    assert any(states(alarm, dict.fromkeys(ids, none) | {"writes": throttled})) is is_on


@pytest.mark.parametrize(
    ("units", "is_valid"),
    [("0", False), ("1", True), ("40000", True), ("40001", False), ("5.5", False)],
)
def test_units_are_within_the_quota_of_a_table(
    template: dict[str, Any], units: str, is_valid: bool
) -> None:
    for name in ("TableWriteUnits", "TableReadUnits", "IndexWriteUnits", "TableMaxUnits"):
        pattern = template["Parameters"][name]["AllowedPattern"]
        assert (re.fullmatch(pattern, units) is not None) is is_valid


def test_the_default_maximum_bears_what_the_functions_can_write(template: dict[str, Any]) -> None:
    """docs/capacity.md: 870 write units at five invocations of store_event."""
    text = (ROOT / "docs/capacity.md").read_text("utf-8")
    most = int(template["Parameters"]["TableMaxUnits"]["Default"])
    assert f"`TableMaxUnits` ({most:,} by default)" in text
    [drained] = re.findall(r"145 events a second, (\d+) write units", text)
    assert int(drained) / 0.7 < most
    target = properties(template, "TableWriteScaling")["TargetTrackingScalingPolicyConfiguration"]
    assert f"at {target['TargetValue']} % of what it has" in text
