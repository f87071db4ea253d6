"""The REST front: keys, routes, proxy events and answers, as in API Gateway."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from werkzeug.test import Client

from local.api.http_front import HttpFront
from local.cloudformation.api_spec import ApiSpec, Authorizer, Route
from local.cloudformation.gateway_response import GatewayResponse
from local.functions.runtime_api import Answer

KEY = {"x-api-key": "right"}
SPEC = ApiSpec(
    "dev",
    (
        Route("GET", "/v1/open", "Function", False),
        Route("GET", "/v1/devices/{device}/events/{event_id}", "Function", True),
        Route("GET", "/v1/devices/{device}", "Function", False),
        Route("GET", "/v1/devices/all", "Function", False),
        Route("HEAD", "/v1/devices/all", "Function", False),
        Route("POST", "/v1/photos", "Function", True),
        Route("ANY", "/files/{path+}", "Function", False),
    ),
    ("image/*",),
)
MAX_BODY_BYTES = 10 * 1024 * 1024  # "Amazon API Gateway quotas"


class Gateway:
    """A front whose function gives one prepared answer and records its events."""

    def __init__(
        self, answer: object = None, error: Answer | None = None, spec: ApiSpec = SPEC
    ) -> None:
        self.events: list[dict[str, Any]] = []
        self.problems: list[str] = []
        self._answer = error or Answer(json.dumps(answer or {"statusCode": 200}).encode())
        self.client = Client(HttpFront(spec, ["right"], self._invoke, self.problems.append))

    def _invoke(self, _function: str, event: bytes) -> Answer:
        self.events.append(json.loads(event))
        return self._answer


def test_event_has_every_part_of_the_request() -> None:
    gateway = Gateway()
    gateway.client.get(
        "/v1/devices/cam%2F1/events/a%20b?limit=2&limit=3&q=%C3%A4&empty=",
        headers={**KEY, "X-Twice": "1", "User-Agent": "test"},
        environ_overrides={
            "REQUEST_URI": "/v1/devices/cam%2F1/events/a%20b?limit=2",
            "REMOTE_ADDR": "127.0.0.9",
        },
    )
    event = gateway.events[0]
    assert event["resource"] == "/v1/devices/{device}/events/{event_id}"
    assert event["path"] == "/v1/devices/cam%2F1/events/a%20b"
    assert event["pathParameters"] == {"device": "cam/1", "event_id": "a b"}
    assert event["queryStringParameters"] == {"limit": "3", "q": "ä", "empty": ""}
    assert event["multiValueQueryStringParameters"]["limit"] == ["2", "3"]
    assert event["headers"]["X-Twice"] == "1"
    assert event["multiValueHeaders"]["X-Twice"] == ["1"]
    assert event["body"] is None
    context = event["requestContext"]
    assert context["path"] == event["path"]  # the front serves no stage in its paths
    assert (context["stage"], context["httpMethod"]) == ("dev", "GET")
    assert context["identity"]["userAgent"] == "test"
    assert context["identity"]["sourceIp"] == "127.0.0.9"
    assert context["identity"]["apiKey"] == "right"
    assert context["identity"]["apiKeyId"]


def test_a_photo_is_refused_when_lambda_would_not_take_it_in_base64() -> None:
    gateway = Gateway()
    fits, too_large = b"x" * 4_500_000, b"x" * 4_800_000
    headers = {**KEY, "Content-Type": "image/jpeg"}
    assert gateway.client.post("/v1/photos", data=fits, headers=headers).status_code == 200
    assert gateway.client.post("/v1/photos", data=too_large, headers=headers).status_code == 413
    [event] = gateway.events
    assert base64.b64decode(event["body"]) == fits
    assert event["isBase64Encoded"] is True


def test_a_client_that_leaves_before_its_body_is_complete_reaches_no_function() -> None:
    gateway = Gateway()
    longer = {"CONTENT_LENGTH": "8"}
    answer = gateway.client.post("/v1/photos", data=b"half", headers=KEY, environ_overrides=longer)
    assert (answer.status_code, gateway.events, gateway.problems) == (400, [], [])


def test_a_request_for_the_head_uses_its_own_route() -> None:
    gateway = Gateway()
    assert gateway.client.head("/v1/devices/all").status_code == 200
    assert gateway.events[0]["httpMethod"] == "HEAD"


def test_a_slash_at_the_end_leads_to_the_same_resource_and_stays_in_the_path() -> None:
    gateway = Gateway()
    assert gateway.client.get("/v1/devices/cam-1/").status_code == 200
    assert gateway.client.get("/v1/devices/all/").status_code == 200
    assert gateway.client.get("/v1/devices//").status_code == 403
    first, second = gateway.events
    assert (first["path"], first["resource"]) == ("/v1/devices/cam-1/", "/v1/devices/{device}")
    assert first["pathParameters"] == {"device": "cam-1"}
    assert second["resource"] == "/v1/devices/all"


def test_event_has_null_for_the_query_when_there_is_none() -> None:
    gateway = Gateway()
    gateway.client.get("/v1/open")
    event = gateway.events[0]
    assert event["queryStringParameters"] is None
    assert event["multiValueQueryStringParameters"] is None
    assert event["pathParameters"] is None
    assert event["requestContext"]["identity"]["apiKeyId"] is None


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        ("application/json", b'{"a": 1}', ('{"a": 1}', False)),
        ("image/jpeg", b"\xff\xd8", (base64.b64encode(b"\xff\xd8").decode(), True)),
        ("image/jpeg", b"", (None, False)),
        ("application/json", b"\xff", ("\ufffd", False)),
    ],
)
def test_body_is_text_or_base64_by_its_type(
    kind: str, body: bytes, expected: tuple[str | None, bool]
) -> None:
    gateway = Gateway()
    gateway.client.post("/v1/photos", data=body, headers={**KEY, "Content-Type": kind})
    assert (gateway.events[0]["body"], gateway.events[0]["isBase64Encoded"]) == expected


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "message"),
    [
        ("GET", "/v1/devices/a/events/b", {}, 403, "Forbidden"),
        ("GET", "/v1/devices/a/events/b", {"x-api-key": "wrong"}, 403, "Forbidden"),
        ("GET", "/v1/devices/a/events/b", {"x-api-key": "ä"}, 403, "Forbidden"),
        ("GET", "/nothing", KEY, 403, "Missing Authentication Token"),
        ("DELETE", "/v1/open", KEY, 403, "Missing Authentication Token"),
        ("OPTIONS", "/v1/open", KEY, 403, "Missing Authentication Token"),
        ("GET", "/v1/open/x", KEY, 403, "Missing Authentication Token"),
    ],
)
def test_request_is_refused_as_by_api_gateway_when(
    method: str, path: str, headers: dict[str, str], status: int, message: str
) -> None:
    gateway = Gateway()
    response = gateway.client.open(path, method=method, headers=headers)
    assert (response.status_code, json.loads(response.data)) == (status, {"message": message})
    assert gateway.events == []


def test_head_is_refused_without_a_body_when_only_get_has_a_route() -> None:
    response = Gateway().client.head("/v1/open")
    assert (response.status_code, response.data) == (403, b"")


@pytest.mark.parametrize(
    ("path", "resource", "parameters"),
    [
        ("/v1/devices/cam%2F1", "/v1/devices/{device}", {"device": "cam/1"}),
        ("/v1/devices/all", "/v1/devices/all", None),
        ("/v1/devices/", None, None),
        ("/v1/devices/a/b", None, None),
        ("/v1//open", None, None),
        ("/files/a/b%20c", "/files/{path+}", {"path": "a/b c"}),
        ("/files", None, None),
    ],
)
def test_route_is_the_most_specific_one_that_matches_the_path(
    path: str, resource: str | None, parameters: dict[str, str] | None
) -> None:
    gateway = Gateway()
    response = gateway.client.get(path, environ_overrides={"REQUEST_URI": path})
    found = [(event["resource"], event["pathParameters"]) for event in gateway.events]
    assert found == ([] if resource is None else [(resource, parameters)])
    assert response.status_code == (403 if resource is None else 200)


def test_route_takes_every_method_when_it_is_any() -> None:
    gateway = Gateway()
    for method in ("GET", "DELETE", "OPTIONS"):
        gateway.client.open("/files/a", method=method)
    assert [event["httpMethod"] for event in gateway.events] == ["GET", "DELETE", "OPTIONS"]


def test_a_method_of_its_own_goes_before_any() -> None:
    routes = (Route("ANY", "/a", "Any", True), Route("OPTIONS", "/a", "Options", False))
    gateway = Gateway(spec=ApiSpec("dev", routes))
    assert gateway.client.options("/a").status_code == 200
    assert gateway.client.get("/a").status_code == 403
    assert gateway.client.head("/a", headers=KEY).status_code == 200
    assert [event["httpMethod"] for event in gateway.events] == ["OPTIONS", "HEAD"]


AUTHORIZER = Authorizer("Authorize", "x-api-key", "^(read|admin)_[a-z]+$")
GUARDED = ApiSpec(
    "dev",
    (
        Route("ANY", "/v1/a", "Function", True, AUTHORIZER),
        Route("OPTIONS", "/v1/a", "Function", False),
    ),
)


class Guard:
    """A front whose authorizer lets everybody read, and whose only key is ``read_right``."""

    def __init__(self, *resources: str, effect: str = "Allow", error: bool = False) -> None:
        self.asked: list[dict[str, Any]] = []
        self.invoked = 0
        statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": list(resources)}
        policy = {"principalId": "a", "policyDocument": {"Statement": [statement]}}
        self._policy = Answer.error("Crash", "") if error else Answer(json.dumps(policy).encode())
        self.client = Client(HttpFront(GUARDED, ["read_right"], self._invoke, lambda _: None))

    def _invoke(self, function: str, event: bytes) -> Answer:
        if function == "Authorize":
            self.asked.append(json.loads(event))
            return self._policy
        self.invoked += 1
        return Answer(b'{"statusCode": 200}')

    def status(self, method: str = "GET", key: str | None = "read_right") -> int:
        headers = {"x-api-key": key} if key else {}
        return self.client.open("/v1/a", method=method, headers=headers).status_code


def test_an_authorizer_decides_before_the_key_is_checked() -> None:
    guard = Guard("*/GET/v1/*")
    assert guard.status() == 200
    assert guard.status("PUT") == 403
    assert guard.status(key="read_forged") == 403
    assert guard.status("OPTIONS", key=None) == 200
    assert guard.invoked == 2
    assert guard.asked[0]["type"] == "TOKEN"
    assert guard.asked[0]["authorizationToken"] == "read_right"
    assert guard.asked[0]["methodArn"].endswith(":local/dev/GET/v1/a")
    assert len(guard.asked) == 2, "once for each key, as API Gateway asks"


@pytest.mark.parametrize("key", [None, "write_right", "read_", "READ_right"])
def test_a_request_is_unauthorized_when_its_key_has_not_the_form(key: str | None) -> None:
    guard = Guard("*")
    assert guard.status(key=key) == 401
    assert guard.asked == []


def test_a_request_is_refused_when_the_authorizer_denies_it_or_fails() -> None:
    assert Guard("*", effect="Deny").status() == 403
    assert Guard("*/other").status() == 403
    assert Guard("*", error=True).status() == 500


BEARER = Authorizer("Authorize", "Authorization", "^Bearer [a-z]+$", keep_s=60)
TOKENS = ApiSpec(
    "dev", (Route("ANY", "/v1/a", "Function", True, BEARER),), authorizer_gives_key=True
)


class TokenGuard:
    """A front for tokens, whose authorizer gives one prepared answer."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.asked = 0
        self.client = Client(HttpFront(TOKENS, ["of-tokens"], self._invoke, lambda _: None))

    def _invoke(self, function: str, _event: bytes) -> Answer:
        if function != "Authorize":
            return Answer(b'{"statusCode": 200}')
        self.asked += 1
        return self.answer

    def status(self, **headers: str) -> int:
        sent = {"Authorization": "Bearer abc"} | headers
        return self.client.get("/v1/a", headers=sent).status_code


