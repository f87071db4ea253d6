"""``make deploy``: what it runs, and the one sentence when it cannot."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import boto3
import pytest

from local.aws.endpoints import LocalAws
from local.aws.moto import start_aws_server
from local.network.ports import free_port
from local.processes.child import Processes, wait_for_port

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.system, pytest.mark.xdist_group("deploy")]
KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
SAM = """#!{python}
import json, os, sys
with open(os.environ["CALLS"], "a") as calls:
    calls.write(json.dumps(sys.argv[1:]) + "\\n")
sys.exit(int(os.environ.get("FAIL_AT", "-1")) == ["build", "deploy"].index(sys.argv[1]) and 7)
"""


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """moto as STS and CloudFormation, with a stack of the stage dev."""
    processes = Processes(tmp_path_factory.mktemp("logs"))
    port = free_port()
    aws = LocalAws(f"http://127.0.0.1:{port}")
    try:
        wait_for_port(start_aws_server(aws, port, processes), port)
        boto3.client(
            "cloudformation",
            endpoint_url=aws.endpoint_url,
            region_name="eu-central-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        ).create_stack(
            StackName="smile-dev",
            TemplateBody=json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}),
        )
        yield aws.endpoint_url
    finally:
        processes.stop()


@pytest.fixture
def refusing() -> Iterator[tuple[str, list[str]]]:
    """An STS that answers with the error code in the list."""
    codes: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            body = (
                f"<ErrorResponse><Error><Type>Sender</Type><Code>{codes[0]}</Code>"
                "<Message>no</Message></Error></ErrorResponse>"
            ).encode()
            self.send_response(403)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", codes
    server.shutdown()
    server.server_close()


class Deploy:
    """Runs the command with a sam that only writes down how it is called."""

    def __init__(self, folder: Path) -> None:
        self._calls = folder / "calls"
        self._sam = folder / "sam"
        self._sam.write_text(SAM.format(python=sys.executable), "utf-8")
        self._sam.chmod(0o755)

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("AWS_") and k != "CI"}
        nobody = {
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "CALLS": str(self._calls),
        }
        return subprocess.run(
            [sys.executable, "-m", "ops.deploy", "--sam", str(self._sam), *arguments],
            cwd=ROOT,
            env=kept | nobody | variables,
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


def test_sam_builds_and_deploys_with_the_stages_parameters_when_all_is_well(
    deploy: Deploy, endpoint: str
) -> None:
    here = KEYS | {"AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "eu-central-1"}
    done = deploy.run("--stage", "staging", "--email", "none", **here)
    assert done.returncode == 0, done.stderr
    build, command = deploy.calls
    assert build == ["build", *command[5:-1]], "the device's package depends on them"
    assert command[:5] == ["deploy", "--config-env", "staging", "--region", "eu-central-1"]
    assert command[5:] == [
        "--parameter-overrides",
        *("Stage=staging", "EventRetentionDays=30", "RollupRetentionDays=120"),
        "AlertEmail=none",
    ]


def test_the_address_is_not_asked_for_again_when_the_stack_is_there(
    deploy: Deploy, endpoint: str
) -> None:
    here = KEYS | {"AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "eu-central-1"}
    assert deploy.run("--stage", "dev", **here).returncode == 0
    assert not any("AlertEmail" in word for word in deploy.calls[1])


def test_sams_own_status_is_kept_when_it_fails(deploy: Deploy, endpoint: str) -> None:
    here = KEYS | {"AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "eu-central-1", "FAIL_AT": "0"}
    assert deploy.run("--stage", "dev", **here).returncode == 7
    assert [call[0] for call in deploy.calls] == ["build"]


@pytest.mark.parametrize(
    ("arguments", "variables", "complaint"),
    [
        (["--stage", ""], {}, "no stage is named: give STAGE=dev|staging|prod"),
        (["--stage", "test"], {}, "there is no stage 'test': give STAGE=dev|staging|prod"),
        (["--stage", "dev", "--email", "me"], {}, "EMAIL must be one e-mail address, or none"),
        (["--stage", "dev"], {}, "no region is named: set AWS_REGION"),
        (["--stage", "dev"], {"AWS_REGION": "eu-centrall-1"}, "a region called 'eu-centrall-1'"),
        (["--stage", "dev"], {"AWS_REGION": "eu-west-1"}, "no AWS credentials found: run"),
        (["--stage", "dev"], {"AWS_PROFILE": "work"}, "there is no AWS profile 'work'"),
        (["--stage", "dev", "--sam", "nowhere"], {}, "nowhere is missing"),
        (
            ["--stage", "dev"],
            KEYS | {"AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"},
            "AWS in eu-west-1 does not answer at http://127.0.0.1:9/",
        ),
    ],
)
def test_one_sentence_tells_why_and_sam_is_not_called_when(
    deploy: Deploy, arguments: list[str], variables: dict[str, str], complaint: str
) -> None:
    done = deploy.run(*arguments, **variables)
    assert (done.returncode, done.stdout, deploy.calls) == (2, "", [])
    assert done.stderr.startswith("deploy: ")
    assert complaint in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("code", "complaint"),
    [
        ("ExpiredToken", "the AWS credentials have expired: sign in again"),
        ("InvalidClientTokenId", "AWS does not accept these credentials in eu-west-1"),
    ],
)
def test_one_sentence_tells_why_when_aws_refuses_the_credentials(
    deploy: Deploy, refusing: tuple[str, list[str]], code: str, complaint: str
) -> None:
    url, codes = refusing
    codes.append(code)
    done = deploy.run("--stage", "dev", **KEYS, AWS_REGION="eu-west-1", AWS_ENDPOINT_URL=url)
    assert (done.returncode, deploy.calls) == (2, [])
    assert complaint in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_address_is_asked_for_when_the_stack_is_new(deploy: Deploy, endpoint: str) -> None:
    here = KEYS | {"AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "eu-west-1"}
    done = deploy.run("--stage", "prod", **here)
    assert (done.returncode, deploy.calls) == (2, [])
    assert "smile-prod is new: say who is told of smiles and alarms with EMAIL=" in done.stderr
