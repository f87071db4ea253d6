"""A small template under the real runtime: answers, retries, dead letters, crashes, timeouts."""

from __future__ import annotations

import base64
import http.client
import json
import textwrap
import threading
import time
from collections.abc import Iterator
from typing import Any

import paho.mqtt.publish
import pytest

from local.aws.alert_inbox import Alert
from local.functions.event_source import Outcome
from local.iot.broker import find_mosquitto
from local.run.options import Options
from local.run.stack import Stack, StackEvents
from tests.helpers.waiting import wait_until

pytestmark = pytest.mark.system

TEMPLATE = """
AWSTemplateFormatVersion: '2010-09-09'
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {Runtime: python3.13, Handler: app.handler, Timeout: 5, Layers: [!Ref Shared]}
Resources:
  Shared: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: layer}}
  Dead: {Type: AWS::SQS::Queue}
  Work:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 60
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3}
  RuleErrors: {Type: AWS::SQS::Queue}
  Topic: {Type: AWS::SNS::Topic}
  Key:
    Type: AWS::SecretsManager::Secret
    Properties:
      GenerateSecretString:
        {SecretStringTemplate: '{"user": "a"}', GenerateStringKey: password, PasswordLength: 20}
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: worker
      AutoPublishAlias: live
      Timeout: 1
      Environment:
        Variables:
          TOPIC_ARN: !Ref Topic
          PASSWORD: !Sub '{{resolve:secretsmanager:${Key}:SecretString:password}}'
          API_URL: !Sub https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}/dev
      Events:
        Work:
          Type: SQS
          Properties:
            Queue: !GetAtt Work.Arn
            FunctionResponseTypes: [ReportBatchItemFailures]
            ScalingConfig: {MaximumConcurrency: 5}
        Get:
          Type: Api
          Properties: {Path: '/do/{what}', Method: GET, RestApiId: !Ref Api}
  Api: {Type: AWS::Serverless::Api, Properties: {StageName: dev, Auth: {ApiKeyRequired: true}}}
  Rule:
    Type: AWS::IoT::TopicRule
    Properties:
      TopicRulePayload:
        AwsIotSqlVersion: '2016-03-23'
        Sql: SELECT *, topic(2) AS device FROM 'test/+/events' WHERE what <> 'nothing'
        Actions: [{Sqs: {QueueUrl: !Ref Work, RoleArn: !GetAtt Role.Arn}}]
        ErrorAction: {Sqs: {QueueUrl: !Ref RuleErrors, RoleArn: !GetAtt Role.Arn}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyDocument:
            Statement:
              Effect: Allow
              Action: sqs:SendMessage
              Resource: [!GetAtt Work.Arn, !GetAtt RuleErrors.Arn]
"""

WORKER = """
import json, os, time
import boto3
import shared

CALLS = []

def handler(event, context):
    if "Records" not in event:
        return answer(event["pathParameters"]["what"], event, context)
    failed = []
    for record in event["Records"]:
        body = json.loads(record["body"])
        try:
            answer(body["what"], event, context)
        except ValueError as error:
            line = {"level": "ERROR", "id": record["messageId"], "message": str(error)}
            print(json.dumps(line))
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}

def answer(what, event, context):
    CALLS.append(context.aws_request_id)
    if what == "raise":
        raise ValueError("as asked")
    if what == "crash":
        os._exit(7)
    if what == "sleep":
        time.sleep(30)
    if what == "rest":
        time.sleep(0.7)
    if what == "malformed":
        return "not a proxy answer"
    if what == "alert":
        boto3.client("sns").publish(TopicArn=os.environ["TOPIC_ARN"], Subject="Hi", Message="there")
        return {}
    seen = {
        "calls": CALLS,
        "shared": shared.NAME,
        "root": os.environ["LAMBDA_TASK_ROOT"],
        "function": context.function_name,
        "arn": context.invoked_function_arn,
        "left_ms": context.get_remaining_time_in_millis(),
        "environment": dict(os.environ),
        "event": event,
    }
    return {"statusCode": 200, "body": json.dumps(seen)}
"""


EARLY = {"what": "show", "early": True, "device": "cam-1"}


