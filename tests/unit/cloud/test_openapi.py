from __future__ import annotations

import json
from http import HTTPStatus
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from smile_cloud import ParameterProblem
from smile_cloud.history_api.event_view import _FIELDS
from smile_cloud.history_api.problem import CONTENT_TYPE, problem
from smile_cloud.history_api.query import DEFAULT_LIMIT, MAX_LIMIT, PARAMETERS
from smile_contract import schema

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    path = ROOT / "functions" / "history_api" / "openapi.json"
    loaded: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return loaded


def test_the_document_describes_every_route_when_the_template_has_it(
    document: dict[str, Any], template: dict[str, Any]
) -> None:
    events = template["Resources"]["HistoryApiFunction"]["Properties"]["Events"].values()
    routes = {(e["Properties"]["Path"], e["Properties"]["Method"].lower()) for e in events}
    described = {
        (path, method) for path, methods in document["paths"].items() for method in methods
    }
    assert described == routes


def test_the_document_needs_the_key_where_the_template_does(
    document: dict[str, Any], template: dict[str, Any]
) -> None:
    for event in template["Resources"]["HistoryApiFunction"]["Properties"]["Events"].values():
        properties = event["Properties"]
        operation = document["paths"][properties["Path"]]["get"]
        needs_key = properties.get("Auth", {}).get("ApiKeyRequired", True)
        assert bool(operation.get("security", document["security"])) == needs_key


def test_the_document_knows_the_parameters_that_the_code_takes(document: dict[str, Any]) -> None:
    parameters = {p["name"]: p for p in document["paths"]["/v1/events"]["get"]["parameters"]}
    assert tuple(parameters) == PARAMETERS
    limit = parameters["limit"]["schema"]
    assert (limit["default"], limit["maximum"]) == (DEFAULT_LIMIT, MAX_LIMIT)


def test_the_event_of_the_document_is_that_of_the_contract(document: dict[str, Any]) -> None:
    event = document["components"]["schemas"]["Event"]
    contract = schema("smile_event")
    assert tuple(event["properties"]) == _FIELDS
    assert set(_FIELDS) == {*contract["properties"], "received_at"}
    assert set(event["required"]) == {*contract["required"], "received_at"}


def test_a_problem_is_as_described_when_parameters_are_wrong(document: dict[str, Any]) -> None:

    made = problem(HTTPStatus.BAD_REQUEST, "Change it.", [ParameterProblem("limit", "lower")])
    jsonschema.validate(made, document["components"]["schemas"]["Problem"])
    assert CONTENT_TYPE in document["components"]["responses"]["BadRequest"]["content"]