def allowed(**more: str) -> Answer:
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}
    return Answer(json.dumps({"policyDocument": {"Statement": [statement]}} | more).encode())


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (allowed(usageIdentifierKey="of-tokens"), 200),
        (allowed(usageIdentifierKey="other"), 403),
        (allowed(), 403),
        (Answer.error("UnauthorizedError", "Unauthorized"), 401),
        (Answer.error("IssuerError", "down"), 500),
    ],
)
def test_the_authorizer_of_tokens_names_the_key(answer: Answer, status: int) -> None:
    assert TokenGuard(answer).status() == status
    # A key that the client sends does not count.
    assert TokenGuard(answer).status(**{"x-api-key": "of-tokens"}) == status


def test_the_authorizer_is_asked_again_when_its_answer_is_old(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 1000.0
    monkeypatch.setattr("local.api.access.time.monotonic", lambda: now)
    guard = TokenGuard(allowed(usageIdentifierKey="of-tokens"))
    assert guard.status() == 200
    guard.answer = Answer.error("UnauthorizedError", "Unauthorized")
    now += 59.0
    assert guard.status() == 200
    now += 1.0
    assert guard.status() == 401
    assert guard.asked == 2


def test_body_is_refused_when_too_large() -> None:
    gateway = Gateway()
    gateway.client.post("/v1/photos", data=b"0" * 6_000_000, headers=KEY)
    assert len(gateway.events) == 1
    response = gateway.client.post("/v1/photos", data=b"0" * (MAX_BODY_BYTES + 1), headers=KEY)
    assert (response.status_code, response.json) == (413, {"message": "Request Too Long"})
    assert len(gateway.events) == 1


@pytest.mark.parametrize(
    ("path", "error", "expected"),
    [
        ("/nothing", None, (404, "own 404")),
        ("/v1/devices/a/events/b", None, (403, "4xx")),
        ("/v1/open", "Sandbox.Timedout", (504, "5xx")),
    ],
)
def test_refusal_is_the_templates_when_it_has_one(
    path: str, error: str | None, expected: tuple[int, str]
) -> None:
    spec = ApiSpec(
        "dev",
        SPEC.routes,
        gateway_responses={
            "MISSING_AUTHENTICATION_TOKEN": GatewayResponse(404, {"X-Own": "1"}, "own 404"),
            "DEFAULT_4XX": GatewayResponse(body="4xx"),
            "DEFAULT_5XX": GatewayResponse(body="5xx"),
        },
    )
    failure = Answer.error(error, "") if error else None
    response = Gateway(error=failure, spec=spec).client.get(path)
    assert (response.status_code, response.text) == expected
    assert (response.headers.get("X-Own") == "1") is (path == "/nothing")
    assert response.headers["Content-Type"] == "application/json"


def test_answer_is_json_when_the_function_names_no_type() -> None:
    response = Gateway({"statusCode": 200, "body": "{}"}).client.get("/v1/open")
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["x-amzn-RequestId"]


def test_answer_reaches_the_client_unchanged() -> None:
    gateway = Gateway(
        {
            "statusCode": 201,
            "headers": {"content-type": "text/plain", "x-one": "1", "Content-Length": "999"},
            "multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"], "X-One": ["2"]},
            "body": "Grüße",
        }
    )
    response = gateway.client.get("/v1/open")
    assert (response.status_code, response.text) == (201, "Grüße")
    assert response.headers.getlist("Content-Type") == ["text/plain"]
    assert response.headers.getlist("Set-Cookie") == ["a=1", "b=2"]
    assert response.headers.getlist("X-One") == ["2"]


