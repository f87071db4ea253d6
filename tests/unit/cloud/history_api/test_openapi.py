from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

import jsonschema
import pytest

from smile_cloud.history_api.errors import ParameterProblem
from smile_cloud.history_api.event_view import FIELDS
from smile_cloud.history_api.problem import CONTENT_TYPE, problem
from smile_cloud.history_api.requests import DEFAULT_LIMIT, MAX_LIMIT, PARAMETERS
from smile_contract import DEVICE_ID_PATTERN, schema
from tests.helpers.functions import FUNCTIONS
from tests.helpers.template import properties


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    text = (FUNCTIONS / "history_api" / "openapi.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def test_every_route_of_the_template_is_described(
    document: dict[str, Any], template: dict[str, Any]
) -> None:
    events = properties(template, "HistoryApiFunction")["Events"].values()
    routes = {(e["Properties"]["Path"], e["Properties"]["Method"].lower()) for e in events}
    described = {
        (path, method) for path, methods in document["paths"].items() for method in methods
    }
    assert described == routes


def test_a_path_needs_the_key_where_the_template_says_so(
    document: dict[str, Any], template: dict[str, Any]
) -> None:
    for event in properties(template, "HistoryApiFunction")["Events"].values():
        route = event["Properties"]
        operation = document["paths"][route["Path"]]["get"]
        needs_key = route.get("Auth", {}).get("ApiKeyRequired", True)
        assert bool(operation.get("security", document["security"])) == needs_key


def test_the_parameters_are_those_that_the_code_accepts(document: dict[str, Any]) -> None:
    parameters = {p["name"]: p for p in document["paths"]["/v1/events"]["get"]["parameters"]}
    assert tuple(parameters) == PARAMETERS
    limit = parameters["limit"]["schema"]
    assert (limit["default"], limit["maximum"]) == (DEFAULT_LIMIT, MAX_LIMIT)
    assert document["components"]["schemas"]["DeviceId"]["pattern"] == f"^{DEVICE_ID_PATTERN}$"


def test_the_event_is_that_of_the_contract(document: dict[str, Any]) -> None:
    event = document["components"]["schemas"]["Event"]
    contract = schema("smile_event")
    assert tuple(event["properties"]) == FIELDS
    assert set(FIELDS) == {*contract["properties"], "received_at"}
    assert set(event["required"]) == {*contract["required"], "received_at"}


def test_a_problem_is_as_described_when_parameters_are_wrong(document: dict[str, Any]) -> None:
    made = problem(HTTPStatus.BAD_REQUEST, "Change it.", [ParameterProblem("limit", "lower")])
    jsonschema.validate(made, document["components"]["schemas"]["Problem"])
    assert made["errors"] == [{"parameter": "limit", "detail": "lower"}]
    assert "errors" not in problem(HTTPStatus.NOT_FOUND, "Not there.")
    assert CONTENT_TYPE in document["components"]["responses"]["BadRequest"]["content"]
