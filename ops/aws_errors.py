"""Turn errors of AWS and its SDK into one sentence that says what to change."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

import boto3
from botocore import exceptions as aws
from botocore.parsers import ResponseParserError

from ops.errors import CommandError

# "Common Errors" in the AWS API references; services use different codes for the same error.
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"}
_REJECTED = {
    "AuthFailure",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
_DENIED = {
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "UnauthorizedException",
    "UnauthorizedOperation",
}
_CLOCK = {"RequestExpired", "RequestInTheFuture", "RequestTimeTooSkewed"}
_CLOCK_MESSAGE = re.compile(r"Signature (expired|not yet current)")
_ACTION = re.compile(r"not authorized to perform: ([\w-]+:\w+)")
_ID_HEADERS = {"x-amzn-requestid", "x-amz-request-id"}
_SIGN_IN_AGAIN = "sign in again, for example with 'aws sso login'"


class ForeignAnswerError(aws.BotoCoreError):
    """An answer that AWS did not send, such as the sign-in page of a hotel's network."""

    fmt = "no AWS request id"


def reject_foreign_answers(session: boto3.Session) -> None:
    """Make the session's clients raise `ForeignAnswerError` for answers that AWS did not send.

    Without it, botocore takes some of them for a success without content, and fails with a
    `KeyError` or an `AttributeError` on others.
    """
    session.events.register("before-parse", _check_answer)


def _check_answer(response_dict: Mapping[str, Any], **_: object) -> None:
    """Every answer of AWS has a request id, in a header or in the body."""
    if response_dict["status_code"] >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return  # a load balancer may answer; the client tries again
    headers = {name.lower() for name in response_dict["headers"]}
    if not headers & _ID_HEADERS and b"<RequestId>" not in response_dict["body"]:
        raise ForeignAnswerError


@contextmanager
def plain_aws_errors(region: str | None = None) -> Iterator[None]:
    """Turn every botocore error into a `CommandError` of one sentence.

    Parameters
    ----------
    region : str or None
        Region that the calls go to, once it is known.

    Raises
    ------
    CommandError
    """
    try:
        yield
    except aws.ClientError as error:
        raise CommandError(_explain_response(error, region)) from None
    except (aws.BotoCoreError, ResponseParserError) as error:
        raise CommandError(_explain_failure(error, region)) from None


def _explain_response(error: aws.ClientError, region: str | None) -> str:
    """Explain an error response of AWS."""
    details = error.response.get("Error", {})
    code, message = details.get("Code", ""), details.get("Message", "")
    if code in _EXPIRED:
        return f"the AWS credentials have expired: {_SIGN_IN_AGAIN}"
    if code in _CLOCK or _CLOCK_MESSAGE.search(message):
        return "AWS rejects the time of this machine's clock: set the clock"
    if code in _REJECTED:
        return (
            f"AWS rejects these credentials in {region}: they are wrong, or your account has "
            "not enabled that region"
        )
    if code in _DENIED:
        match = _ACTION.search(message)
        action = match[1] if match else error.operation_name
        return f"these credentials do not allow {action}: ask for that permission"
    if code.isdigit():  # the HTTP status, which botocore takes when the answer has no code
        return _foreign(region)
    return f"AWS refused {error.operation_name}: {code}: {message}"


def _explain_failure(error: aws.BotoCoreError | ResponseParserError, region: str | None) -> str:
    """Explain why a call got no response of AWS."""
    match error:
        case aws.NoCredentialsError():
            text = "no AWS credentials found: run 'aws configure' or 'aws sso login', "
            text += "or set AWS_PROFILE"
        case aws.PartialCredentialsError():
            text = f"the AWS credentials are incomplete: set {error.kwargs['cred_var']}"
        case aws.ProfileNotFound():
            text = f"AWS profile {error.kwargs['profile']!r} does not exist: check AWS_PROFILE"
        case aws.SSOError() | aws.TokenRetrievalError() | aws.LoginError():
            text = f"the AWS sign-in has expired or is missing: {_SIGN_IN_AGAIN}"
        case aws.SSLError():
            text = f"the certificate of {_address(error)} is not trusted: behind a proxy that "
            text += "inspects TLS, set AWS_CA_BUNDLE to the proxy's root CA"
        case aws.ConnectionError() | aws.HTTPClientError():
            text = f"AWS in {region} does not answer at {_address(error)}: check the network, "
            text += "AWS_REGION and AWS_ENDPOINT_URL"
        case ResponseParserError() | ForeignAnswerError():
            text = _foreign(region)
        case _:
            text = f"the call to AWS failed: {error}"
    return text


def _foreign(region: str | None) -> str:
    return (
        f"the response is not from AWS in {region}: check the network, which may want you to sign "
        "in, and AWS_ENDPOINT_URL"
    )


def _address(error: aws.BotoCoreError) -> str:
    address = error.kwargs.get("endpoint_url") or error.kwargs.get("proxy_url")
    return str(address or "its address")
