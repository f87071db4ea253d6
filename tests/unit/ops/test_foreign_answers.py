"""Answers that AWS did not send, and credentials that never come, end in one sentence."""

from __future__ import annotations

import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from ops.account import open_session
from ops.deploy.__main__ import main as deploy
from ops.device.__main__ import main as device
from ops.errors import CommandError
from ops.redrive.__main__ import main as redrive
from ops.smoke_test.__main__ import main as smoke_test
from ops.smoke_test.round_trip import check_round_trip
from ops.stage import load_stage
from ops.undeploy.__main__ import main as undeploy
from tests.helpers.http_server import Answer, serve

PORTAL = b"<html><body><h1>Hotel</h1>Please sign in.</body></html>"
HTML = {"Content-Type": "text/html"}
FOREIGN: dict[str, Answer] = {
    "portal with 200": (200, PORTAL, HTML),
    "portal with 403": (403, PORTAL, HTML),
    "portal with 511": (511, PORTAL, HTML),
    "empty JSON": (200, b"{}", {"Content-Type": "application/json"}),
    "empty JSON with 403": (403, b"{}", {"Content-Type": "application/json"}),
    "nothing": (200, b"", {}),
    "JSON list": (200, b"[]", {"Content-Type": "application/json"}),
}
COMMANDS: dict[str, Callable[[], int]] = {
    "deploy": lambda: deploy(["--stage", "dev", "--email", "none", "--sam", "/bin/sh"]),
    "undeploy": lambda: undeploy(["--stage", "dev", "--yes", "--sam", "/bin/sh"]),
    "device": lambda: device(["add", "--name", "cam-1"]),
    "device-remove": lambda: device(["remove", "--name", "cam-1"]),
    "redrive": lambda: redrive(["--stage", "dev"]),
    "smoke-test": lambda: smoke_test([]),
}
IDENTITY = (
    b"<GetCallerIdentityResponse><GetCallerIdentityResult><Account>1</Account>"
    b"</GetCallerIdentityResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>"
    b"</GetCallerIdentityResponse>"
)
NAMES = (
    *("ApiUrl", "ApiKeyId", "DevicePolicyName", "EventsTableName", "RollbackAlarmName"),
    *(
        "DeadLetterQueueUrl",
        "RuleErrorQueueUrl",
        "EventsQueueUrl",
        "AlertsQueueUrl",
        "StatusQueueUrl",
        "ErasureQueueUrl",
    ),
)


def stack(url: str) -> bytes:
    """Return a stack whose outputs have numbers or, where a name says so, the address `url`."""
    values = {name: f"{url}/1/x" if name.endswith("Url") else "14" for name in NAMES}
    values |= {"EventRetentionDays": "14", "LongestSmileSeconds": "3600", "UsagePlanId": "plan"}
    members = "".join(
        f"<member><OutputKey>{key}</OutputKey><OutputValue>{value}</OutputValue></member>"
        for key, value in values.items()
    )
    return (
        "<DescribeStacksResponse><DescribeStacksResult><Stacks><member>"
        "<StackName>smile-dev</StackName><StackStatus>UPDATE_COMPLETE</StackStatus>"
        f"<Outputs>{members}</Outputs></member></Stacks></DescribeStacksResult>"
        "<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></DescribeStacksResponse>"
    ).encode()


pytestmark = pytest.mark.system  # botocore loads its models for each client


@pytest.fixture
def credentials(no_aws: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        no_aws.setenv(name, "testing")
    no_aws.setenv("AWS_REGION", "eu-west-1")
    no_aws.setattr("time.sleep", lambda _seconds: None)  # between the SDK's attempts
    return no_aws


def printed_sentence(capsys: pytest.CaptureFixture[str]) -> str:
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    return printed.err


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("answer", FOREIGN.values(), ids=list(FOREIGN))
def test_command_ends_in_one_sentence_when_something_else_answers(
    credentials: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
    answer: Answer,
) -> None:
    with serve(lambda *_: answer) as url:
        credentials.setenv("AWS_ENDPOINT_URL", url)
        assert COMMANDS[command]() == 2
    expected = f"{command}: the response is not from AWS in eu-west-1: check the network"
    assert printed_sentence(capsys).startswith(expected)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("known", [1, 2])
@pytest.mark.parametrize("foreign", ["portal with 200", "portal with 403", "empty JSON"])
def test_command_ends_in_one_sentence_when_the_network_changes_between_calls(
    credentials: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
    known: int,
    foreign: str,
) -> None:
    answers: Iterator[bytes]

    def answer(*_: Any) -> Answer:
        content = next(answers, None)
        return FOREIGN[foreign] if content is None else (200, content, {"Content-Type": "text/xml"})

    with serve(answer) as url:
        answers = iter([IDENTITY, stack(url)][:known])
        credentials.setenv("AWS_ENDPOINT_URL", url)
        assert COMMANDS[command]() == 2
    assert "the response is not from AWS in eu-west-1" in printed_sentence(capsys)


@pytest.mark.parametrize("content", [PORTAL, b"\xff\xfe", b"[]", b""])
def test_smoke_test_ends_in_one_sentence_when_something_else_answers_for_the_api(
    content: bytes,
) -> None:
    for status in (200, 302, 403):
        with (
            serve(lambda *_, s=status: (s, content, HTML)) as url,
            pytest.raises(CommandError, match=re.compile("the API|was published")),
        ):
            check_round_trip(url, "key", lambda *_: None, wait_s=0)


PROCESSES = {
    "silent": "exit 0",
    "failing": "echo no token >&2; exit 1",
    "failing silently": "exit 1",
    "html": "echo '<html>sign in</html>'",
    "list": "echo '[]'",
    "object": "echo '{}'",
    "half": """echo '{"Version": 1, "AccessKeyId": "a"}'""",
}


@pytest.mark.parametrize("script", PROCESSES.values(), ids=list(PROCESSES))
def test_command_ends_in_one_sentence_when_the_credential_process_returns_nothing(
    no_aws: pytest.MonkeyPatch, tmp_path: Path, script: str
) -> None:
    program = tmp_path / "sign-in"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(stat.S_IRWXU)
    use_process(no_aws, program)
    with pytest.raises(CommandError, match=r"credential_process|[Cc]redential") as caught:
        open_session(load_stage("dev"))
    assert "Traceback" not in str(caught.value)


def test_command_ends_in_one_sentence_when_the_credential_process_is_missing(
    no_aws: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use_process(no_aws, tmp_path / "missing")
    with pytest.raises(CommandError, match="the credential_process of AWS profile 'work'"):
        open_session(load_stage("dev"))


def use_process(no_aws: pytest.MonkeyPatch, program: Path) -> None:
    config = program.with_name("config")
    config.write_text(f"[profile work]\nregion = eu-west-1\ncredential_process = {program}\n")
    no_aws.setenv("AWS_CONFIG_FILE", str(config))
    no_aws.setenv("AWS_PROFILE", "work")
    boto3.DEFAULT_SESSION = None
