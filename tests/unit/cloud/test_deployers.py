"""The IAM policies of deployers allow what the commands and the template need, and little more."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import xform_name

from scripts.deployer_policies import BY_CLOUDFORMATION, POLICIES, load_rules, main, make_policy
from scripts.translate_template import packaged_template, translate
from tests.helpers.documented_commands import SERVICES, aws_commands, commands
from tests.helpers.template import ROOT, load_template

NAMES = ("deploy", "compute", "data", "operate", "devices")
# Of the bucket that sam makes for packages: samcli/lib/bootstrap/bootstrap.py.
OF_SAM = {"AWS::S3::Bucket", "AWS::S3::BucketPolicy"}
EVERYTHING = {
    "EdgeThingGroup": "cameras",
    "SilentFleetHours": "3",
    "ApiAccess": "jwt",
    "JwtIssuer": "https://issuer.example.com",
    "JwtAudience": "smile",
    "ApiGatewayLogRole": "create",
}
# Where the name of an action is not that of its operation.
OTHER_NAMES = {
    "iam:PassRole",
    "lambda:InvokeFunction",
    "s3:GetBucketPolicy",
    "s3:ListBucket",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutEncryptionConfiguration",
}
ACTIONS = {("logs", "tail"): "logs:FilterLogEvents", ("lambda", "invoke"): "lambda:InvokeFunction"}
BOTOCORE = {"greengrass": "greengrassv2", "servicequotas": "service-quotas"}
PREFIXES = {"service-quotas": "servicequotas", "iot-data": "iot"}
# The parts of ops/, and the policies that must allow their calls.
COMMANDS = {
    "deploy": ["deploy"],
    "undeploy": ["deploy"],
    "redrive": ["operate"],
    "rotate_key": ["operate"],
    "smoke_test": ["operate"],
    "api_keys.py": ["operate"],
    "device": ["devices"],
    "stack.py": ["deploy", "operate", "devices"],
}
CALLED = ("apigateway", "cloudformation", "cloudwatch", "dynamodb", "iot", "iot-data", "sqs")
_SESSION = botocore.session.get_session()


def statements(name: str) -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = json.loads((POLICIES / f"{name}.json").read_text("utf-8"))[
        "Statement"
    ]
    return loaded


def allows(name: str, action: str, path: str | None = None) -> bool:
    """Return whether a policy allows an action, on the path of API Gateway if one is given."""
    return any(
        action in one["Action"]
        and (path is None or any(fnmatch(path, arn.rpartition("::")[2]) for arn in one["Resource"]))
        for one in statements(name)
    )


@cache
def calls() -> dict[str, tuple[str, str | None]]:
    """Return the methods of the clients that ops/ uses, with the action and path of each."""
    found: dict[str, tuple[str, str | None]] = {}
    for service in CALLED:
        model = _SESSION.get_service_model(service)
        for name in model.operation_names:
            http = model.operation_model(name).http
            action: tuple[str, str | None] = (f"{PREFIXES.get(service, service)}:{name}", None)
            if service == "apigateway":
                path = re.sub(r"\{\w+\}", "id", http["requestUri"])
                action = (f"apigateway:{http['method']}", path)
            found.setdefault(xform_name(name), action)
    return found


def called(source: Path) -> Iterator[str]:
    """Return the methods that a file calls, also by name, as in ``get_paginator("list_…")``."""
    for node in ast.walk(ast.parse(source.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr
            for given in node.args[:1]:
                if isinstance(given, ast.Constant) and isinstance(given.value, str):
                    yield given.value


@pytest.fixture(scope="module")
def created() -> dict[str, dict[str, Any]]:
    """Everything that a deployment can create, with what SAM adds."""
    resources: dict[str, dict[str, Any]] = {}
    for access in ({}, EVERYTHING):
        resources |= translate(packaged_template(), Stage="prod", **access)["Resources"]
    resources.update(load_template(ROOT / "deploy/greengrass.yaml")["Resources"])
    return resources


def test_every_type_of_resource_has_its_actions(created: dict[str, dict[str, Any]]) -> None:
    rules = load_rules()
    listed = {kind for name in BY_CLOUDFORMATION for one in rules[name] for kind in one["types"]}
    assert listed == {resource["Type"] for resource in created.values()} | OF_SAM


@pytest.mark.parametrize("name", NAMES)
def test_policies_are_those_of_the_source(name: str, tmp_path: Path) -> None:
    main(["--out", str(tmp_path)])
    written = (tmp_path / f"{name}.json").read_text("utf-8")
    assert (POLICIES / f"{name}.json").read_text("utf-8") == written
    assert sorted(one.stem for one in POLICIES.iterdir()) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_policy_fits_in_a_managed_policy(name: str) -> None:
    """IAM User Guide, "IAM and AWS STS quotas": 6,144 characters, without white space."""
    text = (POLICIES / f"{name}.json").read_text("utf-8")
    assert len(re.sub(r"\s", "", text)) <= 6144


@pytest.mark.parametrize("name", NAMES)
def test_actions_exist(name: str) -> None:
    for action in {one for statement in statements(name) for one in statement["Action"]}:
        prefix, _, operation = action.partition(":")
        if prefix == "apigateway":
            assert operation in {"DELETE", "GET", "PATCH", "POST", "PUT"}
        elif action not in OTHER_NAMES:
            services = [BOTOCORE.get(prefix, prefix), *(["iot-data"] if prefix == "iot" else [])]
            known = [one for name in services for one in _names(name)]
            assert operation in known, action


def _names(service: str) -> list[str]:
    return list(_SESSION.get_service_model(service).operation_names)


def test_what_cloudformation_does_is_allowed_to_it_alone() -> None:
    for name in BY_CLOUDFORMATION:
        for statement in statements(name):
            via = statement["Condition"]["ForAnyValue:StringEquals"]
            assert via == {"aws:CalledVia": "cloudformation.amazonaws.com"}
    for name in NAMES:
        for statement in statements(name):
            if statement["Action"] == ["iam:CreateServiceLinkedRole"]:
                service = statement["Condition"]["StringEquals"]["iam:AWSServiceName"]
                assert service == ["dynamodb.application-autoscaling.amazonaws.com"]
                [arn] = statement["Resource"]
                assert arn.startswith(f"arn:aws:iam::*:role/aws-service-role/{service[0]}/")
            elif any(one.startswith("iam:") for one in statement["Action"]):
                own = [one for one in statement["Resource"] if one.startswith("arn:aws:iam:")]
                assert own == ["arn:aws:iam::*:role/smile-*"]
                assert "*" not in statement["Resource"]
            assert not any("*" in one for one in statement["Action"])


def test_a_role_may_be_passed_to_the_services_that_assume_one(
    created: dict[str, dict[str, Any]],
) -> None:
    roles = [one["Properties"] for one in created.values() if one["Type"] == "AWS::IAM::Role"]
    trusted = re.findall(r"'([\w.]+\.amazonaws\.com)'", str(roles))
    (passing,) = [one for one in statements("compute") if "iam:PassRole" in one["Action"]]
    assert set(passing["Condition"]["StringEquals"]["iam:PassedToService"]) == set(trusted)


def test_names_without_the_stack_are_in_the_policies(created: dict[str, dict[str, Any]]) -> None:
    for name, resource in created.items():
        if resource["Type"] == "AWS::Lambda::LayerVersion":
            policy, end = "compute", f"layer:{resource['Properties']['LayerName']}:1"
        elif resource["Type"] == "AWS::SecretsManager::Secret":
            policy, end = "data", f"secret:{name}-A1b2C3d4E5f6"
        else:
            continue
        arns = [arn for one in statements(policy) for arn in one["Resource"] if arn != "*"]
        assert any(fnmatch(end, arn.split(":", 5)[5]) for arn in arns), name


def test_a_policy_can_be_limited_to_a_stage_a_region_and_an_account() -> None:
    for name, rules in load_rules().items():
        policy = make_policy(name, rules, "dev", "eu-central-1", "123456789012")
        text = json.dumps(policy["Statement"])
        assert "smile-*" not in text
        assert ":*:*:" not in text
    assert "arn:aws:sqs:eu-central-1:123456789012:smile-dev-DeadLetterQueue-*" in json.dumps(
        make_policy("operate", load_rules()["operate"], "dev", "eu-central-1", "123456789012")
    )


@pytest.mark.parametrize("part", ["deploy", "smoke_test", "stack.py"])
def test_the_role_of_the_pipeline_allows_the_calls_of_its_commands(part: str) -> None:
    role = load_template(ROOT / "deploy/pipeline-role.yaml")["Resources"]["PipelineRole"]
    own = role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    direct = [one for one in own if "Condition" not in one]
    path = ROOT / "ops" / part
    files = [path] if path.is_file() else sorted(path.glob("*.py"))
    names = {name for file in files for name in called(file)} & calls().keys()
    if part == "smoke_test":
        names |= {"get_usage_plan_keys", "get_api_key"}  # through ops/api_keys.py
    for name in names:
        action, api_path = calls()[name]
        allowed = [one for one in direct if action in one["Action"]]
        if api_path is not None:
            allowed = [
                one
                for one in allowed
                if any(fnmatch(api_path, _tail(arn)) for arn in one["Resource"])
            ]
        assert allowed, f"the role lacks {action} for {name}"


def _tail(arn: Any) -> str:
    return str(arn["!Sub"]).rpartition("::")[2] if isinstance(arn, dict) else str(arn)


def test_the_role_of_the_pipeline_changes_roles_as_a_deployer_does() -> None:
    role = load_template(ROOT / "deploy/pipeline-role.yaml")["Resources"]["PipelineRole"]
    own = role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    of_role = {action for one in own for action in one["Action"] if action.startswith("iam:")}
    of_deployer = {
        action
        for one in statements("compute")
        for action in one["Action"]
        if action.startswith("iam:")
    }
    assert of_role == of_deployer


@pytest.mark.parametrize("part", COMMANDS)
def test_policies_allow_every_call_of_the_commands(part: str) -> None:
    path = ROOT / "ops" / part
    files = [path] if path.is_file() else sorted(path.glob("*.py"))
    names = {name for file in files for name in called(file)} & calls().keys()
    if part != "rotate_key":  # calls AWS through api_keys.py
        assert names, "the command calls AWS"
    for name in names:
        action, api_path = calls()[name]
        for policy in COMMANDS[part]:
            assert allows(policy, action, api_path), f"{policy}.json lacks {action} for {name}"


def test_every_part_of_the_commands_that_calls_aws_is_checked() -> None:
    covered = {"account.py": {"get_caller_identity"}}  # needs no permission
    for entry in (ROOT / "ops").iterdir():
        if entry.name in COMMANDS or entry.name in covered or entry.name.startswith("__"):
            continue
        files = [entry] if entry.is_file() else sorted(entry.glob("*.py"))
        names = {name for file in files for name in called(file)} & calls().keys()
        assert not names, f"{entry.name} calls AWS: add it to COMMANDS"


@pytest.mark.parametrize(
    "page", sorted((ROOT / "docs/runbook").glob("*.md")), ids=lambda one: one.stem
)
def test_operators_may_run_the_commands_of_the_runbook(page: Path) -> None:
    for service, operation, _ in aws_commands(commands(str(page.relative_to(ROOT)))):
        prefix = SERVICES.get(service, service)
        action = ACTIONS.get((service, operation))
        if action is None and prefix is not None:
            (name,) = [one for one in _names(prefix) if xform_name(one, "-") == operation]
            action = f"{PREFIXES.get(prefix, prefix)}:{name}"
        assert action is not None and allows("operate", action), action
