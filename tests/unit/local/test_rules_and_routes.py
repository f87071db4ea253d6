"""Rules, functions and routes that are refused, and routes that match."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.cloudformation.api_spec import api_spec
from local.cloudformation.function_spec import function_specs
from local.cloudformation.physical import PhysicalNames
from local.cloudformation.resolver import Resolver
from local.cloudformation.rule_spec import RuleSpec, rule_specs
from local.cloudformation.template import load_template
from local.errors import TemplateError

TEMPLATE = """
Resources:
  Errors: {{Type: AWS::SQS::Queue}}
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: {runtime}
      Handler: app.handler
      CodeUri: {code}
      {function}
  Permission:
    Type: AWS::Lambda::Permission
    Properties:
      Principal: iot.amazonaws.com
      FunctionName: !Ref Worker
      SourceArn: {source_arn}
  Rule:
    Type: AWS::IoT::TopicRule
    Properties:
      TopicRulePayload:
        AwsIotSqlVersion: '{version}'
        Sql: "{sql}"
        Actions: [{action}]
        ErrorAction: {error_action}
"""
GOOD = {
    "runtime": "python3.13",
    "code": "code",
    "function": "Timeout: 3",
    "source_arn": "!GetAtt Rule.Arn",
    "version": "2016-03-23",
    "sql": "SELECT * FROM 'smile/+/events'",
    "action": "{Lambda: {FunctionArn: !GetAtt Worker.Arn}}",
    "error_action": "{Sqs: {QueueUrl: !Ref Errors, RoleArn: x}}",
}


def read(tmp_path: Path, **changes: str) -> tuple[list[RuleSpec], Resolver]:
    (tmp_path / "code").mkdir(exist_ok=True)
    path = tmp_path / "template.yaml"
    path.write_text(TEMPLATE.format(**{**GOOD, **changes}), "utf-8")
    template = load_template(path)
    resolver = Resolver(template, PhysicalNames("us-east-1", "http://127.0.0.1:1"))
    function_specs(template, resolver)
    api_spec(template, resolver)
    return rule_specs(template, resolver), resolver


def test_rule_is_read_when_everything_fits(tmp_path: Path) -> None:
    rules, resolver = read(tmp_path)
    assert rules[0].function_arns == (resolver.arn("Worker"),)
    assert rules[0].error_queue_url == "http://127.0.0.1:1/123456789012/smile-local-Errors"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"version": "2015-10-08"}, "AwsIotSqlVersion: expected '2016-03-23'"),
        ({"sql": "SELECT abs(a) AS b FROM 'a'"}, "Sql: IoT SQL, character 8: the function abs()"),
        ({"sql": "SELECT * FROM 'smile/*/events'"}, "* is no MQTT wildcard"),
        ({"action": "{Sns: {TargetArn: a}}"}, "Actions[0]: the action Sns is not supported"),
        ({"error_action": "{S3: {BucketName: a}}"}, "ErrorAction: only Sqs"),
        (
            {"source_arn": "arn:aws:iot:us-east-1:123456789012:rule/Other"},
            "no AWS::Lambda::Permiss",
        ),
        ({"function": "InlineCode: pass"}, "Worker.Properties.InlineCode: not supported"),
        ({"code": "nowhere"}, "there is no folder nowhere"),
        ({"runtime": "nodejs22.x"}, "nodejs22.x is not supported locally"),
        ({"function": "Layers: [arn:other]"}, "arn:other is no layer of this template"),
        ({"function": "Events: {A: {Type: Schedule}}"}, "Events.A: Schedule events are not"),
        (
            {"function": "EventInvokeConfig: {DestinationConfig: {OnFailure: {Type: SNS}}}"},
            "OnFailure: expected Type SQS",
        ),
    ],
)
def test_template_is_refused_with_its_place_when(
    tmp_path: Path, change: dict[str, str], complaint: str
) -> None:
    with pytest.raises(TemplateError) as caught:
        read(tmp_path, **change)
    assert complaint in str(caught.value)


@pytest.mark.parametrize(
    ("path", "resource", "parameters"),
    [
        ("/v1/events", "/v1/events", {}),
        ("/v1/events/", None, None),
        ("/v1/devices/cam%2F1", "/v1/devices/{device}", {"device": "cam/1"}),
        ("/v1/devices/all", "/v1/devices/all", {}),
        ("/v1/devices/", None, None),
        ("/v1/devices/a/b", None, None),
        ("/files/a/b%20c", "/files/{path+}", {"path": "a/b c"}),
        ("/files", None, None),
    ],
)
def test_route_is_found_when_the_path_is(
    path: str, resource: str | None, parameters: dict[str, str] | None
) -> None:
    from urllib.parse import unquote

    from local.cloudformation.api_spec import Route

    written = ["/v1/events", "/v1/devices/{device}", "/v1/devices/all", "/files/{path+}"]
    routes = sorted((Route("GET", r, "F", False) for r in written), key=lambda r: r.specificity)
    segments = [unquote(part) for part in path.removeprefix("/").split("/")]
    found = [(r.resource, m) for r in routes if (m := r.match(segments)) is not None]
    assert (found[0] if found else (None, None)) == (resource, parameters)


RESPONSES = {
    "INVALID_API_KEY": {
        "StatusCode": 401,
        "ResponseParameters": {"Headers": {"Content-Type": "'application/problem+json'"}},
        "ResponseTemplates": {"application/json": '{"title": $context.error.messageString}'},
    }
}


def test_gateway_answers_as_the_template_wants() -> None:
    from local.cloudformation.gateway_response import gateway_responses

    own = gateway_responses(RESPONSES, "GatewayResponses")["INVALID_API_KEY"]
    assert (own.status, own.headers) == (401, {"Content-Type": "application/problem+json"})
    assert own.body_for('say "no"') == '{"title": "say \\"no\\""}'
    assert gateway_responses(None, "GatewayResponses") == {}


@pytest.mark.parametrize(
    "given",
    [
        {"ResponseTemplates": {"text/html": "a"}},
        {"ResponseTemplates": {"application/json": "$context.requestId"}},
        {"ResponseParameters": {"Headers": {"A": "method.request.header.B"}}},
        {"Colour": "red"},
    ],
)
def test_gateway_answer_is_refused_when_it_is_beyond_us(given: dict[str, object]) -> None:
    from local.cloudformation.gateway_response import gateway_responses

    with pytest.raises(TemplateError):
        gateway_responses({"DEFAULT_4XX": given}, "GatewayResponses")
