"""Lint the template: as written, and as CloudFormation gets it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cfnlint.decode.cfn_yaml import load as load_template  # type: ignore[import-untyped]

from scripts.translate_template import packaged_template, translate

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.system
# SAM's output has dependencies that its references imply already.
REDUNDANT_DEPENDENCY = "W3005"
# A test fixes a parameter, so one branch of its conditions is never taken.
UNREACHABLE = "W1028"
CFN_LINT = "from cfnlint import runner; runner.main()"
# A region that has all our services except Greengrass. A region may refuse a template with an
# unknown resource type even if its condition is false.
WITHOUT_GREENGRASS = "eu-north-1"


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "us-east-1"}
    environment.pop("PYTHONPATH", None)
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def lint(path: Path, *regions: str) -> subprocess.CompletedProcess[str]:
    return run(
        *(sys.executable, "-c", CFN_LINT, "--format", "parseable"),
        *("--ignore-checks", REDUNDANT_DEPENDENCY, UNREACHABLE, "--regions", *regions, "--", path),
    )


@pytest.mark.artefact
def test_the_template_is_valid() -> None:
    sam = ROOT / ".venv-sam" / "bin" / "sam"
    assert sam.exists(), "needs aws-sam-cli: make .venv-sam/.done"
    done = run(sam, "validate", "--lint")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("stage", "rollout", "capacity"),
    [
        ("dev", "AllAtOnce", "on-demand"),
        ("staging", "Canary10Percent5Minutes", "provisioned"),
        ("prod", "Canary10Percent10Minutes", "on-demand"),
    ],
)
def test_the_translated_template_is_valid(
    stage: str, rollout: str, capacity: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    translated = translate(packaged_template(), Stage=stage, TableCapacity=capacity)
    # The linter then sees the table and its scaling with one value of the parameter only.
    translated["Parameters"]["TableCapacity"]["AllowedValues"] = [capacity]
    translated["Parameters"]["TableCapacity"]["Default"] = capacity
    path = tmp_path / "translated.json"
    path.write_text(json.dumps(translated))
    done = lint(path, "us-east-1", WITHOUT_GREENGRASS)
    assert done.returncode == 0, done.stdout + done.stderr
    types = {resource["Type"] for resource in translated["Resources"].values()}
    assert "AWS::Lambda::Alias" in types
    assert "AWS::Lambda::EventSourceMapping" in types
    passed = translated["Resources"]["EdgeOnGreengrass"]["Properties"]["Parameters"]
    version = translated["Resources"][passed["FunctionVersionArn"]["Ref"]]
    assert version["Type"] == "AWS::Lambda::Version", "Greengrass does not accept an alias"
    assert version["Properties"]["FunctionName"] == {"Ref": "EdgeFunction"}
    groups = [
        resource["Properties"]
        for resource in translated["Resources"].values()
        if resource["Type"] == "AWS::CodeDeploy::DeploymentGroup"
    ]
    assert groups
    for group in groups:
        assert group["DeploymentConfigName"]["Fn::Sub"][1]["ConfigName"] == rollout
        assert "DEPLOYMENT_STOP_ON_ALARM" in group["AutoRollbackConfiguration"]["Events"]
        assert group["AlarmConfiguration"]["Fn::If"][1]["Alarms"]


def test_the_nested_template_is_valid_only_in_regions_with_greengrass(tmp_path: Path) -> None:
    template = load_template(str(ROOT / "deploy" / "greengrass.yaml"))
    path = tmp_path / "greengrass.json"
    path.write_text(json.dumps(template))  # without YAML aliases, as sam build writes it
    done = lint(path, "us-east-1", "eu-central-1")
    assert done.returncode == 0, done.stdout + done.stderr
    elsewhere = lint(path, WITHOUT_GREENGRASS)
    types = {resource["Type"] for resource in template["Resources"].values()}
    assert all(
        f"'{one}' does not exist in '{WITHOUT_GREENGRASS}'" in elsewhere.stdout for one in types
    )


def test_fleet_provisioning_is_valid() -> None:
    done = lint(ROOT / "deploy" / "fleet-provisioning.yaml", "us-east-1", WITHOUT_GREENGRASS)
    assert done.returncode == 0, done.stdout + done.stderr
