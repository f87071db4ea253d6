"""Values of a template: intrinsic functions, parameters, conditions, nested templates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from local.cloudformation.api_spec import api_spec
from local.cloudformation.email_filters import email_filters
from local.cloudformation.event_source_spec import event_source_specs
from local.cloudformation.function_spec import device_functions, function_specs
from local.cloudformation.physical import PhysicalNames
from local.cloudformation.resolver import Resolver
from local.cloudformation.rule_spec import rule_specs
from local.cloudformation.template import Template, load_template
from local.errors import TemplateError

REPOSITORY = Path(__file__).resolve().parents[3]
HEAD = """
Parameters:
  Stage:
    Type: String
    Default: dev
    AllowedPattern: ^(dev|prod)$
    ConstraintDescription: dev or prod
  Days: {Type: Number, Default: 90}
Mappings:
  StageMap: {dev: {Days: 14}, prod: {Days: 90}}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  IsDev: !Not [!Condition IsProd]
  Both: !And [!Condition IsProd, !Condition IsDev]
  Either: !Or [!Condition IsProd, !Condition IsDev]
  Odd: !Odd [a]
  Empty: text
  Short: !Equals [a]
Globals:
  Function:
    Runtime: python3.13
    Layers: [one]
    AutoPublishAlias: live
    Tags: {a: b}
    Events: [a]
    Environment: {Variables: {A: global, B: global}}
Resources:
  Table: {Type: AWS::DynamoDB::Table}
  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: failures}}
  Topic: {Type: AWS::SNS::Topic}
  Key: {Type: AWS::SecretsManager::Secret}
  Rule: {Type: AWS::IoT::TopicRule}
  Layer: {Type: AWS::Serverless::LayerVersion}
  Alarm: {Type: AWS::CloudWatch::Alarm, Condition: IsProd}
  Function:
    Type: AWS::Serverless::Function
    Properties:
      Layers: [two]
      Environment: {Variables: {B: own}}
      Tags: [list]
      Events: {map: ping}
