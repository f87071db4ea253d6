"""Rules, functions, routes and gateway responses of a template, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.cloudformation.api_spec import ApiSpec, Route, api_spec
from local.cloudformation.event_source_spec import EventSourceSpec, event_source_specs
from local.cloudformation.function_spec import FunctionSpec, function_specs, with_api_url
from local.cloudformation.gateway_response import gateway_responses
from local.cloudformation.physical import PhysicalNames
from local.cloudformation.resolver import Resolver
from local.cloudformation.rule_spec import QueueAction, RuleSpec, rule_specs
from local.cloudformation.template import load_template
from local.command_line import DEFAULT_TEMPLATE
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
  Queue: {{Type: AWS::SQS::Queue}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyDocument:
            Statement:
              - Effect: {effect}
                Action: {permitted}
                Resource: [!GetAtt Errors.Arn, {resource}]
  Rule:
    Type: AWS::IoT::TopicRule
    Properties:
      TopicRulePayload:
        AwsIotSqlVersion: '{version}'
        Sql: "{sql}"
        Actions: [{action}]
        ErrorAction: {error_action}
"""
ENDPOINT = "http://127.0.0.1:1"
GOOD = {
    "runtime": "python3.13",
    "code": "code",
    "function": "Timeout: 3",
    "effect": "Allow",
    "permitted": "sqs:SendMessage",
    "resource": "!GetAtt Queue.Arn",
    "version": "2016-03-23",
    "sql": "SELECT * FROM 'smile/+/events'",
    "action": "{Sqs: {QueueUrl: !Ref Queue, RoleArn: !GetAtt Role.Arn, UseBase64: true}}",
    "error_action": "{Sqs: {QueueUrl: !Ref Errors, RoleArn: !GetAtt Role.Arn}}",
}


SOURCE = "Events: {{A: {{Type: SQS, Properties: {{Queue: !GetAtt Queue.Arn, {}}}}}}}"
ROUTE = "Events: {{A: {{Type: Api, Properties: {{{}}}}}}}"


def read(tmp_path: Path, **changes: str) -> tuple[RuleSpec | None, FunctionSpec, ApiSpec]:
    (tmp_path / "code").mkdir(exist_ok=True)
    path = tmp_path / "template.yaml"
    path.write_text(TEMPLATE.format(**{**GOOD, **changes}), "utf-8")
    template = load_template(path)
    resolver = Resolver(template, PhysicalNames("us-east-1", ENDPOINT))
    [function] = function_specs(template, resolver)
    rules = rule_specs(resolver)
    event_source_specs(template, resolver, ENDPOINT)
    return (rules[0] if rules else None), function, api_spec(template, resolver)


def test_rule_is_read_when_everything_is_supported(tmp_path: Path) -> None:
    rule, _, _ = read(tmp_path)
    assert rule is not None
    queues = "http://127.0.0.1:1/123456789012/smile-local-"
    assert rule.actions == (QueueAction(f"{queues}Queue", base64=True),)
    assert rule.error_action == QueueAction(f"{queues}Errors")


def test_rule_is_left_out_when_it_is_disabled(tmp_path: Path) -> None:
    rule, _, _ = read(tmp_path, error_action="{}\n        RuleDisabled: true")
    assert rule is None


def test_role_may_have_one_action_or_several(tmp_path: Path) -> None:
    rule, _, _ = read(tmp_path, permitted="[sqs:GetQueueUrl, sqs:SendMessage]")
    assert rule is not None


def test_function_has_the_limits_of_lambda_when_the_template_sets_none(tmp_path: Path) -> None:
    _, function, _ = read(tmp_path, function="Environment: {Variables: {A: true, B: 1}}")
    assert (function.timeout_s, function.memory_mb, function.alias) == (3, 128, None)
    assert function.environment == {"A": "true", "B": "1"}


