"""Thousands of odd requests, made from the API's own description, against the real handler."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, given, settings
from moto import mock_aws
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance
from werkzeug.wrappers import Request, Response

from smile_cloud import clients
from smile_cloud.store_event.event_store import EventStore
from smile_contract import SmileEvent

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.system
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "TABLE_NAME": "events",
    "CURSOR_KEY": "k" * 64,
    "POWERTOOLS_SERVICE_NAME": "history_api",
}
API_KEY = "right"


class _PlainLoader(yaml.SafeLoader):
    """Reads the template, leaving its intrinsics aside."""


_PlainLoader.add_multi_constructor("!", lambda *_: None)


def fill_table() -> None:
    template = yaml.load((ROOT / "template.yaml").read_text("utf-8"), _PlainLoader)
    properties = template["Resources"]["EventsTable"]["Properties"]
    wanted = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
    client = boto3.client("dynamodb")
    client.create_table(TableName="events", **{key: properties[key] for key in wanted})
    kept = timedelta(days=90)
    store = EventStore(client, "events", event_retention=kept, rollup_retention=kept)
    batch = json.loads((ROOT / "events/store_event/batch.json").read_text("utf-8"))
    for event in batch["events"]:
        store.store(SmileEvent.from_dict(event), datetime.now(UTC))


def gateway(handler: Any) -> Any:
    """Return a WSGI application that hands requests to `handler` as API Gateway does."""
    context = SimpleNamespace(
        function_name="history_api",
        memory_limit_in_mb=512,
        invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:history_api",
        aws_request_id="00000000-0000-0000-0000-000000000000",
    )

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
            context,
        )
        headers = [(k, v) for k, vs in answer["multiValueHeaders"].items() for v in vs]
        return Response(answer["body"], answer["statusCode"], headers)

    return application


@pytest.fixture(scope="module")
def api() -> Iterator[Any]:
    environment = pytest.MonkeyPatch()
    environment.delenv("AWS_ENDPOINT_URL", raising=False)
    for name, value in ENVIRONMENT.items():
        environment.setenv(name, value)
    clients.dynamodb.cache_clear()
    with mock_aws():
        fill_table()
        path = ROOT / "functions" / "history_api" / "app.py"
        spec = importlib.util.spec_from_file_location("history_api_under_test", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield schemathesis.openapi.from_wsgi("/dev/v1/openapi.json", gateway(module.handler))
    clients.dynamodb.cache_clear()
    environment.undo()


# No description can tell that a cursor was never handed out or that from lies after to: such
# requests look right and are still refused.
CANNOT_KNOW: list[Any] = [positive_data_acceptance]


EVENTS, EVENT = "/v1/events", "/v1/devices/{device}/events/{event_id}"


@pytest.mark.parametrize(
    ("path", "mode", "expected"),
    [
        (EVENTS, GenerationMode.POSITIVE, {HTTPStatus.OK}),
        (EVENTS, GenerationMode.NEGATIVE, {HTTPStatus.BAD_REQUEST}),
        (EVENT, GenerationMode.POSITIVE, {HTTPStatus.NOT_FOUND}),
        # Odd ids seldom keep to one segment of a path; those that do not are not found.
        (EVENT, GenerationMode.NEGATIVE, {HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND}),
        ("/v1/openapi.json", GenerationMode.POSITIVE, {HTTPStatus.OK}),
    ],
)
def test_the_api_keeps_its_description_when_requests_are_odd(
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
    assert expected & answered, "the requests did not even get past the door"
