"""Each trouble with AWS ends in one sentence that names what to change, whoever meets it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore import exceptions as aws
from botocore.parsers import ResponseParserError

from ops.aws_errors import plain_aws_errors
from ops.deploy.__main__ import main as deploy
from ops.device.__main__ import main as device
from ops.errors import CommandError
from ops.redrive.__main__ import main as redrive
from ops.smoke_test.__main__ import main as smoke_test

REGION = "eu-central-1"


def refusal(code: str, message: str = "no\n at all") -> aws.ClientError:
    return aws.ClientError({"Error": {"Code": code, "Message": message}}, "DescribeStacks")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (refusal("ExpiredToken"), "the AWS credentials have expired: sign in again"),
        (refusal("ExpiredTokenException"), "the AWS credentials have expired: sign in again"),
        (refusal("InvalidClientTokenId"), "does not accept these credentials in eu-central-1"),
        (refusal("SignatureDoesNotMatch"), "does not accept these credentials in eu-central-1"),
        (
            refusal("SignatureDoesNotMatch", "Signature expired: 20261122T100000Z is now earlier"),
            "machine's clock: set the clock",
        ),
        (refusal("RequestTimeTooSkewed"), "machine's clock: set the clock"),
        (refusal("AccessDenied"), "these credentials may not DescribeStacks: ask for that"),
        (
            refusal("AccessDenied", "User: x is not authorized to perform: iot:CreateThing on y"),
            "these credentials may not iot:CreateThing: ask for that permission",
        ),
        (refusal("Throttling"), "AWS refused DescribeStacks: Throttling: no"),
        (aws.NoCredentialsError(), "no AWS credentials found: run 'aws configure'"),
        (aws.PartialCredentialsError(provider="env", cred_var="THE_KEY"), "missing: set THE_KEY"),
        (aws.ProfileNotFound(profile="work"), "no AWS profile 'work': check AWS_PROFILE"),
        (aws.UnauthorizedSSOTokenError(), "sign-on has expired or is missing: sign in again"),
        (aws.TokenRetrievalError(provider="sso", error_msg="x"), "sign-on has expired"),
        (
            aws.EndpointConnectionError(endpoint_url="http://a"),
            "not answer at http://a: check",
        ),
        (aws.ReadTimeoutError(endpoint_url="http://a"), "not answer at http://a: check"),
        (aws.SSLError(endpoint_url="http://a", error="b"), "set AWS_CA_BUNDLE"),
        (ResponseParserError("<html>"), "what answers is not AWS in eu-central-1: check"),
        (aws.ConfigParseError(path="~/.aws/config"), "Unable to parse config file: ~/.aws/config"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_sentence_names_what_to_change_when_aws_cannot_be_used(
    error: Exception, sentence: str
) -> None:
    with pytest.raises(CommandError) as caught, plain_aws_errors(REGION):
        raise error
    assert sentence in str(caught.value)


COMMANDS: dict[str, Callable[[], int]] = {
    "deploy": lambda: deploy(["--stage", "dev", "--sam", "/bin/sh"]),
    "device": lambda: device(["add", "--name", "cam-1"]),
    "device-remove": lambda: device(["remove", "--name", "cam-1"]),
    "redrive": lambda: redrive(["--stage", "dev"]),
    "smoke-test": lambda: smoke_test([]),
}


@pytest.fixture
def stranger(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> pytest.MonkeyPatch:
    """Somebody whose machine knows nothing of AWS."""
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN", "PROFILE", "ENDPOINT_URL"):
        monkeypatch.delenv(f"AWS_{name}", raising=False)
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.chdir(tmp_path)
    return monkeypatch


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({}, "no region is named: set AWS_REGION, or region in your AWS profile"),
        ({"AWS_REGION": "eu-centrall-1"}, "there is no AWS IoT in a region called 'eu-centrall-1'"),
        ({"AWS_REGION": "eu-west-1"}, "no AWS credentials found: run 'aws configure'"),
        ({"AWS_PROFILE": "work"}, "there is no AWS profile 'work': check AWS_PROFILE"),
        (
            {"AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL": "nonsense"},
            "Invalid endpoint: nonsense: check AWS_ENDPOINT_URL",
        ),
    ],
)
def test_each_command_ends_in_the_same_sentence_when_aws_cannot_be_used(
    stranger: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
    variables: dict[str, str],
    sentence: str,
) -> None:
    for name, value in variables.items():
        stranger.setenv(name, value)
    assert COMMANDS[command]() == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(f"{command}: {sentence}")
    assert told.err.count("\n") == 1


@pytest.mark.parametrize("command", COMMANDS)
def test_stack_is_looked_for_in_aws_region_when_that_is_all_there_is(
    stranger: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    asked: list[tuple[str, str]] = []

    def answer(client: Any, operation: str, _arguments: Any) -> dict[str, Any]:
        asked.append((operation, client.meta.region_name))
        if operation == "DescribeStacks":
            raise refusal("ValidationError", "Stack with id smile-dev does not exist")
        return {}

    stranger.setattr("botocore.client.BaseClient._make_api_call", answer)
    stranger.setenv("AWS_REGION", "eu-west-1")
    stranger.setenv("AWS_DEFAULT_REGION", "us-west-2")
    assert COMMANDS[command]() == 2
    assert asked == [("GetCallerIdentity", "eu-west-1"), ("DescribeStacks", "eu-west-1")]
    told = capsys.readouterr().err
    if command == "deploy":
        assert "smile-dev is new" in told
    else:
        assert "there is no stack smile-dev in eu-west-1: run make deploy STAGE=dev first" in told


@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_is_shown_when_it_is_interrupted(
    stranger: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    stranger.setattr("botocore.client.BaseClient._make_api_call", interrupt)
    stranger.setenv("AWS_REGION", "eu-west-1")
    assert COMMANDS[command]() == 130
    assert capsys.readouterr() == ("", "")
