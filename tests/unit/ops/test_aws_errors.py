"""Every AWS problem ends in one sentence that says what to change, in every command."""

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
from ops.undeploy.__main__ import main as undeploy
from tests.helpers.aws import client_error

REGION = "eu-central-1"
EXPIRED = "the AWS credentials have expired: sign in again"
REJECTED = "AWS rejects these credentials in eu-central-1: they are wrong, or your account has"
CLOCK = "AWS rejects the time of this machine's clock: set the clock"
DENIED = "these credentials do not allow DescribeStacks: ask for that permission"
CODES = {
    EXPIRED: ("ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"),
    REJECTED: (
        *("AuthFailure", "InvalidAccessKeyId", "InvalidClientTokenId", "SignatureDoesNotMatch"),
        *("InvalidSignatureException", "MissingAuthenticationToken"),
        "UnrecognizedClientException",
    ),
    CLOCK: ("RequestExpired", "RequestInTheFuture", "RequestTimeTooSkewed"),
    DENIED: (
        *("AccessDenied", "AccessDeniedException", "AuthorizationError"),
        *("UnauthorizedException", "UnauthorizedOperation"),
    ),
}


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        *((client_error(code), sentence) for sentence, codes in CODES.items() for code in codes),
        (client_error("SignatureDoesNotMatch", "Signature expired: 20261122T100000Z is"), CLOCK),
        (client_error("SignatureDoesNotMatch", "Signature not yet current: 2026"), CLOCK),
        (
            client_error("AccessDenied", "x is not authorized to perform: iot:CreateThing on y"),
            "these credentials do not allow iot:CreateThing: ask for that permission",
        ),
        (client_error("Throttling"), "AWS refused DescribeStacks: Throttling: no"),
        (aws.NoCredentialsError(), "no AWS credentials found: run 'aws configure'"),
        (aws.PartialCredentialsError(provider="env", cred_var="KEY"), "are incomplete: set KEY"),
        (aws.ProfileNotFound(profile="work"), "AWS profile 'work' does not exist: check"),
        (aws.UnauthorizedSSOTokenError(), "the AWS sign-in has expired or is missing: sign in"),
        (aws.TokenRetrievalError(provider="sso", error_msg="x"), "AWS sign-in has expired"),
        (aws.LoginRefreshRequired(), "the AWS sign-in has expired"),
        (aws.EndpointConnectionError(endpoint_url="http://a"), "not answer at http://a: check"),
        (aws.ReadTimeoutError(endpoint_url="http://a"), "not answer at http://a: check"),
        (aws.ProxyConnectionError(proxy_url="http://p"), "not answer at http://p: check"),
        (aws.HTTPClientError(error="b"), "not answer at its address: check"),
        (aws.SSLError(endpoint_url="http://a", error="b"), "set AWS_CA_BUNDLE"),
        (ResponseParserError("<html>"), "the response is not from AWS in eu-central-1: check"),
        (aws.ConfigParseError(path="~/.aws/config"), "Unable to parse config file: ~/.aws/config"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_sentence_says_what_to_change_when_a_call_fails(error: Exception, sentence: str) -> None:
    with pytest.raises(CommandError) as caught, plain_aws_errors(REGION):
        raise error
    assert sentence in str(caught.value)


COMMANDS: dict[str, Callable[[], int]] = {
    "deploy": lambda: deploy(["--stage", "dev", "--sam", "/bin/sh"]),
    "device": lambda: device(["add", "--name", "cam-1"]),
    "device-remove": lambda: device(["remove", "--name", "cam-1"]),
    "redrive": lambda: redrive(["--stage", "dev"]),
    "smoke-test": lambda: smoke_test([]),
    "undeploy": lambda: undeploy(["--stage", "dev", "--sam", "/bin/sh"]),
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({}, "no AWS region is set: set AWS_REGION, or region in your AWS profile"),
        ({"AWS_REGION": "eu-centrall-1"}, "AWS IoT has no region 'eu-centrall-1': check"),
        ({"AWS_REGION": "eu-west-1"}, "no AWS credentials found: run 'aws configure'"),
        ({"AWS_PROFILE": "work"}, "AWS profile 'work' does not exist: check AWS_PROFILE"),
        (
            {"AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL": "nonsense"},
            "Invalid endpoint: nonsense: check AWS_ENDPOINT_URL",
        ),
    ],
)
def test_every_command_prints_the_same_sentence_when_aws_is_not_set_up(
    no_aws: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
    variables: dict[str, str],
    sentence: str,
) -> None:
    for name, value in variables.items():
        no_aws.setenv(name, value)
    assert COMMANDS[command]() == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(f"{command}: {sentence}")
    assert printed.err.count("\n") == 1


@pytest.mark.parametrize("command", COMMANDS)
def test_stack_is_read_in_aws_region_when_other_variables_name_another(
    no_aws: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    calls: list[tuple[str, str]] = []

    def answer(client: Any, operation: str, _arguments: Any) -> dict[str, Any]:
        calls.append((operation, client.meta.region_name))
        if operation == "DescribeStacks":
            raise client_error("ValidationError", "Stack with id smile-dev does not exist")
        return {}

    no_aws.setattr("botocore.client.BaseClient._make_api_call", answer)
    no_aws.setenv("AWS_REGION", "eu-west-1")
    no_aws.setenv("AWS_DEFAULT_REGION", "us-west-2")
    assert COMMANDS[command]() == (0 if command == "undeploy" else 2)
    assert calls == [("GetCallerIdentity", "eu-west-1"), ("DescribeStacks", "eu-west-1")]
    out, printed = capsys.readouterr()
    if command == "undeploy":
        assert out == "undeploy: smile-dev does not exist in eu-west-1\n"
    elif command == "deploy":
        assert "smile-dev is new" in printed
    else:
        assert "stack smile-dev does not exist in eu-west-1: run make deploy STAGE=dev" in printed


@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_is_printed_when_a_command_is_interrupted(
    no_aws: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    no_aws.setattr("botocore.client.BaseClient._make_api_call", interrupt)
    no_aws.setenv("AWS_REGION", "eu-west-1")
    assert COMMANDS[command]() == 130
    assert capsys.readouterr() == ("", "")
