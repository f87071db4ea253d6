"""What ``make deploy`` checks, and the commands that it runs."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from ops.deploy.__main__ import sam_commands
from ops.deploy.readiness import check_ready
from ops.errors import CommandError
from ops.stack import Stack
from ops.stage import load_stage

ROOT = Path(__file__).parents[3]
REGION = "eu-central-1"


def stack(status: str) -> Stack:
    return Stack("smile-dev", status, {})


@pytest.mark.parametrize("is_attended", [True, False])
def test_only_a_pipeline_skips_the_confirmation_of_the_change_set(is_attended: bool) -> None:
    build, deploy = sam_commands(
        Path("sam"), load_stage("prod"), REGION, "", is_attended=is_attended
    )
    assert build == ["sam", "build", "--parameter-overrides", "Stage=prod"]
    assert ("--no-confirm-changeset" not in deploy) is is_attended
    assert deploy.index("--parameter-overrides") > deploy.index("--region")


@pytest.mark.parametrize("found", [None, stack("REVIEW_IN_PROGRESS")])
def test_email_is_required_when_the_stack_is_new(found: Stack | None) -> None:
    stage = load_stage("dev")
    with pytest.raises(CommandError, match=r"smile-dev is new: set EMAIL="):
        check_ready(found, stage, REGION, "")
    check_ready(found, stage, REGION, "none")


@pytest.mark.parametrize(
    "status", ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"]
)
def test_email_is_optional_when_the_stack_exists(status: str) -> None:
    check_ready(stack(status), load_stage("dev"), REGION, "")


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        *(
            (status, "sam delete --stack-name smile-dev --region eu-central-1'")
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
        check_ready(stack(status), load_stage("dev"), REGION, "none")
    assert sentence in str(caught.value)


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