"""


def resolver(tmp_path: Path, head: str = HEAD, **parameters: str) -> Resolver:
    template = load(tmp_path, head)
    secrets = {"arn:aws:secretsmanager:us-east-1:123456789012:secret:smile-local-Key": '{"a": "x"}'}
    names = PhysicalNames("us-east-1", "http://127.0.0.1:4566")
    return Resolver(template, names, parameters, read_secret=lambda key: secrets[key])


def load(tmp_path: Path, text: str) -> Template:
    path = tmp_path / "template.yaml"
    path.write_text(text, "utf-8")
    return load_template(path)


def value_of(tmp_path: Path, written: str, **parameters: str) -> Any:
    head = f"{HEAD}  Subject: {{Type: AWS::Test, Properties: {{Value: {written}}}}}\n"
    subject = resolver(tmp_path, head, **parameters)
    return subject.properties("Subject").get("Value")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("!Ref Stage", "dev"),
        ("!Ref AWS::Region", "us-east-1"),
        ("!Ref Table", "smile-local-Table"),
        ("!Ref Queue", "http://127.0.0.1:4566/123456789012/failures"),
        ("!GetAtt Queue.Arn", "arn:aws:sqs:us-east-1:123456789012:failures"),
        ("!GetAtt Queue.QueueName", "failures"),
        ("!GetAtt [Table, Arn]", "arn:aws:dynamodb:us-east-1:123456789012:table/smile-local-Table"),
        ("!Ref Topic", "arn:aws:sns:us-east-1:123456789012:smile-local-Topic"),
        ("!GetAtt Topic.TopicName", "smile-local-Topic"),
        ("!GetAtt Topic.TopicArn", "arn:aws:sns:us-east-1:123456789012:smile-local-Topic"),
        ("!GetAtt Key.Id", "arn:aws:secretsmanager:us-east-1:123456789012:secret:smile-local-Key"),
        ("!Ref Layer", "arn:aws:lambda:us-east-1:123456789012:layer:smile-local-Layer:1"),
        (
            "!Ref Function.Alias",
            "arn:aws:lambda:us-east-1:123456789012:function:smile-local-Function:live",
        ),
        ("!GetAtt Rule.Arn", "arn:aws:iot:us-east-1:123456789012:rule/smile_local_Rule"),
        ("!Sub 'a-${Stage}-${!literal}-${Queue.QueueName}'", "a-dev-${literal}-failures"),
        ("!Sub ['${x}-${Stage}', {x: !Ref Days}]", "90-dev"),
        ("!FindInMap [StageMap, !Ref Stage, Days]", 14),
        ("!If [IsProd, yes-prod, no-prod]", "no-prod"),
        ("!If [Both, a, b]", "b"),
        ("!If [Either, a, b]", "a"),
        ("!If [IsProd, a, !Ref AWS::NoValue]", None),
        ("[1, !If [IsProd, 2, !Ref AWS::NoValue], 3]", [1, 3]),
        ("!Join ['-', [a, !Ref Stage]]", "a-dev"),
        ("!Select [1, [a, b]]", "b"),
        ("!Sub '{{resolve:secretsmanager:${Key}:SecretString}}'", '{"a": "x"}'),
        ("!Sub 'k={{resolve:secretsmanager:${Key}:SecretString:a}}'", "k=x"),
        ("2012-10-17", "2012-10-17"),
    ],
)
def test_value_is_resolved_when_written_with(tmp_path: Path, written: str, expected: Any) -> None:
    assert value_of(tmp_path, written) == expected


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("!Ref Nobody", "unknown parameter or resource Nobody"),
        ("!Sub '${Nobody}'", "unknown parameter or resource Nobody"),
        ("!GetAtt Nobody.Arn", "unknown parameter or resource Nobody"),
        ("!GetAtt Table.StreamArn", "Fn::GetAtt StreamArn of a AWS::DynamoDB::Table"),
        ("!Ref Alarm", "Ref to a AWS::CloudWatch::Alarm"),
        ("!GetAtt Alarm.Arn", "Fn::GetAtt Arn of a AWS::CloudWatch::Alarm"),
        ("!GetAtt Alarm.TopicName", "Fn::GetAtt TopicName of a AWS::CloudWatch::Alarm"),
        ("!Base64 abc", "Fn::Base64 is not supported"),
        ("!ImportValue abc", "Fn::ImportValue is not supported"),
        ("!If [Nobody, 1, 2]", "unknown condition Nobody"),
        ("!FindInMap [StageMap, test, Days]", "has no test"),
        ("'{{resolve:ssm:name}}'", "only {{resolve:secretsmanager"),
        ("!Sub '{{resolve:secretsmanager:${Key}:SecretString:b}}'", "no JSON key b"),
        ("!Ref Table.Alias", "Table has no AutoPublishAlias"),
        ("!GetAtt Table", "Fn::GetAtt: malformed: Table"),
        ("!If [IsProd, 1]", "Fn::If: malformed: ['IsProd', 1]"),
        ("!Join [a]", "Fn::Join: malformed"),
        ("!Select [2, [a, b]]", "Fn::Select: malformed"),
        ("!FindInMap [StageMap, [a]]", "the mapping StageMap / ['a'] has no"),
        ("!Sub [a]", "Fn::Sub: malformed"),
        ("!If [Odd, 1, 2]", "Conditions.Odd: expected a condition function, not Fn::Odd"),
        ("!If [Empty, 1, 2]", "Conditions.Empty: expected a condition function, not text"),
        ("!If [Short, 1, 2]", "Conditions.Short.Fn::Equals: malformed: ['a']"),
    ],
)
def test_value_is_refused_with_its_place_when_written_with(
    tmp_path: Path, written: str, complaint: str
) -> None:
    with pytest.raises(TemplateError, match=r"Properties\.Value|Conditions") as caught:
        value_of(tmp_path, written)
    assert complaint in str(caught.value)


def test_globals_are_merged_when_a_function_has_its_own(tmp_path: Path) -> None:
    function = resolver(tmp_path).properties("Function")
    assert function["Runtime"] == "python3.13"
    assert function["Layers"] == ["one", "two"]
    assert function["Environment"] == {"Variables": {"A": "global", "B": "own"}}
    assert (function["Tags"], function["Events"]) == (["list"], {"map": "ping"})


def test_resource_is_left_out_when_its_condition_is_false(tmp_path: Path) -> None:
    assert resolver(tmp_path).logical_ids("AWS::CloudWatch::Alarm") == []
    assert resolver(tmp_path, Stage="prod").logical_ids("AWS::CloudWatch::Alarm") == ["Alarm"]


def test_parameter_changes_the_result_when_given(tmp_path: Path) -> None:
    assert value_of(tmp_path, "!FindInMap [StageMap, !Ref Stage, Days]", Stage="prod") == 90


@pytest.mark.parametrize(
    ("parameters", "complaint"),
    [
        ({"Stage": "test"}, "Parameters.Stage: 'test' is not allowed: dev or prod"),
        ({"Nobody": "1"}, "unknown parameter Nobody; known: Stage, Days"),
    ],
)
def test_parameter_is_refused_when_the_template_forbids_it(
    tmp_path: Path, parameters: dict[str, str], complaint: str
) -> None:
    with pytest.raises(TemplateError) as caught:
        resolver(tmp_path, **parameters)
    assert complaint in str(caught.value)


@pytest.mark.parametrize(
    ("declared", "complaint"),
    [
        ("{Type: CommaDelimitedList, Default: a}", "the type CommaDelimitedList is not supported"),
        ("{Type: String, Default: c, AllowedValues: [a, b]}", "expected one of ['a', 'b']"),
        ("{Type: String, Default: c, AllowedPattern: '[ab]'}", "'c' is not allowed: [ab]"),
        ("{Type: Number, Default: 3, AllowedValues: [1, 2]}", "'3' is not allowed: expected"),
        ("{Type: String, AllowedValues: [a, b]}", "has no default"),
        ("{Type: String, AllowedPattern: '[ab]'}", "has no default"),
    ],
)
def test_parameter_is_refused_when_it_has_no_value_of_its_type(
    tmp_path: Path, declared: str, complaint: str
) -> None:
    head = f"Parameters: {{Name: {declared}}}\nResources: {{Q: {{Type: AWS::SQS::Queue}}}}"
    with pytest.raises(TemplateError) as caught:
        resolver(tmp_path, head)
    assert complaint in str(caught.value)


def test_parameter_is_a_text_when_the_default_is_boolean(tmp_path: Path) -> None:
    head = (
        "Parameters: {Flag: {Type: String, Default: true}}\n"
        "Resources: {S: {Type: AWS::Test, Properties: {Value: !Ref Flag}}}"
    )
    assert resolver(tmp_path, head).properties("S")["Value"] == "true"


def test_parameter_is_asked_for_when_it_has_no_default(tmp_path: Path) -> None:
    head = "Parameters: {Name: {Type: String}}\nResources: {Q: {Type: AWS::SQS::Queue}}"
    with pytest.raises(TemplateError, match="--parameter Name="):
        resolver(tmp_path, head)


def test_parameter_is_refused_when_the_template_has_none(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="unknown parameter Stage; known: none"):
        resolver(tmp_path, "Resources: {Q: {Type: AWS::SQS::Queue}}", Stage="dev")


@pytest.mark.parametrize(
    "allowed", ["AllowedPattern: '^(none|.+@.+)$'", "AllowedValues: [none, a@b.c]"]
)
def test_parameter_is_none_when_it_has_no_default_but_allows_that(
    tmp_path: Path, allowed: str
) -> None:
    head = (
        f"Parameters: {{Email: {{Type: String, {allowed}}}}}\n"
        "Resources: {S: {Type: AWS::Test, Properties: {Value: !Ref Email}}}"
    )
    assert resolver(tmp_path, head).properties("S")["Value"] == "none"
    assert resolver(tmp_path, head, Email="a@b.c").properties("S")["Value"] == "a@b.c"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "Resources: {}",
        "Resourses: {A: {Type: x}}",
        "a: [",
        "Resources: {A: {Type: x}, A: {Type: y}}",
    ],
)
def test_file_is_refused_in_one_line_when_it_is_not_a_template(tmp_path: Path, text: str) -> None:
    with pytest.raises(TemplateError) as caught:
        load(tmp_path, text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("resource", "complaint"),
    [
        ("Queue", "Resources.Q: expected a mapping"),
        ("{Properties: {}}", "Resources.Q: expected a Type"),
        ("{Type: AWS::SQS::Queue, Properties: text}", "Resources.Q.Properties: expected a mapping"),
    ],
)
def test_resource_is_refused_when_it_is_not_one(
    tmp_path: Path, resource: str, complaint: str
) -> None:
    subject = resolver(tmp_path, f"Resources: {{Q: {resource}}}")
    with pytest.raises(TemplateError) as caught:
        [subject.properties(name) for name in subject.logical_ids()]
    assert complaint in str(caught.value)


def test_file_is_refused_when_it_is_missing(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="cannot be read"):
        load_template(tmp_path / "nothing.yaml")


@pytest.mark.parametrize("passed", ["{Version: !Ref F.Version}", "{Version: 'arn:x'}", "{}"])
def test_function_of_devices_is_found_when_its_component_is_in_a_nested_template(
    tmp_path: Path, passed: str
) -> None:
    (tmp_path / "nested.yaml").write_text(
        "Parameters: {Version: {Type: String}}\n"
        "Resources: {C: {Type: 'AWS::GreengrassV2::ComponentVersion', "
        "Properties: {LambdaFunction: {LambdaArn: !Ref Version}}}}\n"
    )
    path = tmp_path / "template.yaml"
    path.write_text(
        "Resources: {S: {Type: 'AWS::CloudFormation::Stack', "
        f"Properties: {{TemplateURL: nested.yaml, Parameters: {passed}}}}}}}\n"
    )
    assert device_functions(load_template(path)) == ({"F"} if "Ref" in passed else set())


def test_template_is_refused_when_a_nested_one_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(
        "Resources: {S: {Type: 'AWS::CloudFormation::Stack', "
        "Properties: {TemplateURL: none.yaml}}}\n"
    )
    with pytest.raises(TemplateError, match=r"none\.yaml.*cannot be read"):
        device_functions(load_template(path))


def test_every_resource_of_the_shipped_template_is_understood() -> None:
    template = load_template(REPOSITORY / "template.yaml")
    names = PhysicalNames("eu-west-1", "http://127.0.0.1:4566")
    subject = Resolver(template, names, read_secret=lambda _: "secret")
    functions = {spec.logical_id: spec for spec in function_specs(template, subject)}
    assert {"StoreEventFunction", "SendAlertFunction", "HistoryApiFunction"} <= set(functions)
    assert functions["StoreEventFunction"].environment["TABLE_NAME"] == subject.name("EventsTable")
    assert functions["HistoryApiFunction"].environment["CURSOR_KEY"] == "secret"
    assert device_functions(template) == {"EdgeFunction"}, "runs in a separate process"
    rules = {rule.name: rule for rule in rule_specs(subject)}
    rule = rules["smile_local_SmileEventsRule"]
    assert rule.query.topic_filter == "smile/+/events"
    sources = event_source_specs(template, subject, "http://127.0.0.1:4566")
    targets = {action.queue_url for rule in rules.values() for action in rule.actions}
    erasures = "http://127.0.0.1:4566/123456789012/smile-local-ErasureQueue"  # its API sends to it
    assert {source.queue_url for source in sources} == targets | {erasures}
    assert len(rule.actions) == 2
    assert rule.error_action is not None
    [policy] = email_filters(template, subject).values()
    assert "smile_update" not in policy["kind"], "people hear of each smile once"
    routes = {(r.method, r.resource): r.key_required for r in api_spec(template, subject).routes}
    assert api_spec(template, subject).origins == (), "closed unless somebody opens it"
    assert routes["ANY", "/v1/events"]
    assert not routes["ANY", "/v1/openapi.json"]
