"""``history_api`` as Lambda calls it, with the samples in ``events/``."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.helpers.functions import Functions
from tests.helpers.rule_events import as_sqs_event, received_now, sample, samples
from tests.helpers.template import properties

BATCH = "store_event/batch"
STATUSES = {
    "list": 200,
    "list_device_range": 200,
    "list_bad_parameters": 400,
    "list_bad_cursor": 400,
    "get": 200,
    "get_unknown": 404,
    "get_bad_event_id": 400,
    "stats": 200,
    "stats_device_hours": 200,
    "stats_bad_parameters": 400,
    "openapi": 200,
    "thresholds": 200,
    "thresholds_bad_parameters": 400,
    "list_devices": 200,
    "list_devices_offline": 200,
    "list_devices_bad_state": 400,
    "get_device": 200,
    "get_device_unknown": 404,
    "get_device_bad_id": 400,
}


@pytest.mark.parametrize("name", samples("history_api"))
def test_history_api_answers_when_it_gets_its_sample(functions: Functions, name: str) -> None:
    functions.invoke("store_event", received_now(sample(BATCH)))
    functions.invoke("device_status", received_now(sample("device_status/online")))
    status, headers, document = functions.ask(sample(f"history_api/{name}"))
    assert status == STATUSES[name]
    if status == 200:
        caches = {"openapi": "max-age=300"} | dict.fromkeys(
            ("list", "list_device_range", "get", "thresholds"), "private, no-cache"
        )
        assert headers["Cache-Control"] == caches.get(name, "no-store")
        assert headers["Content-Type"] == "application/json"
    else:
        assert headers["Cache-Control"] == "no-store"
        assert headers["Content-Type"] == "application/problem+json"
        assert (document["status"], document["type"]) == (status, "about:blank")
        assert document["detail"]


def test_stored_events_are_listed_when_the_api_is_asked(functions: Functions) -> None:
    functions.invoke("store_event", received_now(sample(BATCH)))
    _, _, page = functions.ask(sample("history_api/list"))
    assert [(event["started_at"], event["phase"]) for event in page["events"]] == [
        ("2026-11-22T17:33:05.450Z", "ended"),
        ("2026-11-22T17:33:01.150Z", "started"),
        ("2026-11-22T17:33:00.250Z", "ended"),
    ]
    assert page["next_cursor"] is None


def test_one_event_is_returned_when_the_path_is_escaped(functions: Functions) -> None:
    event = sample("messages/started") | {"device_id": "hall:1"}
    functions.invoke("store_event", as_sqs_event(event, datetime.now(UTC), "hall:1"))
    request = sample("history_api/get")
    path = f"/v1/devices/hall%3A1/events/{event['event_id']}"
    status, _, document = functions.ask(request | {"path": path})
    assert (status, document["device_id"]) == (200, "hall:1")


def test_all_bad_parameters_are_named_when_a_request_is_refused(functions: Functions) -> None:
    _, _, document = functions.ask(sample("history_api/list_bad_parameters"))
    assert [error["parameter"] for error in document["errors"]] == ["devise", "from", "limit"]
    assert "device" in document["errors"][0]["detail"]


@pytest.mark.parametrize(
    ("stage_path", "server"), [("/dev/v1/openapi.json", "/dev"), ("/v1/openapi.json", "/")]
)
def test_the_document_names_the_stage_when_the_path_has_one(
    functions: Functions, stage_path: str, server: str
) -> None:
    request = sample("history_api/openapi")
    request["requestContext"]["path"] = stage_path
    _, _, document = functions.ask(request)
    assert document["servers"] == [{"url": server}]


def test_an_unknown_path_gets_the_answer_of_api_gateway_when_it_reaches_the_function(
    functions: Functions, template: dict[str, Any]
) -> None:
    status, headers, document = functions.ask(sample("history_api/list") | {"path": "/v1/smiles"})
    assert (status, headers["Content-Type"]) == (404, "application/problem+json")
    responses = properties(template, "SmileApi")["GatewayResponses"]
    templates = responses["MISSING_AUTHENTICATION_TOKEN"]["ResponseTemplates"]
    assert document == json.loads(templates["application/json"])


def test_only_the_log_holds_the_cause_when_the_table_does_not_exist(
    functions: Functions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TABLE_NAME", "no-such-table")
    status, headers, document = functions.ask(sample("history_api/list"))
    assert (status, headers["Content-Type"]) == (500, "application/problem+json")
    assert "ResourceNotFoundException" not in json.dumps(document)
    [line] = functions.logged("ERROR")
    assert line["message"] == "request failed"
    assert line["exception_name"] == "ResourceNotFoundException"
