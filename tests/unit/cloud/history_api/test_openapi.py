from __future__ import annotations

import json
from http import HTTPStatus
from itertools import chain
from typing import Any

import jsonschema
import pytest

from smile_cloud.alert_settings.fields import DEVICE_ONLY, FIELDS
from smile_cloud.history_api import event_view
from smile_cloud.history_api.media_types import MEDIA_TYPES
from smile_cloud.history_api.requests import (
    DEFAULT_LIMIT,
    MAX_DURATION_MS,
    MAX_LIMIT,
    ORDERS,
    PARAMETERS,
)
from smile_cloud.history_api.statistics import request as statistics
from smile_cloud.history_api.statistics.buckets import PERIODS
from smile_cloud.http.errors import FieldProblem, ParameterProblem
from smile_cloud.http.problem import CONTENT_TYPE, problem
from smile_cloud.http.signed_cursor import PATTERN
from smile_contract import DEVICE_ID_PATTERN, schema
from tests.helpers.alert_settings import GOOD
from tests.helpers.alerts_api import get, put
from tests.helpers.api_routes import api_events, needs_key, resource_of, rest_api
from tests.helpers.functions import FUNCTIONS, Functions
from tests.helpers.rule_events import received_now, sample


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    text = (FUNCTIONS / "history_api" / "openapi.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def test_every_route_of_the_code_is_described_and_no_other(
    document: dict[str, Any], template: dict[str, Any]
) -> None:
    described = {(path, one) for path, methods in document["paths"].items() for one in methods}
    assert described == {
        (resource_of(rule), method.lower())
        for function in api_events(template)
        for rule, methods in rest_api(function).routes.items()
        for method in methods
    }


def test_a_path_needs_the_key_where_the_template_says_so(
    document: dict[str, Any], template: dict[str, Any]
) -> None:
    for event in chain(*api_events(template).values()):
        for method, operation in document["paths"][event["Path"]].items():
            if event["Method"] in ("ANY", method.upper()):
                is_secured = bool(operation.get("security", document["security"]))
                assert is_secured == needs_key(event), (method, event["Path"])


def test_a_link_leads_to_an_operation_with_its_parameters(document: dict[str, Any]) -> None:
    operations = {one["operationId"]: one for one in _operations(document)}
    followed = set()
    for operation in operations.values():
        for answer in operation["responses"].values():
            for link in answer.get("links", {}).values():
                target = operations[link["operationId"]]
                known = {one["name"]: one for one in target["parameters"] if "name" in one}
                assert link["parameters"].keys() <= known.keys()
                path = {name for name, one in known.items() if one["in"] == "path"}
                assert path <= link["parameters"].keys()
                followed.add(link["operationId"])
    assert followed >= {"listEvents", "getEvent", "putFeedback", "eraseEvents", "getErasure"}


def _operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for methods in document["paths"].values() for one in methods.values()]


def test_the_parameters_are_those_that_the_code_accepts(document: dict[str, Any]) -> None:
    operation = document["paths"]["/v1/events"]["get"]
    parameters = {p["name"]: p for p in operation["parameters"] if "name" in p}
    assert tuple(parameters) == PARAMETERS
    limit = parameters["limit"]["schema"]
    assert limit["maximum"] == MAX_LIMIT
    assert f"{DEFAULT_LIMIT} in JSON" in parameters["limit"]["description"]
    assert tuple(operation["responses"]["200"]["content"]) == MEDIA_TYPES
    assert parameters["order"]["schema"]["enum"] == list(ORDERS)
    assert parameters["min_duration_ms"]["schema"]["maximum"] == MAX_DURATION_MS
    assert parameters["cursor"]["schema"]["pattern"] == f"^{PATTERN}$"
    assert document["components"]["schemas"]["DeviceId"]["pattern"] == f"^{DEVICE_ID_PATTERN}$"


