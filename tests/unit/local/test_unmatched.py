"""Topics that no rule selects."""

from __future__ import annotations

from local.cloudformation.rule_spec import RuleSpec
from local.iot.unmatched import UnmatchedTopics
from local.iot_sql import parse


def unmatched(topics: list[str]) -> list[str]:
    problems: list[str] = []
    rule = RuleSpec("Rule", parse("SELECT * FROM 'smile/+/events'"), ())
    listener = UnmatchedTopics([rule], problems.append)
    for topic in topics:
        listener.see(topic)
    return problems


def test_topic_is_reported_once_when_no_rule_matches_it() -> None:
    found = unmatched(["smile/cam-1/event", "smile/cam-1/event", "other"])
    assert found == [
        "no rule matches the topic smile/cam-1/event: its messages go nowhere",
        "no rule matches the topic other: its messages go nowhere",
    ]


def test_topic_is_not_reported_when_a_rule_matches_it() -> None:
    assert unmatched(["smile/cam-1/events", "$aws/rules/Rule/smile/cam-1/events"]) == []


def test_basic_ingest_is_reported_when_there_is_no_rule_of_that_name() -> None:
    assert len(unmatched(["$aws/rules/Other/smile/cam-1/events"])) == 1


def test_topics_are_reported_up_to_a_limit() -> None:
    assert len(unmatched([f"counter/{i}" for i in range(1500)])) == 1000
