"""What ``make deploy`` checks, and the commands that it runs."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import boto3
import pytest

from ops.deploy.__main__ import sam_commands
from ops.deploy.readiness import check_alarms, check_ready
from ops.errors import CommandError
from ops.parameters import check_units, parse_parameters
from ops.stack import Stack
from ops.stage import load_stage

ROOT = Path(__file__).parents[3]
REGION = "eu-central-1"


def stack(status: str) -> Stack:
    return Stack("smile-dev", status, {})


@pytest.mark.parametrize("is_attended", [True, False])
def test_only_a_pipeline_skips_the_confirmation_of_the_change_set(is_attended: bool) -> None:
    build, deploy = sam_commands(
        Path("sam"), load_stage("prod"), REGION, (), {}, is_attended=is_attended
    )
    assert build == ["sam", "build", "--parameter-overrides", "Stage=prod", "RollbackAlarms=on"]
    assert ("--no-confirm-changeset" not in deploy) is is_attended
    assert deploy.index("--parameter-overrides") > deploy.index("--region")


def test_chosen_parameters_replace_those_of_the_stage() -> None:
    chosen = parse_parameters("RollbackAlarms=off AlertTimeZone=Europe/Berlin")
    build, deploy = sam_commands(Path("sam"), load_stage("prod"), REGION, chosen, {})
    for command in (build, deploy):
        given = command[command.index("--parameter-overrides") + 1 :]
        assert given == ["Stage=prod", "RollbackAlarms=off", "AlertTimeZone=Europe/Berlin"]


@pytest.mark.parametrize(
    ("chosen", "built"), [((), "x86_64"), (("EdgeArchitecture=arm64",), "arm64")]
)
def test_the_build_is_for_the_processor_of_the_deployed_cameras(
    chosen: tuple[str, ...], built: str
) -> None:
    deployed = {"EdgeArchitecture": "x86_64", "AlertTimeZone": "Asia/Tokyo"}
    build, deploy = sam_commands(Path("sam"), load_stage("dev"), REGION, chosen, deployed)
    assert f"EdgeArchitecture={built}" in build
    assert "AlertTimeZone=Asia/Tokyo" not in build + deploy
    assert ("EdgeArchitecture=x86_64" in deploy) is False


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("AlertTimeZone", "expected NAME=VALUE, got AlertTimeZone"),
        ("A=1 =2", "expected NAME=VALUE, got =2"),
        ("Stage=prod", "Stage belongs to STAGE"),
        ("AlertTimeZone=Europe/Berln", "AlertTimeZone: expected an IANA time zone"),
        ("AlertTimeZone=../etc", "AlertTimeZone: expected an IANA time zone"),
    ],
)
def test_parameters_are_refused_before_the_build(text: str, problem: str) -> None:
    with pytest.raises(CommandError, match=problem):
        parse_parameters(text)


@pytest.mark.parametrize(
    ("chosen", "deployed", "problem"),
    [
        ("TableCapacity=provisioned TableWriteUnits=4001", {}, "TableWriteUnits=4001"),
        ("TableMaxUnits=30", {"TableCapacity": "provisioned", "IndexWriteUnits": "31"}, "Index"),
        ("TableCapacity=provisioned", {"TableReadUnits": "9", "TableMaxUnits": "8"}, "TableRead"),
        ("TableCapacity=provisioned TableWriteUnits=4000", {}, ""),
        ("TableWriteUnits=4001", {"TableCapacity": "on-demand"}, ""),
        ("TableCapacity=on-demand", {"TableCapacity": "provisioned", "TableMaxUnits": "1"}, ""),
    ],
)
def test_units_beyond_their_maximum_are_refused_before_the_table_is_switched(
    chosen: str, deployed: dict[str, str], problem: str
) -> None:
    if not problem:
        check_units(parse_parameters(chosen), deployed)
        return
    with pytest.raises(CommandError, match=rf"{problem}.*expected at most TableMaxUnits, which is"):
        check_units(parse_parameters(chosen), deployed)


@pytest.mark.parametrize("found", [None, stack("REVIEW_IN_PROGRESS")])
def test_email_is_required_when_the_stack_is_new(found: Stack | None) -> None:
    stage = load_stage("dev")
    with pytest.raises(CommandError, match=r"smile-dev is new: set EMAIL="):
        check_ready(found, stage, "")
    check_ready(found, stage, "none")


@pytest.mark.parametrize(
    "status", ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"]
)
def test_email_is_optional_when_the_stack_exists(status: str) -> None:
    check_ready(stack(status), load_stage("dev"), "")


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        *(
            (status, "run make undeploy STAGE=dev, then deploy again")
            for status in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED")
        ),
        ("UPDATE_IN_PROGRESS", "smile-dev is UPDATE_IN_PROGRESS: wait until it ends, then deploy"),
        ("DELETE_IN_PROGRESS", "smile-dev is DELETE_IN_PROGRESS: wait until it ends, then deploy"),
    ],
)
def test_deployment_is_refused_before_the_build_when_the_stack_cannot_be_updated(
    status: str, sentence: str
) -> None:
    with pytest.raises(CommandError) as caught:
        check_ready(stack(status), load_stage("dev"), "none")
    assert sentence in str(caught.value)


@pytest.mark.parametrize("state", ["OK", "INSUFFICIENT_DATA", "ALARM"])
def test_deployment_is_refused_when_its_alarms_would_roll_it_back(
    no_aws: pytest.MonkeyPatch, state: str
) -> None:
    asked: list[dict[str, Any]] = []

    def answer(_client: Any, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        assert operation == "DescribeAlarms"
        asked.append(arguments)
        return {"CompositeAlarms": [{"StateValue": state}]}

    no_aws.setattr("botocore.client.BaseClient._make_api_call", answer)
    session = boto3.Session(region_name=REGION)
    deployed = Stack("smile-dev", "UPDATE_COMPLETE", {"RollbackAlarmName": "smile-dev-rollback"})
    if state == "ALARM":
        with pytest.raises(CommandError, match="smile-dev-rollback is in alarm, so CodeDeploy"):
            check_alarms(session, deployed)
    else:
        check_alarms(session, deployed)
    [arguments] = asked
    assert arguments["AlarmTypes"] == ["CompositeAlarm"], "AWS leaves them out by default"
    check_alarms(session, None)
    check_alarms(session, stack("UPDATE_COMPLETE"))
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("name", "problem"), [("", "the stage is missing"), ("test", "stage 'test' does not exist")]
)
def test_error_lists_the_stages_when_the_stage_is_unknown(name: str, problem: str) -> None:
    with pytest.raises(CommandError, match=rf"^{problem}: set STAGE=dev\|staging\|prod$"):
        load_stage(name)


def test_error_names_the_file_when_it_cannot_be_parsed(tmp_path: Path) -> None:
    for content in (None, "nonsense"):
        config = tmp_path / "samconfig.toml"
        if content:
            config.write_text(content)
        with pytest.raises(CommandError, match=r"^samconfig\.toml cannot be read: "):
            load_stage("dev", config)


def test_region_and_parameters_are_read_from_the_file(tmp_path: Path) -> None:
    config = tmp_path / "samconfig.toml"
    config.write_text(
        '[eu.deploy.parameters]\nstack_name = "smile-eu"\nregion = "eu-west-1"\n'
        'parameter_overrides = "Stage=dev AlertEmail=none"\n'
    )
    stage = load_stage("eu", config)
    assert (stage.region, stage.parameters) == ("eu-west-1", ("Stage=dev", "AlertEmail=none"))


@pytest.mark.skipif(shutil.which("make") is None, reason="make is missing")
def test_makefile_sets_no_region() -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "MAKE"))}
    done = subprocess.run(
        ["make", "--eval", 'show: ; @echo "[$$AWS_DEFAULT_REGION]"', "show"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"