def test_answer_is_decoded_when_base64() -> None:
    body = base64.b64encode(b"\x00\x01").decode()
    gateway = Gateway({"statusCode": 200, "body": body, "isBase64Encoded": True})
    assert gateway.client.get("/v1/open").data == b"\x00\x01"


@pytest.mark.parametrize(
    "answer",
    [
        "text",
        [1],
        {"body": "no status"},
        {"statusCode": "ok"},
        {"statusCode": 200, "body": {"a": 1}},
        {"statusCode": 200, "cookies": []},
        {"statusCode": 200, "body": "%%%", "isBase64Encoded": True},
    ],
)
def test_answer_is_a_502_when_it_is_malformed(answer: object) -> None:
    gateway = Gateway(answer)
    response = gateway.client.get("/v1/open")
    assert response.status_code == 502
    assert json.loads(response.data) == {"message": "Internal server error"}
    assert "malformed" in gateway.problems[0]


@pytest.mark.parametrize(("kind", "status"), [("ValueError", 502), ("Sandbox.Timedout", 504)])
def test_answer_hides_the_details_when_the_function_failed(kind: str, status: int) -> None:
    gateway = Gateway(error=Answer.error(kind, "secret detail"))
    response = gateway.client.get("/v1/open")
    assert response.status_code == status
    assert "secret detail" not in response.text
    assert "secret detail" in gateway.problems[0]
