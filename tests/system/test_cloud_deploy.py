"""``make deploy``: the commands it runs, and its error when it cannot deploy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from local.processes.child import Processes
from tests.helpers.aws import create_stack
from tests.helpers.http_server import Answer, serve
from tests.helpers.moto_server import start_moto

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.system, pytest.mark.xdist_group("deploy")]
KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
SAM = """#!{python}
import json, os, sys
with open(os.environ["CALLS"], "a") as calls:
    calls.write(json.dumps(sys.argv[1:]) + "\\n")
sys.exit(int(os.environ.get("FAIL_AT", "-1")) == ["build", "deploy"].index(sys.argv[1]) and 7)
"""


def client(service: str, endpoint_url: str, region: str) -> Any:
    keys = {name.lower(): value for name, value in KEYS.items()}
    return boto3.client(service, endpoint_url=endpoint_url, region_name=region, **keys)


def set_log_role(endpoint_url: str, region: str) -> None:
    """Give API Gateway the role with which it writes access logs."""
    change = {"op": "replace", "path": "/cloudwatchRoleArn", "value": "arn:aws:iam::1:role/logs"}
    client("apigateway", endpoint_url, region).update_account(patchOperations=[change])


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """moto as STS and CloudFormation, with a stack of the stage dev."""
    processes = Processes(tmp_path_factory.mktemp("logs"))
    try:
        url = start_moto(processes).endpoint_url
        create_stack("smile-dev", endpoint_url=url)
        set_log_role(url, "eu-central-1")
        yield url
    finally:
        processes.stop()


@pytest.fixture
def refusing() -> Iterator[tuple[str, list[str]]]:
    """An STS that answers with the error code in the list."""
    codes: list[str] = []

    def answer(*_: object) -> Answer:
        error = f"<Error><Type>Sender</Type><Code>{codes[0]}</Code><Message>no</Message></Error>"
        request = "<RequestId>1</RequestId>"
        return 403, f"<ErrorResponse>{error}{request}</ErrorResponse>".encode(), {}

    with serve(answer) as url:
        yield url, codes


class Deploy:
    """Runs the command with a sam that only records its arguments."""

    def __init__(self, folder: Path) -> None:
        self._calls = folder / "calls"
        self._sam = folder / "sam"
        self._sam.write_text(SAM.format(python=sys.executable), "utf-8")
        self._sam.chmod(0o755)

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("AWS_") and k != "CI"}
        no_settings = {
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "CALLS": str(self._calls),
        }
        return subprocess.run(
            [sys.executable, "-m", "ops.deploy", "--sam", str(self._sam), *arguments],
            cwd=ROOT,
            env=kept | no_settings | variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    @property
    def calls(self) -> list[list[str]]:
        if not self._calls.exists():
            return []
        return [json.loads(line) for line in self._calls.read_text("utf-8").splitlines()]


@pytest.fixture
def deploy(tmp_path: Path) -> Deploy:
    return Deploy(tmp_path)


def test_sam_builds_and_deploys_with_the_parameters_of_the_stage(
    deploy: Deploy, endpoint: str
) -> None:
    here = KEYS | {"AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "eu-central-1"}
    done = deploy.run("--stage", "staging", "--email", "none", **here)
    assert done.returncode == 0, done.stderr
    build, command = deploy.calls
    assert build == ["build", *command[5:]], "the device package depends on them"
    assert command[:5] == ["deploy", "--config-env", "staging", "--region", "eu-central-1"]
    assert command[5:] == [
        "--parameter-overrides",
        *("Stage=staging", "RollbackAlarms=on"),
        "AlertEmail=none",
    ]


def test_email_is_optional_when_the_stack_exists(deploy: Deploy, endpoint: str) -> None:
    here = KEYS | {"AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "eu-central-1"}
    assert deploy.run("--stage", "dev", **here).returncode == 0
    assert not any("AlertEmail" in word for word in deploy.calls[1])


def test_the_capacity_of_the_table_is_passed_on_when_its_units_fit(
    deploy: Deploy, endpoint: str
) -> None:
    here = KEYS | {"AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "eu-central-1"}
    chosen = ["TableCapacity=provisioned", "TableWriteUnits=5000"]
    done = deploy.run("--stage", "dev", "--parameters", " ".join(chosen), **here)
    assert done.returncode == 2
    message = "PARAMETERS: TableWriteUnits=5000: expected at most TableMaxUnits, which is 4000"
    assert done.stderr == f"deploy: {message}\n"
    assert f"| `deploy: {message}` |" in (ROOT / "docs/cloud.md").read_text("utf-8")
    assert deploy.calls == []
    chosen.append("TableMaxUnits=9000")
    assert deploy.run("--stage", "dev", "--parameters", " ".join(chosen), **here).returncode == 0
    assert deploy.calls[1][-3:] == chosen


def test_exit_code_is_that_of_sam_when_it_fails(deploy: Deploy, endpoint: str) -> None:
    here = KEYS | {"AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "eu-central-1", "FAIL_AT": "0"}
    assert deploy.run("--stage", "dev", **here).returncode == 7
    assert [call[0] for call in deploy.calls] == ["build"]


@pytest.mark.parametrize(
    ("arguments", "variables", "sentence"),
    [
        (["--stage", ""], {}, "the stage is missing: set STAGE=dev|staging|prod"),
        (["--stage", "test"], {}, "stage 'test' does not exist: set STAGE=dev|staging|prod"),
        (["--stage", "dev", "--email", "me"], {}, "EMAIL=me: expected one e-mail address, or none"),
        (["--stage", "dev"], {}, "no AWS region is set: set AWS_REGION"),
        (
            ["--stage", "dev"],
            {"AWS_REGION": "eu-centrall-1"},
            "AWS IoT has no region 'eu-centrall-1'",
        ),
        (["--stage", "dev"], {"AWS_REGION": "eu-west-1"}, "no AWS credentials found: run"),
        (["--stage", "dev"], {"AWS_PROFILE": "work"}, "AWS profile 'work' does not exist"),
        (["--stage", "dev", "--sam", "nowhere"], {}, "nowhere is missing"),
        (
            ["--stage", "dev"],
            KEYS | {"AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"},
            "AWS in eu-west-1 does not answer at http://127.0.0.1:9/",
        ),
    ],
)
def test_sam_is_not_called_when_the_deployment_cannot_succeed(
    deploy: Deploy, arguments: list[str], variables: dict[str, str], sentence: str
) -> None:
    done = deploy.run(*arguments, **variables)
    assert (done.returncode, done.stdout, deploy.calls) == (2, "", [])
    assert done.stderr.startswith("deploy: ")
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("ExpiredToken", "the AWS credentials have expired: sign in again"),
        ("InvalidClientTokenId", "AWS rejects these credentials in eu-west-1"),
    ],
)
def test_error_is_one_sentence_when_aws_rejects_the_credentials(
    deploy: Deploy, refusing: tuple[str, list[str]], code: str, sentence: str
) -> None:
    url, codes = refusing
    codes.append(code)
    done = deploy.run("--stage", "dev", **KEYS, AWS_REGION="eu-west-1", AWS_ENDPOINT_URL=url)
    assert (done.returncode, deploy.calls) == (2, [])
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


def test_email_is_required_when_the_stack_is_new(deploy: Deploy, endpoint: str) -> None:
    here = KEYS | {"AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "eu-west-1"}
    done = deploy.run("--stage", "prod", **here)
    assert (done.returncode, deploy.calls) == (2, [])
    assert "smile-prod is new: set EMAIL=" in done.stderr


def test_role_for_access_logs_is_made_only_on_request(deploy: Deploy, endpoint: str) -> None:
    here = KEYS | {"AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "us-west-2"}
    words = ("--stage", "dev", "--email", "none")
    done = deploy.run(*words, **here)
    assert (done.returncode, deploy.calls) == (2, [])
    assert "no role for access logs in us-west-2: deploy once with API_LOG_ROLE" in done.stderr
    assert deploy.run(*words, "--api-log-role", "yes", **here).returncode == 2
    assert deploy.run(*words, "--api-log-role=create", **here).returncode == 0
    assert deploy.calls[1][-2:] == ["AlertEmail=none", "ApiGatewayLogRole=create"]