class Run:
    """A started stack and what it reported."""

    stack: Stack

    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []
        self.alerts: list[Alert] = []
        self.problems: list[str] = []

    def get(self, path: str, key: str | None = "key") -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.stack.api_port, timeout=30)
        connection.request("GET", path, headers={"x-api-key": key} if key else {})
        response = connection.getresponse()
        body = json.loads(response.read())
        connection.close()
        return response.status, body

    def publish(self, payload: bytes | dict[str, Any], topic: str = "test/cam-1/events") -> None:
        data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        paho.mqtt.publish.single(topic, data, qos=1, port=self.stack.mqtt_port)

    def bodies(self) -> list[dict[str, Any]]:
        """Return the messages that the function has succeeded with."""
        return [json.loads(body) for outcome in self.outcomes for body in outcome.bodies]

    def send(self, *bodies: dict[str, Any], delay_s: int = 0) -> None:
        """Send messages to the function's queue, at once."""
        self.stack.aws.sqs.send_message_batch(
            QueueUrl=self.url("Work"),
            Entries=[
                {"Id": str(i), "MessageBody": json.dumps(body), "DelaySeconds": delay_s}
                for i, body in enumerate(bodies)
            ],
        )

    def url(self, queue: str) -> str:
        return f"{self.stack.aws.endpoint_url}/123456789012/smile-local-{queue}"

    def received(self, queue: str) -> list[dict[str, Any]]:
        """Wait for messages and take them out of a queue."""
        found = self.stack.aws.sqs.receive_message(
            QueueUrl=self.url(queue), WaitTimeSeconds=20, MaxNumberOfMessages=10
        ).get("Messages", [])
        for message in found:
            self.stack.aws.sqs.delete_message(
                QueueUrl=self.url(queue), ReceiptHandle=message["ReceiptHandle"]
            )
        return [json.loads(message["Body"]) for message in found]


BROKERS = [
    pytest.param(
        "mosquitto",
        marks=[
            pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed"),
            pytest.mark.xdist_group("local-mosquitto"),
        ],
    ),
    pytest.param("amqtt", marks=pytest.mark.xdist_group("local-amqtt")),
]


@pytest.fixture(scope="module", params=BROKERS)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    folder = tmp_path_factory.mktemp("stack")
    (folder / "worker").mkdir()
    (folder / "worker" / "app.py").write_text(textwrap.dedent(WORKER), "utf-8")
    (folder / "layer" / "python").mkdir(parents=True)
    (folder / "layer" / "python" / "shared.py").write_text("NAME = 'layer'", "utf-8")
    (folder / "template.yaml").write_text(TEMPLATE, "utf-8")
    options = Options(
        no_edge=True,
        template=folder / "template.yaml",
        api_key="key",
        broker=request.param,
        retry_delay_s=0,
    )
    started = Run()
    events = StackEvents(started.outcomes.append, started.alerts.append, started.problems.append)
    stack = started.stack = Stack(options, folder, events, {"AWS_ACCESS_KEY_ID": "not for it"})
    try:
        stack.start_messaging()
        started.publish({"what": "show", "early": True})
        stack.start_functions()
        wait_until(lambda: started.bodies() == [EARLY])
        yield started
    finally:
        stack.stop()


def test_function_sees_what_it_sees_on_lambda_when_the_api_invokes_it(run: Run) -> None:
    status, seen = run.get("/do/show")
    assert status == 200
    assert seen["shared"] == "layer"
    assert seen["root"].endswith("/worker")
    assert seen["function"] == "smile-local-Worker"
    assert 0 < seen["left_ms"] <= 1000
    environment = seen["environment"]
    assert len(environment["PASSWORD"]) == 20
    assert environment["API_URL"] == run.stack.url
    assert environment["AWS_ACCESS_KEY_ID"] == "local"
    assert environment["AWS_ENDPOINT_URL"] == run.stack.aws.endpoint_url
    assert environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "128"
    assert seen["event"]["requestContext"]["stage"] == "dev"


def test_request_is_refused_when_the_key_is_missing(run: Run) -> None:
    assert run.get("/do/show", key=None) == (403, {"message": "Forbidden"})


def test_message_reaches_the_function_when_published(run: Run) -> None:
    run.outcomes.clear()
    run.publish({"what": "show", "n": 1.0})
    wait_until(lambda: run.outcomes)
    assert run.bodies() == [{"what": "show", "n": 1, "device": "cam-1"}]
    _, seen = run.get("/do/show")
    assert seen["arn"].endswith(":function:smile-local-Worker:live")


def test_message_reaches_the_function_when_published_through_basic_ingest(run: Run) -> None:
    if run.stack.broker_kind == "amqtt":
        pytest.skip("amqtt accepts no messages on topics that start with $")
    run.outcomes.clear()
    run.publish({"what": "show"}, "$aws/rules/smile_local_Rule/test/cam-2/events")
    wait_until(lambda: run.outcomes)
    assert run.bodies()[0]["device"] == "cam-2"


