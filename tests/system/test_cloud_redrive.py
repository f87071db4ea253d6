"""``make redrive`` as a command, against the queues of a moto server and ``store_event``."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from smile_cloud.rule_body import RuleBody
from tests.helpers.aws import create_stack
from tests.helpers.dead_letters import make_service
from tests.helpers.functions import AWS_ENVIRONMENT
from tests.helpers.moto_server import moto_server
from tests.helpers.rule_events import sample_body
from tests.helpers.template import create_events_table

ROOT = Path(__file__).parents[2]
QUEUES = (
    "EventsQueue",
    "AlertsQueue",
    "StatusQueue",
    "ErasureQueue",
    "DeadLetterQueue",
    "RuleErrorQueue",
)
pytestmark = [pytest.mark.system, pytest.mark.xdist_group("redrive")]


class Cloud:
    """A moto server with the queues and the table of the stage dev."""

    def __init__(self, url: str) -> None:
        self._environment = AWS_ENVIRONMENT | {"AWS_ENDPOINT_URL": url}
        keys = {
            "aws_access_key_id": "testing",
            "aws_secret_access_key": "testing",
            "region_name": "us-east-1",
            "endpoint_url": url,
        }
        self.sqs: Any = boto3.client("sqs", **keys)
        self.dynamodb: Any = boto3.client("dynamodb", **keys)
        self.table = create_events_table(self.dynamodb, "events")
        self.urls = {
            name: str(self.sqs.create_queue(QueueName=f"smile-dev-{name}")["QueueUrl"])
            for name in QUEUES
        }
        outputs = {f"{name}Url": url for name, url in self.urls.items()}
        outputs |= {"EventRetentionDays": "90", "LongestSmileSeconds": "3600"}
        create_stack("smile-dev", outputs, endpoint_url=url, region="us-east-1")

    def redrive(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        return subprocess.run(
            [sys.executable, "-m", "ops.redrive", *(arguments or ("--stage", "dev"))],
            cwd=ROOT,
            env=kept | self._environment | variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def put(self, queue: str, body: str, **attributes: str) -> None:
        self.sqs.send_message(
            QueueUrl=self.urls[queue],
            MessageBody=body,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value}
                for name, value in attributes.items()
            },
        )

    def take(self, queue: str) -> list[str]:
        """Return the bodies in a queue and remove them."""
        bodies = []
        url = self.urls[queue]
        while found := self.sqs.receive_message(QueueUrl=url).get("Messages"):
            bodies += [one["Body"] for one in found]
            self.sqs.delete_message(QueueUrl=url, ReceiptHandle=found[0]["ReceiptHandle"])
        return bodies


@pytest.fixture(scope="module")
def shared_cloud() -> Iterator[Cloud]:
    with moto_server() as url:
        yield Cloud(url)


@pytest.fixture
def cloud(shared_cloud: Cloud) -> Cloud:
    for name in QUEUES:
        shared_cloud.take(name)
    return shared_cloud


def rule_error(payload: bytes) -> str:
    """Return what the rule's error action sends."""
    return json.dumps(
        {
            "ruleName": "smile_dev_SmileEventsRule",
            "topic": "smile/cam-1/events",
            "cloudwatchTraceId": "7e146a2c-95b5-6caf-98b9-50e3969734c7",
            "clientId": "cam-1",
            "base64OriginalPayload": base64.b64encode(payload).decode(),
            "failures": [{"failedAction": "SqsAction", "errorMessage": "Request throttled"}],
        }
    )


def test_a_message_goes_back_to_the_queues_when_its_function_failed(cloud: Cloud) -> None:
    body = sample_body("started")
    cloud.put("DeadLetterQueue", body)  # moto does not say which queue it comes from
    dry = cloud.redrive("--stage", "dev", "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert "would be sent to smile-dev-EventsQueue, smile-dev-AlertsQueue\n" in dry.stdout
    assert cloud.take("EventsQueue") == []
    done = cloud.redrive()
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("too old for an alert\n1 sent, 0 kept\n")
    assert cloud.take("EventsQueue") == cloud.take("AlertsQueue") == [body]
    assert cloud.redrive().stdout == "0 sent, 0 kept\n"


def test_a_rule_error_reaches_both_queues_with_its_bytes(cloud: Cloud) -> None:
    cloud.put("RuleErrorQueue", rule_error(b"\xff\x00"))
    done = cloud.redrive()
    assert done.returncode == 0, done.stderr
    assert "cam-1, no event: Request throttled -> sent to " in done.stdout
    for queue in QUEUES[:2]:
        [body] = cloud.take(queue)
        assert RuleBody.parse(body).payload == b"\xff\x00"


def test_a_rejected_event_is_kept_until_the_contract_accepts_it_and_never_lost(
    cloud: Cloud,
) -> None:
    service = make_service(cloud, cloud.table, cloud.urls["DeadLetterQueue"])
    service.handle(sample_body("bad_score"))
    kept = cloud.redrive()
    assert kept.returncode == 1
    assert "-> kept, it still breaks the contract: peak_score: " in kept.stdout
    assert kept.stdout.endswith("0 sent, 1 kept\n")
    [body] = cloud.take("DeadLetterQueue")
    # As if this computer's contract were newer than that of the deployed function.
    repaired = RuleBody.parse(sample_body("started")).payload
    source = RuleBody.parse(body)
    fixed = RuleBody(source.device_id, source.received_at, repaired).text()
    cloud.put("DeadLetterQueue", fixed, reason="peak_score: too large")
    assert cloud.redrive().returncode == 0
    [sent] = cloud.take("EventsQueue")
    rejected_again = RuleBody.parse(sent)
    old = RuleBody(source.device_id, source.received_at, source.payload, rejected_again.redriven_ms)
    service.handle(old.text())
    assert cloud.take("DeadLetterQueue") == [old.text()]


def test_a_message_stays_when_nobody_knows_where_it_belongs(cloud: Cloud) -> None:
    cloud.put("RuleErrorQueue", "what is this?")
    cloud.put("DeadLetterQueue", '{"requestContext": {}, "requestPayload": {}}')
    for _ in range(2):
        done = cloud.redrive()
        assert done.returncode == 1
        assert done.stdout.count("kept, neither the rule nor a function of this version") == 2
        assert done.stdout.endswith("0 sent, 2 kept\n")


@pytest.mark.parametrize(
    ("arguments", "variables", "sentence"),
    [
        (["--stage", "test"], {}, "stage 'test' does not exist: set STAGE=dev|staging|prod"),
        (["--stage", "prod"], {}, "stack smile-prod does not exist in us-east-1"),
        (["--stage", "dev"], {"AWS_REGION": "mars-1", "AWS_DEFAULT_REGION": "mars-1"}, "mars-1"),
    ],
)
def test_error_is_one_sentence_when_the_stage_or_stack_is_missing(
    cloud: Cloud, arguments: list[str], variables: dict[str, str], sentence: str
) -> None:
    done = cloud.redrive(*arguments, **variables)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("redrive: ")
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
