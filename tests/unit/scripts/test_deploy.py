"""What ``make deploy`` asks for, and what it runs."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from ops.deploy.__main__ import commands
from ops.deploy.readiness import check_ready
from ops.errors import CommandError
from ops.stack import Stack
from ops.stage import load_stage

ROOT = Path(__file__).parents[3]
REGION = "eu-central-1"


def stack(status: str) -> Stack:
    return Stack("smile-dev", status, {})


@pytest.mark.parametrize("is_attended", [True, False])
def test_nobody_is_asked_when_a_pipeline_deploys(is_attended: bool) -> None:
    build, deploy = commands(Path("sam"), load_stage("prod"), REGION, "", is_attended=is_attended)
    assert build == ["sam", "build", "--parameter-overrides", "Stage=prod"]
    assert ("--no-confirm-changeset" not in deploy) is is_attended
    assert deploy.index("--parameter-overrides") > deploy.index("--region")


@pytest.mark.parametrize("found", [None, stack("REVIEW_IN_PROGRESS")])
def test_address_is_asked_for_when_nothing_was_deployed_yet(found: Stack | None) -> None:
    stage = load_stage("dev")
    with pytest.raises(CommandError, match=r"smile-dev is new: .* with EMAIL="):
        check_ready(found, stage, REGION, "")
    check_ready(found, stage, REGION, "none")


@pytest.mark.parametrize(
    "status", ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"]
)
def test_address_is_remembered_when_the_stack_is_there(status: str) -> None:
    check_ready(stack(status), load_stage("dev"), REGION, "")


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        ("ROLLBACK_COMPLETE", "sam delete --stack-name smile-dev --region eu-central-1'"),
        ("UPDATE_IN_PROGRESS", "smile-dev is UPDATE_IN_PROGRESS: deploy when that has ended"),
    ],
)
def test_one_sentence_says_so_before_the_build_when_the_stack_cannot_be_updated(
    status: str, sentence: str
) -> None:
    with pytest.raises(CommandError) as caught:
        check_ready(stack(status), load_stage("dev"), REGION, "none")
    assert sentence in str(caught.value)


def test_stages_of_the_file_are_named_when_there_is_no_such_stage() -> None:
    with pytest.raises(CommandError, match=r"^no stage is named: give STAGE=dev\|staging\|prod$"):
        load_stage("")


def test_region_of_a_stage_is_read_when_the_file_has_one(tmp_path: Path) -> None:
    config = tmp_path / "samconfig.toml"
    config.write_text(
        '[eu.deploy.parameters]\nstack_name = "smile-eu"\nregion = "eu-west-1"\n'
        'parameter_overrides = "Stage=dev AlertEmail=none"\n'
    )
    stage = load_stage("eu", config)
    assert (stage.region, stage.parameters) == ("eu-west-1", ("Stage=dev", "AlertEmail=none"))


@pytest.mark.skipif(shutil.which("make") is None, reason="make is missing")
def test_make_names_no_region_of_its_own_when_it_calls_a_command() -> None:
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