def test_message_is_ignored_when_where_is_false_or_the_topic_is_another(run: Run) -> None:
    run.outcomes.clear()
    run.publish({"what": "nothing"})
    run.publish({"what": "show"}, "test/cam-1/status")
    run.publish({"what": "show", "last": True})
    wait_until(lambda: run.outcomes)
    assert [body.get("last") for body in run.bodies()] == [True]
    wait_until(lambda: any("the topic test/cam-1/status:" in line for line in run.problems))


def test_next_message_arrives_after_one_with_half_a_surrogate_pair(run: Run) -> None:
    run.outcomes.clear()
    run.publish(b'{"what": "show", "text": "\\ud800"}')
    run.publish({"what": "show", "last": True})
    wait_until(lambda: len(run.bodies()) >= 2)
    assert [body.get("last") for body in run.bodies()] == [None, True]


def test_only_the_message_that_failed_comes_back_until_it_is_a_dead_letter(run: Run) -> None:
    run.outcomes.clear()
    run.send({"what": "show"}, {"what": "raise"}, {"what": "show"})
    wait_until(lambda: run.stack.queues.dead_letters()["Dead"] == 1)
    assert run.bodies() == [{"what": "show"}] * 2
    failures = [reason for outcome in run.outcomes for reason in outcome.failures]
    assert failures == ["as asked"] * 3
    reasons = run.stack.queues.new_reasons("Dead", run.stack.functions.last_error)
    assert reasons == ["from smile-local-Work: as asked"]
    assert run.received("Dead") == [{"what": "raise"}]


def test_every_message_comes_back_when_the_function_crashes(run: Run) -> None:
    run.outcomes.clear()
    run.send({"what": "show"}, {"what": "crash"})
    wait_until(lambda: run.stack.queues.dead_letters()["Dead"] == 2)
    assert run.bodies() == []
    assert all("Runtime.ExitError" in line for o in run.outcomes for line in o.failures)
    assert len(run.received("Dead")) == 2


def test_delayed_message_comes_when_it_is_due(run: Run) -> None:
    run.outcomes.clear()
    run.send({"what": "show"}, delay_s=1)
    sent_at = time.time()
    assert run.stack.queues.wait_idle(30) == {}
    wait_until(lambda: run.outcomes)
    assert run.outcomes[0].ended_at - sent_at > 0.8


def test_messages_are_handled_at_the_same_time_by_two_environments(run: Run) -> None:
    run.outcomes.clear()
    for _ in range(2):
        run.send(*[{"what": "rest"}] * 1)
        time.sleep(0.3)
    wait_until(lambda: len(run.bodies()) == 2)
    logs = {path.name for path in run.stack.processes.log_folder.glob("Worker*")}
    assert logs == {"Worker.log", "Worker-2.log"}


def test_function_answers_again_after_a_crash(run: Run) -> None:
    assert run.get("/do/crash") == (502, {"message": "Internal server error"})
    status, seen = run.get("/do/show")
    assert (status, len(seen["calls"])) == (200, 1), "a new process"


def test_function_answers_again_after_a_timeout(run: Run) -> None:
    assert run.get("/do/sleep") == (504, {"message": "Endpoint request timed out"})
    status, seen = run.get("/do/show")
    assert (status, len(seen["calls"])) == (200, 1), "a new process"


def test_answer_is_a_502_when_the_function_raises_or_its_answer_is_malformed(run: Run) -> None:
    for what in ("raise", "malformed"):
        assert run.get(f"/do/{what}") == (502, {"message": "Internal server error"})


@pytest.mark.parametrize("payload", [b"not json", b"\xff"])
def test_message_goes_to_the_error_queue_when_it_is_not_json(run: Run, payload: bytes) -> None:
    run.publish(payload)
    [message] = run.received("RuleErrors")
    assert base64.b64decode(message["base64OriginalPayload"]) == payload
    assert (message["ruleName"], message["topic"]) == ("smile_local_Rule", "test/cam-1/events")
    assert message["failures"][0]["failedAction"] == "SqsAction"
    assert "JSON" in message["failures"][0]["errorMessage"]


def test_alert_arrives_when_a_function_publishes_it(run: Run) -> None:
    run.publish({"what": "alert"})
    wait_until(lambda: run.alerts)
    assert (run.alerts[0].subject, run.alerts[0].text) == ("Hi", "there")


def test_every_request_is_answered_when_many_come_at_once(run: Run) -> None:
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda: statuses.append(run.get("/do/show")[0])) for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert statuses == [200] * 12
