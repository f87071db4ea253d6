"""What the tests of the commands share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.helpers.aws import create_stack
from tests.helpers.devices import POLICY


@pytest.fixture
def no_aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """A machine without AWS settings, in an empty folder."""
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN", "PROFILE"):
        monkeypatch.delenv(f"AWS_{name}", raising=False)
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.chdir(tmp_path)
    return monkeypatch


@pytest.fixture
def stack_outputs() -> dict[str, str]:
    """The outputs of the stack of the stage dev; a test may add some before it uses `iot`."""
    return {
        "DevicePolicyName": POLICY,
        "BasicIngestTopic": "$aws/rules/smile_dev_events/smile/<device>/events",
    }


@pytest.fixture
def iot(no_aws: pytest.MonkeyPatch, stack_outputs: dict[str, str]) -> Iterator[Any]:
    """A client of AWS IoT, in an account with the stack of the stage dev."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        no_aws.setenv(name, "testing")
    no_aws.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with mock_aws():
        create_stack("smile-dev", stack_outputs)
        client = boto3.client("iot")
        client.create_policy(policyName=POLICY, policyDocument="{}")
        yield client
