"""What every path of the API does alike: methods, headers, base paths, and failures of AWS."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError

from smile_cloud import clients
from smile_cloud.errors import SettingsError
from smile_cloud.http.base_path import without_base_path
from smile_cloud.http.cors import Cors
from smile_cloud.http.rest_api import SECURITY_HEADERS
from tests.helpers.alerts_api import request, settings_path
from tests.helpers.api_routes import api_events, needs_key, resource_of, rest_api
from tests.helpers.aws_calls import failing
from tests.helpers.functions import Functions
from tests.helpers.rule_events import sample
from tests.helpers.template import properties

PAGE_OF = "https://app.example.com"
LIST = "/v1/events"


def ask(
    functions: Functions,
    method: str,
    path: str = LIST,
    function: str = "history_api",
    **headers: str,
) -> tuple[int, dict[str, str], str]:
    return functions.browse(request(method, path, **headers), function)


@pytest.fixture
def opened(functions: Functions, monkeypatch: pytest.MonkeyPatch) -> Functions:
    """The functions of a stack whose API is open to two origins."""
    monkeypatch.setenv("API_ORIGINS", f"http://localhost:5173,{PAGE_OF}")
    return Functions()


# --- methods -----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [LIST, f"{LIST}/"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_another_method_is_refused_with_those_that_work(
    functions: Functions, method: str, path: str
) -> None:
    status, headers, body = ask(functions, method, path)
    assert (status, headers["Allow"]) == (405, "GET, HEAD, OPTIONS")
    assert headers["Content-Type"] == "application/problem+json"
    assert method in json.loads(body)["detail"]


def test_the_methods_are_those_of_the_path_when_it_has_a_parameter(functions: Functions) -> None:
    path = settings_path("cam%2F1")
    status, headers, _ = ask(functions, "DELETE", path, "alerts_api")
    assert (status, headers["Allow"]) == (405, "GET, HEAD, OPTIONS, PUT")


def test_head_answers_as_get_without_a_body(functions: Functions) -> None:
    expected = ask(functions, "GET")
    assert ask(functions, "HEAD") == (*expected[:2], "")
    assert expected[2]


def test_head_is_refused_where_get_is_not_answered(functions: Functions) -> None:
    status, headers, body = ask(functions, "HEAD", "/v1/alert-settings/test", "alerts_api")
    assert (status, headers["Allow"], body) == (405, "OPTIONS, POST", "")


def test_options_names_the_methods(functions: Functions) -> None:
    status, headers, body = ask(functions, "OPTIONS", Origin=PAGE_OF)
    assert (status, headers["Allow"], body) == (204, "GET, HEAD, OPTIONS", "")
    assert not any(name.startswith("Access-Control") for name in headers), "closed by default"


def test_options_is_not_found_when_the_path_does_not_exist(functions: Functions) -> None:
    assert ask(functions, "OPTIONS", "/v1/smiles")[0] == 404


def test_methods_of_another_function_are_named_too(functions: Functions) -> None:
    app = rest_api("history_api")
    app.elsewhere("DELETE", LIST)
    answer = app.resolve(request("POST", LIST), None)  # type: ignore[arg-type]
    assert answer["multiValueHeaders"]["Allow"] == ["DELETE, GET, HEAD, OPTIONS"]


# --- headers -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", LIST, 200), ("GET", "/v1/none", 404), ("POST", LIST, 405), ("OPTIONS", LIST, 204)],
)
def test_every_answer_has_the_security_headers(
    functions: Functions, method: str, path: str, status: int
) -> None:
    answered, headers, _ = ask(functions, method, path)
    assert answered == status
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["Strict-Transport-Security"].startswith("max-age=")


def test_a_page_of_an_open_origin_may_read_the_answers(opened: Functions) -> None:
    for path, status in ((LIST, 200), (f"{LIST}/none", 404)):
        answered, headers, _ = ask(opened, "GET", path, Origin=PAGE_OF)
        assert answered == status
        assert headers["Access-Control-Allow-Origin"] == PAGE_OF
        assert "Retry-After" in headers["Access-Control-Expose-Headers"]
        assert headers["Vary"] == ("Accept, Origin" if status == 200 else "Origin")


def test_a_page_of_an_open_origin_may_ask_with_a_key(opened: Functions) -> None:
    path = settings_path(None)
    status, headers, _ = ask(opened, "OPTIONS", path, "alerts_api", Origin=PAGE_OF)
    assert status == 204
    assert headers["Access-Control-Allow-Origin"] == PAGE_OF
    assert "PUT" in headers["Access-Control-Allow-Methods"]
    allowed = headers["Access-Control-Allow-Headers"].lower().split(", ")
    assert {"x-api-key", "authorization", "content-type", "if-none-match"} <= set(allowed)
    assert headers["Access-Control-Max-Age"] == "600"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", f"{PAGE_OF}.evil.example"])
def test_a_page_of_another_origin_may_not(opened: Functions, origin: str) -> None:
    for method in ("GET", "OPTIONS"):
        _, headers, _ = ask(opened, method, Origin=origin)
        assert not any(name.startswith("Access-Control") for name in headers)
        assert "Origin" in headers["Vary"], "a cache must not give it to another page"


def test_nothing_depends_on_the_origin_when_the_api_is_closed(functions: Functions) -> None:
    assert ask(functions, "GET", Origin=PAGE_OF) == ask(functions, "GET")
    assert ask(functions, "GET")[1]["Vary"] == "Accept"


@pytest.mark.parametrize(
    ("written", "sent"),
    [("https://a.example:443", "https://a.example"), ("http://a.example:80", "http://a.example")],
)
def test_the_port_of_the_scheme_counts_as_a_browser_sends_it(written: str, sent: str) -> None:
    cors = Cors.from_environment({"API_ORIGINS": f"{written},http://a.example:443"})
    assert cors.headers(sent)["Access-Control-Allow-Origin"] == sent
    assert "Access-Control-Allow-Origin" in cors.headers("http://a.example:443")


@pytest.mark.parametrize("origins", ["*", "app.example.com", f"{PAGE_OF}/", f"{PAGE_OF}, none"])
def test_an_origin_that_no_browser_sends_is_refused(template: dict[str, Any], origins: str) -> None:
    with pytest.raises(SettingsError, match=r"https://app\.example\.com"):
        Cors.from_environment({"API_ORIGINS": origins})


# --- base paths --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base", "stage"), [("", "/dev"), ("/smiles", ""), ("/a/b", ""), ("/v1", ""), ("", "")]
)
def test_paths_work_behind_a_stage_or_a_base_path(
    functions: Functions, base: str, stage: str
) -> None:
    event = sample("history_api/openapi")
    event["path"] = base + event["path"]
    event["requestContext"]["path"] = stage + event["path"]
    status, _, document = functions.ask(event)
    assert (status, document["servers"]) == (200, [{"url": base + stage or "/"}])


@pytest.mark.parametrize(
    ("path", "resource", "expected"),
    [
        ("/smiles/v1/devices/a%2Fb/events/1", "/v1/devices/{device}/events/{event_id}",
         "/v1/devices/a%2Fb/events/1"),
        ("/v1/v1/events/", "/v1/events", "/v1/events"),
        ("/events", "/v1/events", "/events"),
        ("/v1/smiles", "/v1/events", "/v1/smiles"),
    ],
)  # fmt: skip
def test_the_base_path_is_what_the_resource_does_not_name(
    path: str, resource: str, expected: str
) -> None:
    assert without_base_path(path, resource) == expected


# --- failures of AWS ---------------------------------------------------------------------------


def refused(code: str, status: int = 400, **more: Any) -> ClientError:
    metadata = {"HTTPStatusCode": status}
    response = {"Error": {"Code": code, "Message": ""}, "ResponseMetadata": metadata, **more}
    return ClientError(response, "Query")  # type: ignore[arg-type]


CANCELLED = "TransactionCanceledException"
BUSY = [
    refused("ProvisionedThroughputExceededException"),
    refused("ThrottlingException"),
    refused("RequestLimitExceeded"),
    refused("Throttling"),
    refused("Throttled", 429),
    refused("RequestThrottled", 403),
    refused("TransactionConflictException"),
    refused("TransactionInProgressException"),
    refused("InternalServerError", 500),
    refused("ServiceUnavailable", 503),
    refused(CANCELLED, CancellationReasons=[{"Code": "None"}, {"Code": "TransactionConflict"}]),
    ConnectTimeoutError(endpoint_url="https://dynamodb.example/"),
    ReadTimeoutError(endpoint_url="https://dynamodb.example/"),
]
FAILED = [
    refused("AccessDeniedException"),
    refused("ValidationException"),
    refused(CANCELLED, CancellationReasons=[{"Code": "ValidationError"}]),
]


@pytest.mark.parametrize("error", BUSY, ids=str)
def test_the_client_may_repeat_a_request_when_aws_is_busy(
    functions: Functions, error: Exception
) -> None:
    with failing(clients.dynamodb(), "Query", error=error):
        status, headers, document = functions.ask(sample("history_api/list"))
    assert (status, headers["Retry-After"]) == (503, "2")
    assert headers["Content-Type"] == "application/problem+json"
    assert document["title"] == "Service Unavailable"
    [line] = functions.logged("WARNING")
    assert line["message"] == "AWS is busy"
    assert line["exception_name"] == type(error).__name__
    assert functions.ask(sample("history_api/list"))[0] == 200


@pytest.mark.parametrize("error", FAILED, ids=str)
def test_a_failure_that_stays_asks_for_no_repetition(
    functions: Functions, error: Exception
) -> None:
    with failing(clients.dynamodb(), "Query", error=error):
        status, headers, _ = functions.ask(sample("history_api/list"))
    assert status == 500
    assert "Retry-After" not in headers


def test_a_lost_race_for_the_topic_may_be_repeated(functions: Functions) -> None:
    exceptions = clients.dynamodb().exceptions
    conflict = exceptions.ConditionalCheckFailedException(
        {"Error": {"Code": "ConditionalCheckFailedException"}}, "PutItem"
    )
    event = sample("alerts_api/test_fleet")
    with (
        failing(clients.dynamodb(), "PutItem", error=conflict),
        failing(clients.dynamodb(), "UpdateItem", error=conflict),
    ):
        status, headers, _ = functions.ask(event, "alerts_api")
    assert (status, headers.get("Retry-After")) == (503, "2")


def test_api_gateway_answers_errors_with_the_same_headers(template: dict[str, Any]) -> None:
    for response in properties(template, "SmileApi")["GatewayResponses"].values():
        headers = response["ResponseParameters"]["Headers"]
        for name in set(SECURITY_HEADERS) - {"Content-Security-Policy"}:
            assert headers[name] == f"'{SECURITY_HEADERS[name]}'"


# --- the template ------------------------------------------------------------------------------


def test_the_template_passes_every_method_of_a_path_to_its_function(
    template: dict[str, Any],
) -> None:
    for function, events in api_events(template).items():
        app = rest_api(function)
        owned = {one["Path"] for one in events if one["Method"] == "ANY"}
        own = {
            (one["Method"], one["Path"])
            for one in events
            if one["Method"] not in ("ANY", "OPTIONS")
        }
        code = {resource_of(rule): methods for rule, methods in app.routes.items()}
        others = {
            (one["Method"], one["Path"])
            for other, theirs in api_events(template).items()
            for one in theirs
            if other != function and one["Path"] in owned
        }
        assert owned | {path for _, path in own} == set(code), function
        assert own == {(m, path) for path in set(code) - owned for m in code[path]}, function
        assert others == {
            (method, resource_of(rule))
            for rule, methods in app.routes_elsewhere.items()
            for method in methods
        }, function


def test_a_preflight_needs_no_key(template: dict[str, Any]) -> None:
    for events in api_events(template).values():
        by_path: dict[str, dict[str, dict[str, Any]]] = {}
        for event in events:
            by_path.setdefault(event["Path"], {})[event["Method"]] = event
        for path, methods in by_path.items():
            if "ANY" in methods and needs_key(methods["ANY"]):
                assert not needs_key(methods["OPTIONS"]), path