def test_function_has_its_own_limits_when_the_template_sets_them(tmp_path: Path) -> None:
    own = "Timeout: 7\n      MemorySize: 256\n      AutoPublishAlias: live"
    _, function, _ = read(tmp_path, function=own)
    assert (function.timeout_s, function.memory_mb, function.alias) == (7, 256, "live")


def test_function_gets_the_local_url_when_it_has_that_of_the_api_on_aws(tmp_path: Path) -> None:
    aws = "https://local.execute-api.us-east-1.amazonaws.com"
    own = f"Environment: {{Variables: {{A: '{aws}/dev/v1', B: '{aws}/v1', C: other}}}}"
    _, function, _ = read(tmp_path, function=own)
    found = with_api_url(function, "us-east-1", "dev", "http://127.0.0.1:8000").environment
    assert found == {
        "A": "http://127.0.0.1:8000/v1", "B": "http://127.0.0.1:8000/v1", "C": "other"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"version": "2015-10-08"}, "AwsIotSqlVersion: expected '2016-03-23'"),
        ({"sql": "SELECT abs(a) AS b FROM 'a'"}, "Sql: IoT SQL, character 8: the function abs()"),
        ({"sql": "SELECT * FROM 'smile/*/events'"}, "* is not an MQTT wildcard"),
        ({"action": "{Sns: {TargetArn: a}}"}, "Actions[0]: the action Sns is not supported"),
        ({"error_action": "{S3: {BucketName: a}}"}, "ErrorAction: the action S3 is not supported"),
        ({"resource": "!GetAtt Errors.Arn"}, "lets it send to smile-local-Queue"),
        ({"permitted": "sqs:GetQueueUrl"}, "lets it send to smile-local-Queue"),
        ({"effect": "Deny"}, "lets it send to smile-local-Queue"),
        ({"action": "{Sqs: {QueueUrl: !Ref Queue}}"}, "lets it send to smile-local-Queue"),
        ({"function": "InlineCode: pass"}, "Worker.Properties.InlineCode: not supported"),
        ({"code": "nowhere"}, "folder not found: nowhere"),
        ({"runtime": "nodejs22.x"}, "nodejs22.x is not supported locally"),
        ({"function": "Layers: [arn:other]"}, "arn:other is not a layer of this template"),
        ({"function": "Events: {A: {Type: Schedule}}"}, "Events.A: Schedule events are not"),
        ({"function": ROUTE.format("Path: v1, Method: get")}, "expected a Path that"),
        ({"function": ROUTE.format("Path: [a], Method: get")}, "expected a Path that"),
        ({"function": ROUTE.format("Path: /v1")}, "starts with / and a Method"),
        ({"function": SOURCE.format("BatchSize: 11")}, "A.Properties.BatchSize: expected 1 to 10"),
        ({"function": SOURCE.format("FilterCriteria: {}")}, "FilterCriteria: not supported"),
        ({"function": SOURCE.format("FunctionResponseTypes: [Other]")}, "['Other'] is not supp"),
        ({"function": SOURCE.format("ScalingConfig: {Other: 1}")}, "ScalingConfig.Other: not supp"),
        ({"code": "[code]"}, "CodeUri: expected a folder"),
    ],
)
def test_template_is_refused_with_its_place_when(
    tmp_path: Path, change: dict[str, str], complaint: str
) -> None:
    with pytest.raises(TemplateError) as caught:
        read(tmp_path, **change)
    assert complaint in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("", (10, 1000, False)),
        (
            "BatchSize: 3, FunctionResponseTypes: [ReportBatchItemFailures], "
            "ScalingConfig: {MaximumConcurrency: 5}",
            (3, 5, True),
        ),
        ("Enabled: false", None),
    ],
)
def test_event_source_is_read_when_it_is_enabled(
    tmp_path: Path, settings: str, expected: tuple[int, int, bool] | None
) -> None:
    read(tmp_path, function=SOURCE.format(settings))
    template = load_template(tmp_path / "template.yaml")
    resolver = Resolver(template, PhysicalNames("us-east-1", ENDPOINT))
    found = event_source_specs(template, resolver, ENDPOINT)
    arn = "arn:aws:sqs:us-east-1:123456789012:smile-local-Queue"
    url = f"{ENDPOINT}/123456789012/smile-local-Queue"
    assert found == ([EventSourceSpec("Worker", arn, url, *expected)] if expected else [])


