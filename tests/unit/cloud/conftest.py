"""A moto server of its own process, a fresh table per test from the template, and builders."""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import boto3
import pytest
import yaml

from smile_cloud import clients
from smile_contract import SmileEvent, format_time, uuid7

ROOT = Path(__file__).parents[3]
AWS_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "POWERTOOLS_SERVICE_NAME": "test",
    "POWERTOOLS_METRICS_NAMESPACE": "Smile",
}
# One request at a time: moto's operations are not atomic, as DynamoDB's are.
_SERVER = """
import sys
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple
application = DomainDispatcherApplication(create_backend_app)
run_simple("127.0.0.1", int(sys.argv[1]), application, threaded=False)
"""


class _TemplateLoader(yaml.SafeLoader):
    """Reads the template's short intrinsics as ``{"!Ref": ...}``."""


def _intrinsic(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        return {f"!{suffix}": loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {f"!{suffix}": loader.construct_sequence(node, deep=True)}
    raise TypeError(f"unexpected intrinsic !{suffix}")


_TemplateLoader.add_multi_constructor("!", _intrinsic)


@pytest.fixture(scope="session")
def template() -> dict[str, Any]:
    return _load_template(ROOT / "template.yaml")


@pytest.fixture(scope="session")
def nested(template: dict[str, Any]) -> dict[str, Any]:
    """The template of the stack within the stack: the device on AWS IoT Greengrass."""
    return _load_template(
        ROOT / template["Resources"]["EdgeOnGreengrass"]["Properties"]["TemplateURL"]
    )


def _load_template(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load(path.read_text("utf-8"), _TemplateLoader)
    return loaded


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-c", _SERVER, str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(300):
            with socket.socket() as attempt:
                if attempt.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert server.poll() is None, "moto server ended at its start"
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture(scope="session")
def aws(moto_url: str) -> Iterator[SimpleNamespace]:
    """Clients of the moto server, which the code under test uses as well."""
    environment = pytest.MonkeyPatch()
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        environment.delenv(name)
    for name, value in (AWS_ENVIRONMENT | {"AWS_ENDPOINT_URL": moto_url}).items():
        environment.setenv(name, value)
    for make in (clients.dynamodb, clients.sns, clients.sqs):
        make.cache_clear()
    yield SimpleNamespace(
        dynamodb=boto3.client("dynamodb"), sns=boto3.client("sns"), sqs=boto3.client("sqs")
    )
    environment.undo()


@pytest.fixture
def table(aws: SimpleNamespace, template: dict[str, Any]) -> Iterator[str]:
    """Name of a fresh table, made as the template describes it."""
    name = f"events-{uuid.uuid4().hex}"
    properties = template["Resources"]["EventsTable"]["Properties"]
    wanted = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
    aws.dynamodb.create_table(TableName=name, **{key: properties[key] for key in wanted})
    yield name
    aws.dynamodb.delete_table(TableName=name)


@pytest.fixture
def queue(aws: SimpleNamespace) -> str:
    """URL of a fresh queue."""
    return str(aws.sqs.create_queue(QueueName=f"queue-{uuid.uuid4().hex}")["QueueUrl"])


@pytest.fixture
def received(aws: SimpleNamespace) -> Callable[[str], list[dict[str, Any]]]:
    """Return what lies in a queue, and empty it."""

    def receive(url: str) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = []
        while True:
            answer = aws.sqs.receive_message(
                QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
            )
            if not answer.get("Messages"):
                return messages
            for message in answer["Messages"]:
                aws.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                messages.append(message)

    return receive


@pytest.fixture(scope="session")
def smile() -> Callable[..., SmileEvent]:
    """Build a smile event; ``ended`` fills in ended_at and duration_ms."""

    def build(
        started_at: datetime | None = None, *, phase: str = "started", **changes: Any
    ) -> SmileEvent:
        at = started_at or datetime(2026, 11, 22, 17, 33, 0, 250_000, tzinfo=UTC)
        duration_ms = changes.pop("duration_ms", 2760 if phase == "ended" else 480)
        document: dict[str, Any] = {
            "schema_version": 1,
            "event_id": uuid7(at),
            "device_id": "cam-1",
            "seq": 17 if phase == "started" else 18,
            "phase": phase,
            "started_at": format_time(at),
            "duration_ms": duration_ms,
            "peak_score": 0.91,
            "mean_score": 0.84,
            "face": {"score": 0.93, "box": [0.41, 0.22, 0.11, 0.19]},
            "track_id": 3,
            "model": {"sha256": "ab" * 32, "threshold_on": 0.6, "threshold_off": 0.45},
            "score_history": [0.62, 0.91],
        }
        if phase == "ended":
            document["ended_at"] = format_time(at + timedelta(milliseconds=duration_ms))
        return SmileEvent.from_dict(document | changes)

    return build


@pytest.fixture(scope="session")
def as_rule() -> Callable[..., dict[str, Any]]:
    """What the IoT rule makes of a decoded message."""

    def build(message: dict[str, Any], received_at: datetime | None = None) -> dict[str, Any]:
        at = received_at or datetime(2026, 11, 22, 17, 33, 1, tzinfo=UTC)
        return message | {
            "topic_device_id": "cam-1",
            "received_at_ms": round(at.timestamp() * 1000),
        }

    return build


@pytest.fixture(scope="session")
def sample() -> Callable[[str], Any]:
    """Load ``events/<name>.json``."""
    return lambda name: json.loads((ROOT / "events" / f"{name}.json").read_text("utf-8"))


@pytest.fixture
def load_function(aws: SimpleNamespace) -> Callable[[str], ModuleType]:
    """Load ``functions/<name>/app.py`` as Lambda does at a cold start."""

    def load(name: str) -> ModuleType:
        path = ROOT / "functions" / name / "app.py"
        spec = importlib.util.spec_from_file_location(f"{name}_app", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture(scope="session")
def context() -> SimpleNamespace:
    """What Lambda tells a handler about the invocation."""
    return SimpleNamespace(
        function_name="test",
        memory_limit_in_mb=256,
        invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:test",
        aws_request_id="00000000-0000-0000-0000-000000000000",
    )
