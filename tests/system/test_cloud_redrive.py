"""``make redrive`` against moto and the real functions, each in the local runtime."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from local.aws.endpoints import LocalAws
from local.aws.moto import start_aws_server
from local.aws.provision import TABLE, Provisioner
from local.cloudformation.function_spec import function_specs
from local.cloudformation.physical import PhysicalNames
from local.cloudformation.resolver import Resolver
from local.cloudformation.template import load_template
from local.functions.function_runtime import FunctionRuntime
from local.network.ports import free_port
from local.processes.child import Processes, wait_for_port
from tests.helpers.aws import create_stack
from tests.helpers.http_server import Answer, serve

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.system, pytest.mark.xdist_group("redrive")]


class Cloud:
    """moto with the template's resources, and Lambda's Invoke for the real functions."""

    def __init__(self, processes: Processes) -> None:
        self.processes = processes
        port = free_port()
        self.aws = LocalAws(f"http://127.0.0.1:{port}")
        wait_for_port(start_aws_server(self.aws, port, processes), port)
        template = load_template(ROOT / "template.yaml")
        names = PhysicalNames(self.aws.region, self.aws.endpoint_url)
        self.resolver = Resolver(template, names, read_secret=lambda _: "k" * 64)
        Provisioner(self.aws, self.resolver).create_all()
        self.runtimes = {
            spec.arn: FunctionRuntime(spec, self.aws, processes)
            for spec in function_specs(template, self.resolver)
            if spec.logical_id in ("StoreEventFunction", "SendAlertFunction")
        }
        self.invoked: list[tuple[str, dict[str, Any]]] = []
        self.lambda_url = ""
        self._describe_stack()

    def _describe_stack(self) -> None:
        outputs = {
            "DeadLetterQueueUrl": {"Ref": "DeadLetterQueue"},
            "RuleErrorQueueUrl": {"Ref": "RuleErrorQueue"},
            "StoreEventFunctionArn": {"Ref": "StoreEventFunction.Alias"},
            "SendAlertFunctionArn": {"Ref": "SendAlertFunction.Alias"},
        }
        create_stack(
            "smile-dev",
            {name: self.resolver.resolve(value, name) for name, value in outputs.items()},
            endpoint_url=self.aws.endpoint_url,
            region=self.aws.region,
        )

    def invoke(self, path: str, _headers: Mapping[str, str], payload: bytes) -> Answer:
        """Answer Lambda's Invoke with the real function."""
        arn = unquote(path.split("/")[3])
        assert arn.endswith(":live"), "the alias, as the rule does"
        self.invoked.append((arn.split(":")[6], json.loads(payload)))
        answer = self.runtimes[arn.removesuffix(":live")].invoke(payload, "live")
        failed = {} if answer.error_type is None else {"X-Amz-Function-Error": "Unhandled"}
        return 200, answer.payload, failed

    def redrive(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        return subprocess.run(
            [sys.executable, "-m", "ops.redrive", *(arguments or ("--stage", "dev"))],
            cwd=ROOT,
            env=environment
            | self.aws.environment()
            | {"AWS_ENDPOINT_URL_LAMBDA": self.lambda_url, **variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def url(self, queue: str) -> str:
        return str(self.resolver.resolve({"Ref": queue}, queue))

    def put(self, queue: str, body: Any, **attributes: str) -> None:
        self.aws.sqs.send_message(
            QueueUrl=self.url(queue),
            MessageBody=body if isinstance(body, str) else json.dumps(body),
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value}
                for name, value in attributes.items()
            },
        )

    def size(self, queue: str) -> int:
        attributes = self.aws.sqs.get_queue_attributes(
            QueueUrl=self.url(queue), AttributeNames=["ApproximateNumberOfMessages"]
        )["Attributes"]
        return int(attributes["ApproximateNumberOfMessages"])

    def stored(self) -> int:
        [table] = self.resolver.logical_ids(TABLE)
        items = self.aws.dynamodb.scan(TableName=self.resolver.name(table))["Items"]
        return sum(item["sk"]["S"].startswith("EVENT#") for item in items)

    def empty(self) -> None:
        self.invoked.clear()
        for queue in ("DeadLetterQueue", "RuleErrorQueue"):
            url = self.url(queue)  # not purge_queue: once a minute only
            while found := self.aws.sqs.receive_message(QueueUrl=url).get("Messages"):
                self.aws.sqs.delete_message(QueueUrl=url, ReceiptHandle=found[0]["ReceiptHandle"])


@pytest.fixture(scope="module")
def shared_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    processes = Processes(tmp_path_factory.mktemp("logs"))
    try:
        cloud = Cloud(processes)
        with serve(cloud.invoke) as cloud.lambda_url:
            yield cloud
    finally:
        processes.stop()


@pytest.fixture
def cloud(shared_cloud: Cloud) -> Cloud:
    shared_cloud.empty()
    return shared_cloud


def sample(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "events" / f"{name}.json").read_text("utf-8"))
    return found


def failure_record(cloud: Cloud, function: str, event: dict[str, Any]) -> dict[str, Any]:
    """Return what Lambda sends to an on-failure destination after the last retry."""
    return {
        "version": "1.0",
        "timestamp": "2026-11-22T17:36:00.000Z",
        "requestContext": {
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "functionArn": f"{cloud.resolver.arn(function)}:live",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 3,
        },
        "requestPayload": event,
        "responseContext": {"statusCode": 200, "executedVersion": "7"},
        "responsePayload": {"errorType": "ConflictError", "errorMessage": "changed by too many"},
    }


