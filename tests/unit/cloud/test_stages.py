"""What ``sam deploy`` makes as people type it: no stage gets the settings of another."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest

from local.cloudformation.physical import PhysicalNames
from local.cloudformation.resolver import Resolver
from local.cloudformation.template import load_template
from ops.stage import load_stage
from tests.helpers.template import ROOT

STAGES = ("dev", "staging", "prod")
DAYS = {"dev": ("14", "60"), "staging": ("30", "120"), "prod": ("90", "400")}
SAMCONFIG = tomllib.loads((ROOT / "samconfig.toml").read_text("utf-8"))


def resolver(**parameters: str) -> Resolver:
    names = PhysicalNames("us-east-1", "http://127.0.0.1:4566")
    return Resolver(
        load_template(ROOT / "template.yaml"), names, parameters, read_secret=lambda _: "x"
    )


def retention(**parameters: str) -> tuple[str, str]:
    """Return the days that store_event keeps events and counts."""
    function = load_template(ROOT / "template.yaml").section("Resources")["StoreEventFunction"]
    written = function["Properties"]["Environment"]["Variables"]
    variables = resolver(**parameters).resolve(written, "variables")
    return variables["EVENT_RETENTION_DAYS"], variables["ROLLUP_RETENTION_DAYS"]


@pytest.mark.parametrize("stage", STAGES)
def test_stage_alone_decides_about_retention_and_protection(stage: str) -> None:
    """As for ``sam deploy --config-env dev --parameter-overrides Stage=dev AlertEmail=none``."""
    assert retention(Stage=stage, AlertEmail="none") == DAYS[stage]
    table = resolver(Stage=stage, AlertEmail="none").properties("EventsTable")
    assert table["DeletionProtectionEnabled"] is (stage == "prod")
    recovery = table["PointInTimeRecoverySpecification"]
    assert recovery["PointInTimeRecoveryEnabled"] is (stage != "dev")


def test_days_of_a_parameter_win_over_those_of_the_stage() -> None:
    assert retention(Stage="prod", EventRetentionDays="33") == ("33", "400")
    assert retention(Stage="dev", RollupRetentionDays="7") == ("14", "7")


@pytest.mark.parametrize("stage", STAGES)
def test_configuration_of_a_stage_names_its_stack_and_its_stage(stage: str) -> None:
    found = load_stage(stage)
    assert found.stack_name == f"smile-{stage}"
    assert dict(one.split("=") for one in found.parameters) == {
        "Stage": stage,
        "RollbackAlarms": "on",
    }
    settings = SAMCONFIG[stage]["deploy"]["parameters"]
    assert settings["confirm_changeset"] is (stage == "prod")


def test_plain_sam_deploy_chooses_no_stage(template: dict[str, Any]) -> None:
    """CloudFormation refuses a new stack without it; an existing one keeps its stage."""
    assert "parameter_overrides" not in SAMCONFIG["default"]["deploy"]["parameters"]
    assert SAMCONFIG["default"]["deploy"]["parameters"]["confirm_changeset"] is True
    stage = template["Parameters"]["Stage"]
    assert "Default" not in stage
    assert [
        one for one in (*STAGES, "", "Prod", "test") if re.fullmatch(stage["AllowedPattern"], one)
    ] == [*STAGES]


def test_name_of_the_stack_protects_prod_when_the_stage_is_wrong(
    template: dict[str, Any],
) -> None:
    conditions = template["Conditions"]
    named = {"!Equals": [{"!Ref": "AWS::StackName"}, load_stage("prod").stack_name]}
    assert named in conditions["IsProd"]["!Or"]
    assert {"!Condition": "IsProd"} in conditions["IsNotDev"]["!Or"]