API = """
  Api:
    Type: AWS::Serverless::Api
    Properties: {StageName: dev, BinaryMediaTypes: [image~1*], Auth: {ApiKeyRequired: true}}
"""
EVENTS = """Events:
        One: {Type: Api, Properties: {Path: /one, Method: get}}
        Two: {Type: Api, Properties: {Path: /two, Method: any, Auth: {ApiKeyRequired: false}}}
"""


def test_routes_need_a_key_when_the_api_says_so_and_they_do_not_differ(tmp_path: Path) -> None:
    _, _, api = read(tmp_path, function=EVENTS, error_action=GOOD["error_action"] + API)
    assert (api.stage, api.binary_media_types) == ("dev", ("image/*",))
    assert api.routes == (
        Route("GET", "/one", "Worker", True),
        Route("ANY", "/two", "Worker", False),
    )


def test_routes_need_no_key_when_there_is_no_api(tmp_path: Path) -> None:
    _, _, api = read(tmp_path, function=EVENTS)
    assert api.stage == "Prod"
    assert not any(route.key_required for route in api.routes)


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        (API + API.replace("Api:", "Other:", 1), "one AWS::Serverless::Api is supported locally"),
        (API.replace("StageName: dev", "DefinitionBody: {}"), "DefinitionBody: not supported"),
        (API.replace("StageName: dev", "DefinitionUri: a"), "DefinitionUri: not supported"),
        (API.replace("StageName: dev", "Models: {}"), "Models: not supported"),
        (API.replace("StageName: dev", "Domain: {}"), "Domain: not supported"),
        (API.replace("Auth:", "ApiKeySourceType: QUERY, Auth:"), "expected HEADER or AUTHORIZER"),
        (API.replace("ApiKeyRequired", "DefaultAuthorizer"), "Auth.DefaultAuthorizer: not supp"),
    ],
)
def test_api_is_refused_with_its_place_when(tmp_path: Path, more: str, complaint: str) -> None:
    with pytest.raises(TemplateError) as caught:
        read(tmp_path, error_action=GOOD["error_action"] + more)
    assert complaint in str(caught.value)


@pytest.mark.parametrize("access", ["key", "jwt"])
def test_keys_of_the_product_come_from_clients_or_with_tokens_from_the_authorizer(
    access: str,
) -> None:
    template = load_template(DEFAULT_TEMPLATE)
    parameters = {
        "ApiAccess": access,
        "JwtIssuer": "https://issuer.example",
        "JwtAudience": "smile-api",
    }
    api = api_spec(template, Resolver(template, PhysicalNames("us-east-1", ENDPOINT), parameters))
    assert api.key_prefixes == ("read_", "feedback_", "admin_")
    assert api.authorizer_gives_key == (access == "jwt")
    [fixed] = api.fixed_keys or ("",)
    assert fixed.startswith("tokens_") == (access == "jwt")
    guards = {route.authorizer for route in api.routes} - {None}
    [guard] = guards
    assert guard is not None
    expected = ("x-api-key", 300) if access == "key" else ("Authorization", 60)
    assert (guard.header, guard.keep_s) == expected


RESPONSES = {
    "INVALID_API_KEY": {
        "StatusCode": 401,
        "ResponseParameters": {"Headers": {"Content-Type": "'application/problem+json'"}},
        "ResponseTemplates": {"application/json": '{"title": $context.error.messageString}'},
    }
}


def test_gateway_response_is_read_from_the_template() -> None:
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
def test_gateway_response_is_refused_when_it_is_not_supported(given: dict[str, object]) -> None:
    with pytest.raises(TemplateError):
        gateway_responses({"DEFAULT_4XX": given}, "GatewayResponses")
