"""Many odd requests, generated from the API's own description, against the real handler."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import boto3
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance
from werkzeug.wrappers import Request, Response

from smile_cloud import clients
from smile_cloud.photo_api.requests import MEDIA_TYPES
from smile_cloud.store_event.event_store import EventStore
from smile_contract import SmileEvent
from tests.helpers.alerts_api import token
from tests.helpers.functions import AWS_ENVIRONMENT, CONTEXT, ENVIRONMENT, load_function
from tests.helpers.rule_events import sample
from tests.helpers.template import create_events_table

pytestmark = pytest.mark.system
API_KEY = "right"
EVENTS, EVENT = "/v1/events", "/v1/devices/{device}/events/{event_id}"
FLEET, DEVICE = "/v1/alert-settings", "/v1/devices/{device}/alert-settings"
PHOTOS = "/v1/photos"
PAGE, PAUSE = "/alerts/{token}", "/alerts/{token}/pause"
STORED = SmileEvent.from_dict(sample("messages/batch")["events"][0])
LINK = token(STORED.device_id, STORED.event_id)
POSITIVE, NEGATIVE = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
OK, BAD, MISSING = HTTPStatus.OK, HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND
# A description cannot say that a cursor was never issued, that from lies after to, or which time
# zones exist: such requests look valid and are still refused.
CANNOT_KNOW: list[Any] = [positive_data_acceptance]


def fill_table() -> None:
    client = boto3.client("dynamodb")
    table = create_events_table(client, ENVIRONMENT["TABLE_NAME"])
    kept = timedelta(days=90)
    store = EventStore(client, table, event_retention=kept, rollup_retention=kept)
    for event in sample("messages/batch")["events"]:
        store.store(SmileEvent.from_dict(event), datetime.now(UTC))


def gateway(history: Any, alerts: Any, photos: Any, feedback: Any) -> Any:
    """Return a WSGI application that passes requests to a handler as API Gateway does."""

    @Request.application
    def application(request: Request) -> Response:
        path = request.path.removeprefix("/dev")  # the stage, as API Gateway serves it
        is_public = path == "/v1/openapi.json" or path.startswith("/alerts/")
        if not is_public and request.headers.get("x-api-key") != API_KEY:
            problem = '{"type":"about:blank","title":"Forbidden","status":403,"detail":"no key"}'
            return Response(problem, 403, content_type="application/problem+json")
        query = {name: request.args.getlist(name) for name in request.args}
        handle = alerts if "alert-settings" in path or path.startswith("/alerts/") else history
        is_photo = request.mimetype in MEDIA_TYPES
        body = request.get_data()
        if path == "/v1/photos":
            handle = photos
        if path.endswith("/feedback"):
            handle = feedback
        answer = handle(
            {
                "path": path,
                "httpMethod": request.method,
                "headers": dict(request.headers),
                "multiValueHeaders": {name: [value] for name, value in request.headers},
                "queryStringParameters": {k: v[-1] for k, v in query.items()} or None,
                "multiValueQueryStringParameters": query or None,
                "requestContext": {
                    "path": f"/dev{path}",
                    "stage": "dev",
                    "domainName": "api.example",
                },
                "body": (base64.b64encode(body) if is_photo else body).decode("utf-8", "replace")
                or None,
                "isBase64Encoded": bool(is_photo and body),
            },
            CONTEXT,
        )
        headers = [(k, v) for k, vs in answer["multiValueHeaders"].items() for v in vs]
        return Response(answer["body"], answer["statusCode"], headers)

    return application


@pytest.fixture(scope="module")
def api() -> Iterator[Any]:
    environment = pytest.MonkeyPatch()
    environment.delenv("AWS_ENDPOINT_URL", raising=False)
    for name, value in (AWS_ENVIRONMENT | ENVIRONMENT).items():
        environment.setenv(name, value)
    clients.dynamodb.cache_clear()
    clients.sns.cache_clear()
    with mock_aws():
        fill_table()
        topic = boto3.client("sns").create_topic(Name="alerts")["TopicArn"]
        environment.setenv("TOPIC_ARN", topic)
        names = ("history_api", "alerts_api", "photo_api", "feedback_api")
        handlers = [load_function(name).handler for name in names]
        yield schemathesis.openapi.from_wsgi("/dev/v1/openapi.json", gateway(*handlers))
    clients.dynamodb.cache_clear()
    clients.sns.cache_clear()
    environment.undo()


@pytest.mark.parametrize(
    ("method", "path", "mode", "expected"),
    [
        ("GET", EVENTS, POSITIVE, {OK}),
        ("GET", EVENTS, NEGATIVE, {BAD}),
        ("GET", EVENT, POSITIVE, {MISSING}),
        # Odd ids rarely fit into one segment of a path; the others are not found.
        ("GET", EVENT, NEGATIVE, {MISSING}),
        ("PUT", f"{EVENT}/feedback", POSITIVE, {MISSING, BAD}),
        ("PUT", f"{EVENT}/feedback", NEGATIVE, {BAD, MISSING}),
        ("GET", "/v1/stats", POSITIVE, {OK, BAD}),
        ("GET", "/v1/stats", NEGATIVE, {BAD}),
        ("GET", "/v1/openapi.json", POSITIVE, {OK}),
        ("GET", FLEET, POSITIVE, {OK}),
        ("PUT", FLEET, POSITIVE, {OK}),
        ("PUT", FLEET, NEGATIVE, {BAD}),
        ("GET", DEVICE, POSITIVE, {OK}),
        ("PUT", DEVICE, POSITIVE, {OK}),
        ("PUT", DEVICE, NEGATIVE, {BAD}),
        ("POST", f"{FLEET}/test", POSITIVE, {HTTPStatus.ACCEPTED, HTTPStatus.TOO_MANY_REQUESTS}),
        ("POST", f"{DEVICE}/test", POSITIVE, {HTTPStatus.TOO_MANY_REQUESTS}),
        ("GET", PAGE, POSITIVE, {OK, MISSING}),
        ("GET", PAGE, NEGATIVE, {MISSING}),
        ("POST", PAUSE, POSITIVE, {HTTPStatus.SEE_OTHER, MISSING}),
        ("POST", PAUSE, NEGATIVE, {BAD, MISSING}),
        # The generator knows how pictures are made.
        ("POST", PHOTOS, POSITIVE, {OK}),
        ("POST", PHOTOS, NEGATIVE, {BAD}),
    ],
)
def test_the_api_follows_its_description_when_requests_are_odd(
    api: Any, method: str, path: str, mode: GenerationMode, expected: set[HTTPStatus]
) -> None:
    answered: set[int] = set()

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(api[path][method].as_strategy(generation_mode=mode), st.booleans())
    def ask(case: Any, is_signed: bool) -> None:
        if "x-api-key" in case.headers:
            case.headers["x-api-key"] = API_KEY
        if is_signed and "token" in case.path_parameters:
            case.path_parameters["token"] = LINK
        answered.add(case.call_and_validate(excluded_checks=CANNOT_KNOW).status_code)

    ask()
    assert expected <= answered
