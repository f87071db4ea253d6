"""The region that a command uses."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from ops.account import open_session
from ops.errors import CommandError
from ops.stage import Stage


@pytest.fixture
def accepted(no_aws: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """AWS that accepts the credentials of this machine."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        no_aws.setenv(name, "testing")

    def answer(*_: Any) -> dict[str, Any]:
        return {}

    no_aws.setattr("botocore.client.BaseClient._make_api_call", answer)
    return no_aws


def stage(region: str | None) -> Stage:
    return Stage("eu", "smile-eu", region, ())


def session_region(stage_region: str | None) -> str:
    session: boto3.Session = open_session(stage(stage_region))
    return str(session.region_name)


def test_region_is_that_of_the_stage_when_the_machine_sets_none(
    accepted: pytest.MonkeyPatch,
) -> None:
    assert session_region("eu-west-1") == "eu-west-1"


def test_region_is_refused_when_the_stage_is_in_another(accepted: pytest.MonkeyPatch) -> None:
    accepted.setenv("AWS_REGION", "us-east-1")
    with pytest.raises(CommandError) as caught:
        open_session(stage("eu-west-1"))
    assert str(caught.value) == (
        "stage eu is in eu-west-1 (samconfig.toml), not in us-east-1: set AWS_REGION=eu-west-1"
    )


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1"])
def test_regions_of_other_partitions_are_known(accepted: pytest.MonkeyPatch, region: str) -> None:
    accepted.setenv("AWS_REGION", region)
    assert session_region(None) == region
