"""The workflows pin their actions, have few permissions, and run commands that exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.translate_template import packaged_template, translate

ROOT = Path(__file__).parents[3]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ROLE = ROOT / "deploy" / "pipeline-role.yaml"
STACK = "AWS::CloudFormation::Stack"


class _Loader(yaml.SafeLoader):
    """Loads CloudFormation's short tags as their values, and ``on`` as text."""


_Loader.add_multi_constructor(
    "!",
    lambda loader, _suffix, node: (
        loader.construct_scalar(node)
        if isinstance(node, yaml.ScalarNode)
        else loader.construct_sequence(node, deep=True)
    ),
)
_Loader.yaml_implicit_resolvers = {
    first: [one for one in resolvers if one[0] != "tag:yaml.org,2002:bool" or first not in "oO"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def load(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    return loaded


def workflow(name: str) -> dict[str, Any]:
    return load(ROOT / ".github" / "workflows" / f"{name}.yml")


def steps() -> list[dict[str, Any]]:
    return [
        step
        for path in WORKFLOWS
        for job in load(path)["jobs"].values()
        for step in job.get("steps", [])
    ]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_to_a_commit_with_its_version_beside_it(path: Path) -> None:
    used = re.findall(r"uses: (.*)", path.read_text(encoding="utf-8"))
    assert used
    for one in used:
        assert one.startswith("./") or re.fullmatch(
            r"[\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one
        )


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflow_may_only_read_the_repository_and_assume_the_role(path: Path) -> None:
    found = load(path)
    assert found["permissions"] == {"contents": "read"}
    for name, job in found["jobs"].items():
        allowed = {"contents": "read", "id-token": "write"}
        if (path.name, name) == ("docs.yml", "publish"):
            allowed = {"pages": "write", "id-token": "write"}
        assert job.get("permissions", {}).items() <= allowed.items()
        if path.name == "check.yml":
            assert "permissions" not in job, name


def test_published_documentation_is_built_by_a_job_without_rights() -> None:
    jobs = workflow("docs")["jobs"]
    assert "permissions" not in jobs["build"]
    runs = [step.get("run") for step in jobs["build"]["steps"][2:]]
    assert runs == ["make notebooks DATA=synthetic", "make docs", None], "no photos of people"
    assert jobs["build"]["steps"][-1]["with"] == {"path": "build/docs"}
    assert jobs["publish"]["needs"] == "build"
    assert all("run" not in step for step in jobs["publish"]["steps"])


def test_pull_request_has_no_access_to_secrets_or_roles() -> None:
    triggered = [path.name for path in WORKFLOWS if "pull_request" in load(path)["on"]]
    assert triggered == ["check.yml"]
    text = (ROOT / ".github" / "workflows" / "check.yml").read_text(encoding="utf-8")
    assert "secrets." not in text and "id-token" not in text and "pull_request_target" not in text


def test_stages_are_deployed_in_order_and_each_in_its_environment() -> None:
    jobs = workflow("deploy")["jobs"]
    order = [
        (name, job.get("needs"), job.get("with", {}).get("stage")) for name, job in jobs.items()
    ]
    assert order == [
        ("check", None, None),
        ("dev", "check", "dev"),
        ("staging", "dev", "staging"),
        ("prod", "staging", "prod"),
    ]
    assert workflow("deploy")["on"] == {"push": {"branches": ["main"]}}
    assert workflow("stage")["jobs"]["deploy"]["environment"] == "${{ inputs.stage }}"


def test_stage_has_one_deployment_at_a_time_that_is_not_interrupted() -> None:
    assert "concurrency" not in workflow("deploy"), (
        "a run that waits for an approval would block dev"
    )
    assert workflow("stage")["jobs"]["deploy"]["concurrency"] == {
        "group": "stage-${{ inputs.stage }}",
        "cancel-in-progress": False,
    }


def test_pull_request_runs_every_check() -> None:
    commands = [
        step["run"] for job in workflow("check")["jobs"].values() for step in job["steps"][2:]
    ]
    for wanted in (
        *("make lint", "make test", "make build", "sam validate --lint"),
        *("make lint-workflows", "make audit", "make docs"),
    ):
        assert any(wanted in command for command in commands), wanted
    assert not any("||" in command for command in commands), "a failed check fails the job"
    text = (ROOT / ".github" / "workflows" / "check.yml").read_text(encoding="utf-8")
    assert "continue-on-error" not in text
    assert "paths" not in text


def test_no_expression_is_expanded_inside_a_command() -> None:
    for step in steps():
        assert "${{" not in step.get("run", "")


def test_checkout_keeps_no_token() -> None:
    checkouts = [step for step in steps() if "actions/checkout@" in step.get("uses", "")]
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_every_command_exists_in_the_makefile_or_in_scripts() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for step in steps():
        for command in re.findall(r"\bmake ([^&|;]+)", step.get("run", "")):
            for target in command.split():
                assert "=" in target or re.search(rf"^{re.escape(target)}:", makefile, re.M), target
        for path in re.findall(r"\bscripts/\w+", step.get("run", "")):
            assert (ROOT / path).stat().st_mode & 0o111


def test_config_gpg_is_used_only_when_use_config_gpg_is_true() -> None:
    job = workflow("stage")["jobs"]["deploy"]
    assert "CREDS_PASSPHRASE" not in str(job["env"])
    with_secret = [step for step in job["steps"] if "CREDS_PASSPHRASE" in str(step)]
    assert with_secret
    assert all(step["if"] == "vars.USE_CONFIG_GPG == 'true'" for step in with_secret)
    assert all(step["run"].startswith("scripts/with_config make ") for step in with_secret)


def test_role_can_be_assumed_from_one_environment_of_one_repository_only() -> None:
    role = load(ROLE)["Resources"]["PipelineRole"]["Properties"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert trust["Condition"] == {
        "StringEquals": {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": "repo:${Repository}:environment:${Stage}",
        }
    }


def test_role_may_use_every_service_of_the_template() -> None:
    role = load(ROLE)["Resources"]["PipelineRole"]["Properties"]
    statements = role["Policies"][0]["PolicyDocument"]["Statement"]
    allowed = {action.partition(":")[0] for one in statements for action in one["Action"]}
    own_names = {
        "applicationautoscaling": "application-autoscaling",
        "greengrassv2": "greengrass",
        "serverless": "lambda",
    }
    resources = [*load(ROOT / "template.yaml")["Resources"].values()]
    nested = [one["Properties"]["TemplateURL"] for one in resources if one["Type"] == STACK]
    assert nested
    for path in nested:
        resources += load(ROOT / path)["Resources"].values()
    # What SAM makes of it: functions, their roles and versions, schedules, deployments.
    resources += translate(packaged_template(), Stage="prod")["Resources"].values()
    types = [one["Type"] for one in resources]
    services = {kind.split("::")[1].lower() for kind in types} | {"codedeploy", "s3"}
    assert {own_names.get(name, name) for name in services} <= allowed


def test_role_may_create_every_nested_stack_and_read_its_template() -> None:
    role = load(ROLE)["Resources"]["PipelineRole"]["Properties"]
    statements = {one["Sid"]: one for one in role["Policies"][0]["PolicyDocument"]["Statement"]}
    own = statements["NestedStack"]
    actions = {"CreateStack", "UpdateStack", "DeleteStack", "CancelUpdateStack", "DescribeStacks"}
    assert set(own["Action"]) == {f"cloudformation:{action}" for action in actions}
    assert own["Condition"]["ForAnyValue:StringEquals"] == {
        "aws:CalledVia": "cloudformation.amazonaws.com"
    }
    resources = load(ROOT / "template.yaml")["Resources"]
    nested = [name for name, one in resources.items() if one["Type"] == STACK]
    # CloudFormation names it <stack>-<logical id>-<random>.
    assert [own["Resource"].partition(":stack/")[2]] == [
        f"smile-${{Stage}}-{name}-*/*" for name in nested
    ]
    artifacts = statements["Artifacts"]
    assert "s3:GetObject" in artifacts["Action"] and "Condition" not in artifacts


def test_wildcards_apply_only_to_calls_from_cloudformation() -> None:
    role = load(ROLE)["Resources"]["PipelineRole"]["Properties"]
    statements = role["Policies"][0]["PolicyDocument"]["Statement"]
    from_cloudformation = {
        "ForAnyValue:StringEquals": {"aws:CalledVia": "cloudformation.amazonaws.com"}
    }
    for statement in statements:
        actions = statement["Action"]
        if actions == ["iam:CreateServiceLinkedRole"]:
            service = "dynamodb.application-autoscaling.amazonaws.com"
            of_service = {"StringEquals": {"iam:AWSServiceName": service}}
            assert statement["Condition"] == from_cloudformation | of_service
            assert f":role/aws-service-role/{service}/AWSServiceRole" in statement["Resource"]
            continue
        if "*" in str(actions) or "iam:" in str(actions):
            assert statement["Condition"] == from_cloudformation
        if "iam:" in str(actions):
            assert statement["Resource"].endswith(":role/smile-${Stage}-*")
