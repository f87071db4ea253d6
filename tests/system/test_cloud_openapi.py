"""Many odd requests, generated from the API's own description, against the real handler."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import boto3
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from moto import mock_aws
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance
from werkzeug.wrappers import Request, Response

from smile_cloud import clients
from smile_cloud.store_event.event_store import EventStore
from smile_contract import SmileEvent
from tests.helpers.functions import AWS_ENVIRONMENT, CONTEXT, ENVIRONMENT, load_function
from tests.helpers.rule_events import sample
from tests.helpers.template import create_events_table

pytestmark = pytest.mark.system
API_KEY = "right"
EVENTS, EVENT = "/v1/events", "/v1/devices/{device}/events/{event_id}"
# A description cannot say that a cursor was never issued, or that from lies after to: such
# requests look valid and are still refused.
CANNOT_KNOW: list[Any] = [positive_data_acceptance]


def fill_table() -> None:
    client = boto3.client("dynamodb")
    table = create_events_table(client, ENVIRONMENT["TABLE_NAME"])
    kept = timedelta(days=90)
    store = EventStore(client, table, event_retention=kept, rollup_retention=kept)
    for event in sample("store_event/batch")["events"]:
        store.store(SmileEvent.from_dict(event), datetime.now(UTC))


def gateway(handler: Any) -> Any:
    """Return a WSGI application that passes requests to `handler` as API Gateway does."""

    @Request.application
    def application(request: Request) -> Response:
        path = request.path.removeprefix("/dev")  # the stage, as API Gateway serves it
        if path != "/v1/openapi.json" and request.headers.get("x-api-key") != API_KEY:
            problem = '{"type":"about:blank","title":"Forbidden","status":403,"detail":"no key"}'
            return Response(problem, 403, content_type="application/problem+json")
        query = {name: request.args.getlist(name) for name in request.args}
        answer = handler(
            {
                "path": path,
                "httpMethod": request.method,
                "headers": dict(request.headers),
                "multiValueHeaders": {name: [value] for name, value in request.headers},
                "queryStringParameters": {k: v[-1] for k, v in query.items()} or None,
                "multiValueQueryStringParameters": query or None,
                "requestContext": {"path": f"/dev{path}", "stage": "dev"},
                "body": request.get_data(as_text=True) or None,
                "isBase64Encoded": False,
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
    with mock_aws():
        fill_table()
        handler = load_function("history_api").handler
        yield schemathesis.openapi.from_wsgi("/dev/v1/openapi.json", gateway(handler))
    clients.dynamodb.cache_clear()
    environment.undo()


@pytest.mark.parametrize(
    ("path", "mode", "expected"),
    [
        (EVENTS, GenerationMode.POSITIVE, {HTTPStatus.OK}),
        (EVENTS, GenerationMode.NEGATIVE, {HTTPStatus.BAD_REQUEST}),
        (EVENT, GenerationMode.POSITIVE, {HTTPStatus.NOT_FOUND}),
        # Odd ids rarely fit into one segment of a path; the others are not found.
        (EVENT, GenerationMode.NEGATIVE, {HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND}),
        ("/v1/openapi.json", GenerationMode.POSITIVE, {HTTPStatus.OK}),
    ],
)
def test_the_api_follows_its_description_when_requests_are_odd(
    api: Any, path: str, mode: GenerationMode, expected: set[HTTPStatus]
) -> None:
    answered: set[int] = set()

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(api[path]["GET"].as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        if "x-api-key" in case.headers:
            case.headers["x-api-key"] = API_KEY
        answered.add(case.call_and_validate(excluded_checks=CANNOT_KNOW).status_code)

    ask()
    assert expected & answered, "no request reached the handler"
