from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import Any

import pytest

from smile_cloud.history_api.errors import QueryError
from smile_cloud.history_api.event_history import MAX_QUERIES
from smile_cloud.history_api.problem import problem
from smile_cloud.history_api.requests import DEFAULT_LIMIT, MAX_LIMIT, PARAMETERS, ListEvents
from tests.helpers.template import ROOT, properties


def section(name: str, title: str) -> str:
    """Return a section of a page of the documentation."""
    text = (ROOT / "docs" / name).read_text("utf-8")
    return text.split(f"\n## {title}", 1)[1].split("\n## ", 1)[0]


def rows(text: str) -> dict[str, str]:
    """Return the first two columns of a table."""
    return dict(re.findall(r"^\| `([^`]+)` \| ([^|]+?) \|", text, re.MULTILINE))


def test_the_docs_list_every_template_parameter_with_its_default(template: dict[str, Any]) -> None:
    expected = {
        name: f"`{given['Default']}`" if "Default" in given else "asked for"
        for name, given in template["Parameters"].items()
    }
    assert rows(section("cloud.md", "Parameters")) == expected


def test_the_docs_list_every_alarm(template: dict[str, Any]) -> None:
    alarms = {
        name
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    }
    assert set(re.findall(r"`(\w+Alarm)`", section("cloud.md", "When something breaks"))) == alarms


def test_the_docs_list_every_parameter_of_the_api() -> None:
    text = section("api.md", "`GET /v1/events`")
    documented = rows(text)
    assert tuple(documented) == PARAMETERS
    assert documented["limit"] == str(DEFAULT_LIMIT)
    assert f"1 to {MAX_LIMIT}" in text
    assert f"about {MAX_QUERIES} queries" in text


def test_the_docs_show_the_answer_to_a_bad_request() -> None:
    with pytest.raises(QueryError) as caught:
        ListEvents.parse({"devise": ["cam-1"], "limit": ["5000"]})
    answer = problem(HTTPStatus.BAD_REQUEST, str(caught.value), caught.value.problems)
    text = section("api.md", "Errors")
    assert json.loads(text.split("```json", 1)[1].split("```", 1)[0]) == answer


def test_the_docs_state_the_usage_plan(template: dict[str, Any]) -> None:
    plan = properties(template, "SmileApi")["Auth"]["UsagePlan"]
    text = section("api.md", "The key")
    assert f"{plan['Throttle']['RateLimit']} requests a second" in text
    assert f"{plan['Throttle']['BurstLimit']} in a burst" in text
    assert f"{plan['Quota']['Limit']:,} a day" in text
