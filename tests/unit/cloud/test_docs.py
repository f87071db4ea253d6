from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import jsonschema
import pytest

from smile_cloud.alert_messages.alert_urls import AlertUrls
from smile_cloud.alert_messages.digest import MAX_FILTERABLE, MAX_LISTED, MAX_NAMED
from smile_cloud.alert_messages.links import LIFETIME
from smile_cloud.alert_messages.smile import compose_smile
from smile_cloud.alert_messages.wording import MAX_SMS_CHARACTERS
from smile_cloud.alert_settings.fields import FIELDS, MAX_NAME_CHARACTERS, to_document
from smile_cloud.alert_settings.model import AlertSettings
from smile_cloud.history_api.event_history import MAX_EXAMINED, MAX_QUERIES
from smile_cloud.history_api.precision import Precision
from smile_cloud.history_api.requests import DEFAULT_LIMIT, MAX_LIMIT, PARAMETERS, ListEvents
from smile_cloud.history_api.statistics import request as statistics
from smile_cloud.history_api.threshold_review import MAX_EVENTS
from smile_cloud.http.errors import QueryError
from smile_cloud.http.problem import problem
from smile_cloud.keys import DAY_SHARDS
from smile_contract.codecs import Integer, Number
from tests.helpers.events import smile_event
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


@pytest.mark.parametrize("function", ["StoreEventFunction", "SendAlertFunction"])
def test_the_docs_compute_rates_from_the_settings_of_the_template(
    template: dict[str, Any], function: str
) -> None:
    text = (ROOT / "docs/capacity.md").read_text("utf-8")
    own = properties(template, function)
    source = own["Events"]["Queue"]["Properties"]
    assert f"have {own['MemorySize']} MB" in text
    assert f"`MaximumConcurrency` is {source['ScalingConfig']['MaximumConcurrency']} for" in text
    assert source["BatchSize"] == 10
    assert "ten messages" in text
    assert f"`DAY_SHARDS` in `smile_cloud/keys.py` is {DAY_SHARDS}" in text


def test_the_docs_list_every_parameter_of_the_api() -> None:
    text = section("api.md", "`GET /v1/events`")
    documented = rows(text)
    assert tuple(documented) == PARAMETERS
    assert documented["limit"] == str(DEFAULT_LIMIT)
    assert f"1 to {MAX_LIMIT}" in text
    assert f"about {MAX_QUERIES} queries" in text
    assert f"about {MAX_EXAMINED:,} events" in text


def test_the_docs_list_every_parameter_of_the_statistics() -> None:
    text = section("api.md", "`GET /v1/stats`")
    documented = rows(text)
    assert tuple(documented) == statistics.PARAMETERS
    assert documented["per"] == f"`{statistics.DEFAULT_PERIOD}`"
    assert documented["time_zone"] == f"`{statistics.DEFAULT_TIME_ZONE}`"
    day, hour = statistics.MAX_RANGE["day"].days, statistics.MAX_RANGE["hour"].days
    assert f"at most {day} days after it, {hour} days `per=hour`" in text
    assert f"{statistics.DEFAULT_RANGE['day'].days} days before `to`; 24 hours `per=hour`" in text


def test_the_docs_show_the_answer_to_a_bad_request() -> None:
    with pytest.raises(QueryError) as caught:
        ListEvents.parse({"devise": ["cam-1"], "limit": ["5000"]})
    answer = problem(HTTPStatus.BAD_REQUEST, str(caught.value), caught.value.problems)
    text = section("api.md", "Errors")
    assert json.loads(text.split("```json", 1)[1].split("```", 1)[0]) == answer


def test_the_docs_state_the_usage_plan(template: dict[str, Any]) -> None:
    plan = properties(template, "UsagePlan")
    text = section("api.md", "Access")
    assert f"{plan['Throttle']['RateLimit']} requests a second" in text
    assert f"{plan['Throttle']['BurstLimit']} in a burst" in text
    assert f"{plan['Quota']['Limit']:,} a day" in text


def test_the_docs_list_every_alert_setting_with_its_default() -> None:
    parameters = {
        "cooldown_s": "AlertCooldownSeconds",
        "max_per_hour": "AlertsPerHour",
        "time_zone": "AlertTimeZone",
    }
    expected = {
        name: f"`{parameters.get(name) or json.dumps(default).removesuffix('.0')}`"
        for name, default in to_document(AlertSettings()).items()
    }
    text = section("alerts.md", "Settings")
    assert rows(text) == expected
    for name, codec in FIELDS.items():
        if isinstance(codec, Integer | Number):
            assert f"| `{name}` | {expected[name]} | {codec.low} to {codec.high} |" in text
    assert f"1 to {MAX_NAME_CHARACTERS} printable characters" in text


def test_the_docs_state_the_bounds_of_alerts() -> None:
    text = " ".join(section("alerts.md", "What an alert says").split())
    assert f"at most {MAX_SMS_CHARACTERS} characters" in text
    assert f"the {MAX_NAMED} cameras with the most smiles" in text
    assert f"the first {MAX_LISTED}" in text
    assert f"up to {MAX_FILTERABLE} cameras" in section("alerts.md", "Who subscribes").replace(
        "\n", " "
    )
    assert f"after {LIFETIME.days} days" in section("alerts.md", "The page of an alert")


def test_the_docs_show_an_email_as_it_is_sent() -> None:
    started_at = datetime(2026, 11, 22, 17, 33, tzinfo=UTC)
    event = smile_event(started_at=started_at, duration_ms=2760, peak_score=0.914)
    api = "https://<api>.execute-api.<region>.amazonaws.com/dev"
    message = compose_smile(
        event,
        AlertSettings(display_name="Front door", time_zone="Europe/Berlin"),
        suppressed=3,
        since=started_at - timedelta(minutes=13),
        urls=AlertUrls(f"{api}/#/devices/cam-1/events/<event id>", f"{api}/alerts/<token>"),
    )
    assert f"```\n{message.email}```\n" in section("alerts.md", "What an alert says")


def test_the_docs_show_an_answer_of_the_alert_settings_as_described() -> None:
    text = section("api.md", "`GET` and `PUT /v1/alert-settings`")
    example = json.loads(text.split("```json", 1)[1].split("```", 1)[0])
    described = json.loads((ROOT / "functions/history_api/openapi.json").read_text("utf-8"))
    reference = {"$ref": "#/components/schemas/DeviceAlertSettings"}
    jsonschema.validate(example, described | reference)


def test_the_docs_show_a_review_of_thresholds_as_described() -> None:
    text = section("api.md", "`GET /v1/devices/{device}/thresholds`")
    example = json.loads(text.split("```json", 1)[1].split("```", 1)[0])
    described = json.loads((ROOT / "functions/history_api/openapi.json").read_text("utf-8"))
    jsonschema.validate(example, described | {"$ref": "#/components/schemas/ThresholdReview"})
    assert f"newest {MAX_EVENTS:,}" in text
    current, proposed = (example["precision"][name] for name in ("current", "proposed"))
    for shown in (current, proposed):
        assert Precision(shown["smile"], shown["not_smile"]).view() == shown
