"""docs/operations.md explains every alarm of the template, and no other."""

from __future__ import annotations

import re
from typing import Any

from tests.helpers.template import ROOT

TEXT = (ROOT / "docs" / "operations.md").read_text("utf-8")
_ROW = re.compile(r"^\| ((?:`\w+Alarm`(?:, )?)+) \|(.*)\|$", re.MULTILINE)


def rows(text: str) -> list[tuple[str, str]]:
    """Return the alarms of the tables, each with the other cells of its row."""
    return [
        (name, cells) for names, cells in _ROW.findall(text) for name in re.findall(r"\w+", names)
    ]


def test_every_alarm_has_its_row(template: dict[str, Any]) -> None:
    alarms = [
        name
        for name, resource in template["Resources"].items()
        if resource["Type"] in {"AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"}
    ]
    assert sorted(name for name, _ in rows(TEXT)) == sorted(alarms)
    for name, cells in rows(TEXT):
        meaning, page = cells.split(" | ")
        assert len(meaning.strip()) > 5, name
        (file,) = re.findall(r"\[[\w-]+\]\((runbook/[\w-]+\.md)\)", page)
        assert f"`{name}`" in (ROOT / "docs" / file).read_text("utf-8"), name


def test_the_tables_are_in_the_section_of_their_alarms(template: dict[str, Any]) -> None:
    rollback, operators = TEXT.split("## Alarms for operators")
    rule = template["Resources"]["RollbackAlarm"]["Properties"]["AlarmRule"]["!Sub"]
    watched = set(re.findall(r"\$\{(\w+)\}", rule))
    assert {name for name, _ in rows(rollback)} == watched | {"RollbackAlarm"}
    assert "SilentFleetAlarm" in operators


def test_number_of_paid_metrics_is_that_of_the_template(template: dict[str, Any]) -> None:
    alarms = [
        resource["Properties"]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    ]
    metrics = sum(
        sum("MetricStat" in one for one in alarm["Metrics"]) if "Metrics" in alarm else 1
        for alarm in alarms
    )
    assert f"The alarms read {metrics} metrics." in TEXT
