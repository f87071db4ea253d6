"""The whole API behind one WSGI application, as its own description has it, with some smiles."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
import schemathesis
from moto import mock_aws
from werkzeug.wrappers import Request, Response

from local.api.proxy_event import raw_path
from smile_cloud import clients
from smile_cloud.device_registry.store import DeviceStore
from smile_cloud.photo_api.requests import MEDIA_TYPES
from smile_cloud.store_event.event_store import EventStore
from smile_contract import SmileEvent
from tests.helpers.api_routes import api_events, needs_key
from tests.helpers.functions import AWS_ENVIRONMENT, ENVIRONMENT, Functions
from tests.helpers.rule_events import sample
from tests.helpers.status_messages import beat
from tests.helpers.template import create_events_table, load_template

API_KEY = "right"
EVENTS = [SmileEvent.from_dict(one) for one in sample("messages/batch")["events"]]
STORED = EVENTS[0]
_STAGE = "/dev"
_REFUSED = '{"type":"about:blank","title":"Forbidden","status":403,"detail":"no key"}'
_CLIENTS = (clients.dynamodb, clients.sns, clients.sqs, clients.iot_data)


def fill_table() -> None:
    """Replace the table by a new one with a camera and its smiles."""
    client, name = boto3.client("dynamodb"), ENVIRONMENT["TABLE_NAME"]
    if name in client.list_tables()["TableNames"]:
        client.delete_table(TableName=name)
    create_events_table(client, name)
    kept = timedelta(days=9999)
    store = EventStore(client, name, event_retention=kept, rollup_retention=kept)
    for event in EVENTS:
        store.store(event, datetime.now(UTC))
    DeviceStore(client, name, retention=kept).observe(beat(0, device_id=STORED.device_id))


class _Routes:
    """Which function answers a request, and whether it needs a key, as the template says."""

    def __init__(self) -> None:
        found = [
            (event["Path"], event["Method"], function, needs_key(event))
            for function, events in api_events(load_template()).items()
            for event in events
        ]
        # API Gateway prefers paths without parameters, and a method to ANY.
        self._found = sorted(found, key=lambda one: (one[0].count("{"), one[1] == "ANY"))

    def find(self, method: str, path: str) -> tuple[str, bool] | None:
        for template, wanted, function, is_locked in self._found:
            pattern = re.sub(r"{\w+}", "[^/]+", template)
            if wanted in {"ANY", method} and re.fullmatch(pattern, path):
                return function, is_locked
        return None


def _gateway(functions: Functions) -> Any:
    """Return a WSGI application that passes requests to the functions as API Gateway does."""
    routes = _Routes()

    @Request.application
    def application(request: Request) -> Response:
        path = raw_path(request).removeprefix(_STAGE)
        route = routes.find(request.method, path)
        if route is None or (route[1] and request.headers.get("x-api-key") != API_KEY):
            return Response(_REFUSED, 403, content_type="application/problem+json")
        answer = functions.invoke(route[0], _event(request, path))
        headers = [(k, v) for k, vs in answer["multiValueHeaders"].items() for v in vs]
        return Response(answer["body"], answer["statusCode"], headers)

    return application


def _event(request: Request, path: str) -> dict[str, Any]:
    query = {name: request.args.getlist(name) for name in request.args}
    is_photo, body = request.mimetype in MEDIA_TYPES, request.get_data()
    text = (base64.b64encode(body) if is_photo else body).decode("utf-8", "replace")
    return {
        "path": path,
        "httpMethod": request.method,
        "headers": dict(request.headers),
        "multiValueHeaders": {name: [value] for name, value in request.headers},
        "queryStringParameters": {k: v[-1] for k, v in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "requestContext": {"path": _STAGE + path, "stage": "dev", "domainName": "api.example"},
        "body": text or None,
        "isBase64Encoded": bool(is_photo and body),
    }


@contextmanager
def described_api() -> Iterator[Any]:
    """Run the functions on an AWS in this process; yield the API as it describes itself."""
    environment = pytest.MonkeyPatch()
    environment.delenv("AWS_ENDPOINT_URL", raising=False)
    # The issuer of tokens in the variables does not exist.
    for name, value in (AWS_ENVIRONMENT | ENVIRONMENT | {"API_ACCESS": "key"}).items():
        environment.setenv(name, value)
    for make in _CLIENTS:
        make.cache_clear()
    with mock_aws():
        fill_table()
        boto3.client("iot").create_thing(thingName=STORED.device_id)
        queue = boto3.client("sqs").create_queue(QueueName="erasures")["QueueUrl"]
        environment.setenv("ERASURE_QUEUE_URL", queue)
        topic = boto3.client("sns").create_topic(Name="alerts")["TopicArn"]
        environment.setenv("TOPIC_ARN", topic)
        yield schemathesis.openapi.from_wsgi(f"{_STAGE}/v1/openapi.json", _gateway(Functions()))
    for make in _CLIENTS:
        make.cache_clear()
    environment.undo()
