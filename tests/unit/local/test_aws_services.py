"""The AWS services: resources of the template, alerts, one DynamoDB request of moto at a time."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
from botocore.exceptions import EndpointConnectionError

from local.aws.alert_inbox import Alert, AlertInbox
from local.aws.endpoints import LocalAws
from local.aws.provision import Provisioner
from local.cloudformation.physical import PhysicalNames
from local.cloudformation.resolver import Resolver
from local.cloudformation.template import load_template
from local.errors import StartError, TemplateError
from tests.helpers.moto_process import SerialTables
from tests.helpers.waiting import wait_until


class AlreadyThereError(Exception):
    pass


def fake_aws() -> MagicMock:
    aws = MagicMock()
    aws.dynamodb.exceptions.ResourceInUseException = AlreadyThereError
    aws.secretsmanager.get_random_password.return_value = {"RandomPassword": "random"}
    return aws


def provision(tmp_path: Path, resources: str, aws: Any) -> list[str]:
    path = tmp_path / "template.yaml"
    path.write_text(f"Resources:\n{resources}", "utf-8")
    names = PhysicalNames("us-east-1", "http://127.0.0.1:1")
    return Provisioner(aws, Resolver(load_template(path), names)).create_all()


def test_a_provisioned_table_gets_its_units_as_numbers(tmp_path: Path) -> None:
    """Parameters of the template are texts, which boto3 refuses here."""
    aws = fake_aws()
    units = "ProvisionedThroughput: {WriteCapacityUnits: '7', ReadCapacityUnits: 5}"
    provision(
        tmp_path,
        "  Table:\n    Type: AWS::DynamoDB::Table\n    Properties:\n"
        f"      BillingMode: PROVISIONED\n      {units}\n"
        f"      GlobalSecondaryIndexes:\n        - {{IndexName: a, {units}}}\n",
        aws,
    )
    [call] = aws.dynamodb.create_table.call_args_list
    numbers = {"WriteCapacityUnits": 7, "ReadCapacityUnits": 5}
    assert call.kwargs["ProvisionedThroughput"] == numbers
    assert call.kwargs["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"] == numbers


def test_queues_are_created_after_the_dead_letter_queues_that_they_name(tmp_path: Path) -> None:
    aws = fake_aws()
    provision(
        tmp_path,
        "  A: {Type: AWS::SQS::Queue, Properties: {RedrivePolicy: {maxReceiveCount: 3}}}\n"
        "  B: {Type: AWS::SQS::Queue, Properties: {SqsManagedSseEnabled: true, DelaySeconds: 5}}\n",
        aws,
    )
    calls = [call.kwargs for call in aws.sqs.create_queue.call_args_list]
    assert [call["QueueName"] for call in calls] == ["smile-local-B", "smile-local-A"]
    assert calls[0]["Attributes"] == {"SqsManagedSseEnabled": "true", "DelaySeconds": "5"}
    assert json.loads(calls[1]["Attributes"]["RedrivePolicy"]) == {"maxReceiveCount": 3}


@pytest.mark.parametrize(
    ("properties", "text"),
    [
        ("{SecretString: fixed}", "fixed"),
        ("{GenerateSecretString: {PasswordLength: 20}}", "random"),
        ("{Description: a}", "random"),
        (
            "{GenerateSecretString: {SecretStringTemplate: '{\"a\": 1}', GenerateStringKey: b}}",
            '{"a": 1, "b": "random"}',
        ),
    ],
)
def test_secret_has_the_text_that_the_template_describes(
    tmp_path: Path, properties: str, text: str
) -> None:
    aws = fake_aws()
    provision(
        tmp_path, f"  S: {{Type: AWS::SecretsManager::Secret, Properties: {properties}}}", aws
    )
    [call] = aws.secretsmanager.create_secret.call_args_list
    assert call.kwargs == {"Name": "smile-local-S", "SecretString": text}


TABLE = (
    "  T: {Type: AWS::DynamoDB::Table, Properties: {GlobalSecondaryIndexes: [{IndexName: gsi1}], "
    "KeySchema: [{AttributeName: pk, KeyType: HASH}]}}"
)


@pytest.mark.parametrize("expires", [True, False])
def test_new_table_is_used_when_it_exists_and_items_expire_when_the_template_says_so(
    tmp_path: Path, expires: bool
) -> None:
    aws = fake_aws()
    expiry = ", TimeToLiveSpecification: {AttributeName: at, Enabled: true}" if expires else ""
    assert provision(tmp_path, TABLE[:-2] + expiry + "}}", aws) == []
    assert "TimeToLiveSpecification" not in aws.dynamodb.create_table.call_args.kwargs
    assert aws.dynamodb.get_waiter("table_exists").wait.called
    assert aws.dynamodb.update_time_to_live.called is expires


@pytest.mark.parametrize(
    ("key", "indexes", "kept"),
    [("pk", ["gsi1", "other"], True), ("id", ["gsi1"], False), ("pk", ["other"], False)],
)
def test_existing_table_is_kept_when_its_keys_and_indexes_suffice(
    tmp_path: Path, key: str, indexes: list[str], kept: bool
) -> None:
    aws = fake_aws()
    aws.dynamodb.create_table.side_effect = AlreadyThereError
    aws.dynamodb.describe_table.return_value = {
        "Table": {
            "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
            "GlobalSecondaryIndexes": [{"IndexName": name} for name in indexes],
        }
    }
    if kept:
        assert provision(tmp_path, TABLE, aws) == ["smile-local-T"]
    else:
        with pytest.raises(StartError, match="with other keys or indexes"):
            provision(tmp_path, TABLE, aws)


def test_resource_is_refused_with_its_place_when_a_property_is_not_supported(
    tmp_path: Path,
) -> None:
    with pytest.raises(TemplateError, match=r"Resources\.Q\.Properties\.FifoQueue: not supported"):
        provision(
            tmp_path, "  Q: {Type: AWS::SQS::Queue, Properties: {FifoQueue: true}}", fake_aws()
        )


def test_error_of_a_server_ends_the_run(tmp_path: Path) -> None:
    aws = fake_aws()
    aws.sns.create_topic.side_effect = EndpointConnectionError(endpoint_url="http://127.0.0.1:1")
    with pytest.raises(StartError, match="the resources could not be created"):
        provision(tmp_path, "  T: {Type: AWS::SNS::Topic}", aws)


def test_alert_is_received_after_an_error_of_the_queue() -> None:
    body = json.dumps({"Subject": "Hi", "Message": "there"})
    received = [
        EndpointConnectionError(endpoint_url="http://127.0.0.1:1"),
        {"Messages": [{"Body": body, "ReceiptHandle": "handle"}]},
    ]
    aws = MagicMock(spec=LocalAws, region="us-east-1", sqs=MagicMock(), sns=MagicMock())
    aws.sqs.receive_message.side_effect = lambda **_: _next(received)
    alerts: list[Alert] = []
    inbox = AlertInbox(aws, alerts.append)
    started_at = time.time()
    inbox.subscribe(["arn:topic"], {"arn:topic": {"kind": ["smile"]}})
    wait_until(lambda: aws.sqs.delete_message.call_args_list)
    inbox.stop()
    wait_until(lambda: all(thread.name != "alert inbox" for thread in threading.enumerate()))
    assert [(alert.subject, alert.text) for alert in alerts] == [("Hi", "there")]
    assert alerts[0].arrived_at - started_at > 0.4, "it waits before it tries again"
    assert aws.sqs.delete_message.call_args.kwargs["ReceiptHandle"] == "handle"
    subscribed = aws.sns.subscribe.call_args.kwargs
    assert subscribed["TopicArn"] == "arn:topic"
    assert subscribed["Attributes"] == {"FilterPolicy": '{"kind": ["smile"]}'}


def _next(received: list[Any]) -> dict[str, Any]:
    answer = received.pop(0) if received else {}
    if isinstance(answer, Exception):
        raise answer
    return answer


@pytest.mark.parametrize(
    ("target", "most"), [("DynamoDB_20120810.PutItem", 1), ("SecretsManager.GetSecretValue", 2)]
)
def test_requests_run_one_by_one_when_they_are_for_dynamodb(target: str, most: int) -> None:
    running, highest, together = [0], [0], threading.Barrier(2)

    def application(_environ: Any, _start: Any) -> Any:
        running[0] += 1
        highest[0] = max(highest[0], running[0])
        if most > 1:
            together.wait(30)
        time.sleep(0.05)  # long enough for the other request
        yield b"part"
        running[0] -= 1

    serial = SerialTables(application)
    requests = [
        threading.Thread(target=lambda: list(serial({"HTTP_X_AMZ_TARGET": target}, MagicMock())))
        for _ in range(2)
    ]
    for request in requests:
        request.start()
    for request in requests:
        request.join(30)
    assert highest[0] == most