def rule_error(cloud: Cloud, payload: bytes, *functions: str) -> dict[str, Any]:
    """Return what the rule's error action sends."""
    return {
        "ruleName": "smile_local_SmileEventsRule",
        "topic": "smile/cam-1/events",
        "cloudwatchTraceId": "7e146a2c-95b5-6caf-98b9-50e3969734c7",
        "clientId": "cam-1",
        "base64OriginalPayload": base64.b64encode(payload).decode(),
        "failures": [
            {
                "failedAction": "LambdaAction",
                "failedResource": f"{cloud.resolver.arn(function)}:live",
                "errorMessage": "Failed to invoke lambda function. Rate exceeded",
            }
            for function in functions
        ],
    }


def test_failed_invocation_is_delivered_and_deleted_when_its_function_answers(
    cloud: Cloud,
) -> None:
    event = sample("store_event/started")
    for function in ("StoreEventFunction", "SendAlertFunction"):
        cloud.put("DeadLetterQueue", failure_record(cloud, function, event))
    done = cloud.redrive()
    assert done.returncode == 0, done.stderr
    assert {name for name, _ in cloud.invoked} == {
        "smile-local-StoreEventFunction",
        "smile-local-SendAlertFunction",
    }
    assert all(given == event for _, given in cloud.invoked)
    assert (
        "cam-1: RetriesExhausted, ConflictError: changed by too many -> delivered to" in done.stdout
    )
    assert done.stdout.endswith("2 delivered, 0 kept\n")
    assert cloud.size("DeadLetterQueue") == 0
    stored = cloud.stored()
    assert stored >= 1
    cloud.put("DeadLetterQueue", failure_record(cloud, "StoreEventFunction", event))
    assert cloud.redrive().returncode == 0
    assert cloud.stored() == stored, "stored once, however often it is delivered"
    assert cloud.redrive().stdout == "0 delivered, 0 kept\n"


def test_rule_error_is_delivered_with_the_fields_that_the_rule_adds(
    cloud: Cloud,
) -> None:
    message = sample("store_event/ended")
    del message["topic_device_id"], message["received_at_ms"]
    body = rule_error(cloud, json.dumps(message).encode(), "StoreEventFunction")
    cloud.put("RuleErrorQueue", body)
    done = cloud.redrive()
    assert done.returncode == 0, done.stderr
    [(name, event)] = cloud.invoked
    assert name == "smile-local-StoreEventFunction"
    assert event["topic_device_id"] == "cam-1"
    assert event | message == event
    assert isinstance(event["received_at_ms"], int)
    assert "Rate exceeded" in done.stdout
    assert cloud.size("RuleErrorQueue") == 0


def test_message_stays_with_its_reason_when_it_is_undeliverable(cloud: Cloud) -> None:
    cloud.put("DeadLetterQueue", sample("store_event/bad_score"), reason="peak_score: too large")
    cloud.put("RuleErrorQueue", rule_error(cloud, b"no json", "StoreEventFunction"))
    cloud.put("RuleErrorQueue", "what is this?")
    other_stack = failure_record(cloud, "StoreEventFunction", sample("store_event/started"))
    other_stack["requestContext"]["functionArn"] = "arn:aws:lambda:us-east-1:1:function:other:live"
    cloud.put("DeadLetterQueue", other_stack)
    done = cloud.redrive()
    assert done.returncode == 1
    assert cloud.invoked == []
    assert (cloud.size("DeadLetterQueue"), cloud.size("RuleErrorQueue")) == (2, 2)
    for line in (
        "peak_score: too large -> kept, it still breaks the contract: ",
        "cam-1: Failed to invoke lambda function. Rate exceeded -> kept, the payload is not a",
        "kept, it is not a JSON object",
        "function:other:live is not in this stack",
        "0 delivered, 4 kept",
    ):
        assert line in done.stdout


def test_rejected_event_is_stored_when_the_contract_accepts_it_now(
    cloud: Cloud,
) -> None:
    cloud.put("DeadLetterQueue", sample("store_event/started"), reason="phase: unknown")
    done = cloud.redrive()
    assert (done.returncode, len(cloud.invoked)) == (0, 1)
    assert "phase: unknown -> delivered to smile-local-StoreEventFunction" in done.stdout


def test_nothing_changes_in_a_dry_run(cloud: Cloud) -> None:
    record = failure_record(cloud, "StoreEventFunction", sample("store_event/started"))
    cloud.put("DeadLetterQueue", record)
    cloud.put("RuleErrorQueue", "what is this?")
    for _ in range(2):
        done = cloud.redrive("--stage", "dev", "--dry-run")
        assert done.returncode == 0
        assert "would be delivered to smile-local-StoreEventFunction" in done.stdout
        assert done.stdout.endswith("1 would be delivered, 1 would be kept\n")
        assert cloud.size("DeadLetterQueue") == 1
    assert cloud.invoked == []


def test_message_stays_when_its_function_fails_again(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = cloud.resolver.arn("StoreEventFunction")
    spec = cloud.runtimes[arn].spec
    without_table = replace(spec, environment={**spec.environment, "TABLE_NAME": "no-such-table"})
    runtime = FunctionRuntime(without_table, cloud.aws, cloud.processes)
    monkeypatch.setitem(cloud.runtimes, arn, runtime)
    record = failure_record(cloud, "StoreEventFunction", sample("store_event/started"))
    cloud.put("DeadLetterQueue", record)
    cloud.put("DeadLetterQueue", failure_record(cloud, "SendAlertFunction", {"a": 1}))
    done = cloud.redrive()
    assert (done.returncode, cloud.size("DeadLetterQueue")) == (1, 1)
    assert "kept, it failed again: ResourceNotFoundException: " in done.stdout
    assert done.stdout.endswith("1 delivered, 1 kept\n")


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
