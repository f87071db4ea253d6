"""The store of ``make run``, and for each test a fresh table and queue from the template."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from local.processes.child import Processes
from smile_cloud import clients
from tests.helpers.alerts import Alerts
from tests.helpers.device_checks import Checks
from tests.helpers.functions import AWS_ENVIRONMENT, ENVIRONMENT, Functions
from tests.helpers.local_cloud import start_store
from tests.helpers.shadow_server import Shadows, shadow_server
from tests.helpers.template import ROOT, create_events_table, load_template, properties


@pytest.fixture(scope="session")
def template() -> dict[str, Any]:
    return load_template()


@pytest.fixture(scope="session")
def nested(template: dict[str, Any]) -> dict[str, Any]:
    """The template of the nested stack, for cameras with AWS IoT Greengrass."""
    return load_template(ROOT / properties(template, "EdgeOnGreengrass")["TemplateURL"])


@pytest.fixture(scope="session")
def store_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of the store of `make run`, which answers twice as fast as moto."""
    processes = Processes(tmp_path_factory.mktemp("store"))
    try:
        yield start_store(processes).endpoint_url
    finally:
        processes.stop()


@pytest.fixture(scope="session")
def aws(store_url: str) -> Iterator[SimpleNamespace]:
    """Clients of the store, which the clients of the code under test use too."""
    environment = pytest.MonkeyPatch()
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        environment.delenv(name)
    for name, value in (AWS_ENVIRONMENT | {"AWS_ENDPOINT_URL": store_url}).items():
        environment.setenv(name, value)
    for make in (clients.dynamodb, clients.sns, clients.sqs):
        make.cache_clear()
    yield SimpleNamespace(**{name: boto3.client(name) for name in ("dynamodb", "sns", "sqs")})
    environment.undo()


@pytest.fixture
def table(aws: SimpleNamespace) -> Iterator[str]:
    """Name of an empty table."""
    name = create_events_table(aws.dynamodb, f"events-{uuid.uuid4().hex}")
    yield name
    aws.dynamodb.delete_table(TableName=name)


@pytest.fixture
def queue(aws: SimpleNamespace) -> str:
    """URL of an empty queue."""
    return str(aws.sqs.create_queue(QueueName=f"queue-{uuid.uuid4().hex}")["QueueUrl"])


@pytest.fixture
def topic(aws: SimpleNamespace, queue: str) -> str:
    """ARN of a topic that delivers to `queue`."""
    attributes = aws.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    arn = str(aws.sns.create_topic(Name=f"alerts-{uuid.uuid4().hex}")["TopicArn"])
    endpoint = attributes["Attributes"]["QueueArn"]
    aws.sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=endpoint)
    return arn


@pytest.fixture
def receive_all(aws: SimpleNamespace, queue: str) -> Callable[[], list[dict[str, Any]]]:
    """Return the messages in `queue` and remove them."""

    def receive() -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = []
        while found := aws.sqs.receive_message(
            QueueUrl=queue, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        ).get("Messages"):
            for message in found:
                aws.sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            messages += found
        return messages

    return receive


@pytest.fixture
def functions(
    *,
    monkeypatch: pytest.MonkeyPatch,
    table: str,
    queue: str,
    alerts_queue: str,
    erasure_queue: str,
    topic: str,
) -> Functions:
    own = {
        "TABLE_NAME": table,
        "DEAD_LETTER_QUEUE_URL": queue,
        "ALERTS_QUEUE_URL": alerts_queue,
        "ERASURE_QUEUE_URL": erasure_queue,
        "TOPIC_ARN": topic,
    }
    for name, value in (ENVIRONMENT | own).items():
        monkeypatch.setenv(name, value)
    return Functions()


@pytest.fixture
def shadows(aws: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shadows]:
    """The device shadows, which are empty."""
    with shadow_server() as (url, shadows):
        monkeypatch.setenv("AWS_ENDPOINT_URL_IOT_DATA_PLANE", url)
        clients.iot_data.cache_clear()
        yield shadows
    clients.iot_data.cache_clear()


@pytest.fixture
def alerts_queue(aws: SimpleNamespace) -> str:
    """URL of the queue that invokes ``send_alert``; it is empty."""
    return str(aws.sqs.create_queue(QueueName=f"alerts-{uuid.uuid4().hex}")["QueueUrl"])


@pytest.fixture
def erasure_queue(aws: SimpleNamespace) -> str:
    """URL of the queue that invokes ``erase_events``; it is empty."""
    return str(aws.sqs.create_queue(QueueName=f"erasures-{uuid.uuid4().hex}")["QueueUrl"])


@pytest.fixture
def make_alerts(
    table: str,
    topic: str,
    alerts_queue: str,
    receive_all: Callable[[], list[dict[str, Any]]],
) -> Callable[..., Alerts]:
    """Return a function that makes the service; its arguments are environment variables."""
    own = {"TABLE_NAME": table, "TOPIC_ARN": topic, "ALERTS_QUEUE_URL": alerts_queue}
    return lambda **variables: Alerts(receive_all, **own | variables)


@pytest.fixture
def alerts(make_alerts: Callable[..., Alerts]) -> Alerts:
    return make_alerts()


@pytest.fixture
def make_checks(
    table: str, topic: str, receive_all: Callable[[], list[dict[str, Any]]]
) -> Callable[..., Checks]:
    """Return a function that makes the service; its arguments are environment variables."""
    own = {"TABLE_NAME": table, "TOPIC_ARN": topic}
    return lambda **variables: Checks(receive_all, **own | variables)


@pytest.fixture
def checks(make_checks: Callable[..., Checks]) -> Checks:
    return make_checks()