def test_the_parameters_of_the_statistics_are_those_that_the_code_accepts(
    document: dict[str, Any],
) -> None:
    parameters = {p["name"]: p for p in document["paths"]["/v1/stats"]["get"]["parameters"]}
    assert tuple(parameters) == statistics.PARAMETERS
    assert parameters["per"]["schema"] == {
        "type": "string",
        "enum": list(PERIODS),
        "default": statistics.DEFAULT_PERIOD,
    }
    assert parameters["time_zone"]["schema"]["default"] == statistics.DEFAULT_TIME_ZONE


@pytest.mark.parametrize("name", ["stats", "stats_device_hours"])
def test_the_statistics_are_as_described(
    document: dict[str, Any], functions: Functions, name: str
) -> None:
    functions.invoke("store_event", received_now(sample("store_event/batch")))
    _, _, answer = functions.ask(sample(f"history_api/{name}"))
    assert answer["total"]["events"] == 3
    described = {"$ref": "#/components/schemas/Statistics", "components": document["components"]}
    jsonschema.validate(answer, described)
    response = document["paths"]["/v1/stats"]["get"]["responses"]["200"]
    jsonschema.validate(response["content"]["application/json"]["example"], described)


def test_every_json_answer_has_an_example_that_follows_its_schema(
    document: dict[str, Any],
) -> None:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            for status, answer in operation["responses"].items():
                content = answer.get("content", {}).get("application/json")
                if content is None or path == "/v1/openapi.json":
                    continue
                assert "example" in content, f"{method} {path} {status}"
                described = content["schema"] | {"components": document["components"]}
                jsonschema.validate(content["example"], described)


def test_the_event_is_that_of_the_contract(document: dict[str, Any]) -> None:
    event = document["components"]["schemas"]["Event"]
    contract = schema("smile_event")
    assert tuple(event["properties"]) == event_view.FIELDS
    assert set(event_view.FIELDS) == {*contract["properties"], "received_at", "feedback"}
    assert set(event["required"]) == {*contract["required"], "received_at"}


def test_a_problem_is_as_described_when_parameters_are_wrong(document: dict[str, Any]) -> None:
    made = problem(HTTPStatus.BAD_REQUEST, "Change it.", [ParameterProblem("limit", "lower")])
    jsonschema.validate(made, document["components"]["schemas"]["Problem"])
    assert made["errors"] == [{"parameter": "limit", "detail": "lower"}]
    made = problem(HTTPStatus.BAD_REQUEST, "Change it.", [FieldProblem("cooldown_s", "lower")])
    jsonschema.validate(made, document["components"]["schemas"]["Problem"])
    assert "errors" not in problem(HTTPStatus.NOT_FOUND, "Not there.")
    assert CONTENT_TYPE in document["components"]["responses"]["BadRequest"]["content"]


def test_the_alert_settings_are_those_that_the_code_accepts(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    fleet = [name for name in FIELDS if name not in DEVICE_ONLY]
    for level, names in (("Device", list(FIELDS)), ("Fleet", fleet)):
        answer = schemas[f"{level}AlertSettings"]["properties"]
        assert list(schemas[f"{level}Settings"]["properties"]) == names
        for part in ("settings", "from"):
            assert answer[part]["required"] == list(answer[part]["properties"]) == names


@pytest.mark.parametrize(("name", "value", "_"), GOOD)
def test_a_setting_is_as_described_when_the_code_accepts_it(
    document: dict[str, Any], name: str, value: Any, _: Any
) -> None:
    jsonschema.validate({name: value}, document["components"]["schemas"]["DeviceSettings"])


@pytest.mark.parametrize("device", [None, "cam-1"])
def test_the_answers_about_alerts_are_as_described(
    document: dict[str, Any], functions: Functions, device: str | None
) -> None:
    name = "DeviceAlertSettings" if device else "FleetAlertSettings"
    described = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    jsonschema.validate(get(functions, device), described)
    _, answer = put(functions, device, suspended_until="2999-01-01T00:00:00Z", cooldown_s=1)
    jsonschema.validate(answer, described)
