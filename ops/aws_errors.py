"""What AWS and its SDK complain about, as one sentence that names what to change."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from botocore import exceptions as aws
from botocore.parsers import ResponseParserError

from ops.errors import CommandError

# "Common Errors" of the API references; services spell the same thing differently.
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"}
_UNACCEPTED = {
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
_SIGN_IN_AGAIN = "sign in again, for example with 'aws sso login'"


@contextmanager
def plain_aws_errors(region: str | None = None) -> Iterator[None]:
    """Turn whatever botocore raises into one sentence.

    Parameters
    ----------
    region : str or None
        Which region is asked, once that is known.

    Raises
    ------
    CommandError
    """
    try:
        yield
    except aws.ClientError as error:
        raise CommandError(_refusal(error, region)) from None
    except (aws.BotoCoreError, ResponseParserError) as error:
        raise CommandError(_trouble(error, region)) from None


def _refusal(error: aws.ClientError, region: str | None) -> str:
    """Explain an answer of AWS."""
    told = error.response.get("Error", {})
    code, message = told.get("Code", ""), told.get("Message", "")
    if code in _EXPIRED:
        return f"the AWS credentials have expired: {_SIGN_IN_AGAIN}"
    if code in _CLOCK or _CLOCK_MESSAGE.search(message):
        return "AWS refuses the time of this machine's clock: set the clock"
    if code in _UNACCEPTED:
        return (
            f"AWS does not accept these credentials in {region}: they are wrong, or the account "
            "has not enabled that region"
        )
    if code in _DENIED:
        named = _ACTION.search(message)
        action = named[1] if named else error.operation_name
        return f"these credentials may not {action}: ask for that permission"
    return f"AWS refused {error.operation_name}: {code}: {message}"


def _trouble(error: aws.BotoCoreError | ResponseParserError, region: str | None) -> str:
    """Explain why AWS could not even be asked."""
    match error:
        case aws.NoCredentialsError():
            told = "no AWS credentials found: run 'aws configure' or 'aws sso login', "
            told += "or set AWS_PROFILE"
        case aws.PartialCredentialsError():
            told = f"half of the AWS credentials is missing: set {error.kwargs['cred_var']}"
        case aws.ProfileNotFound():
            told = f"there is no AWS profile {error.kwargs['profile']!r}: check AWS_PROFILE"
        case aws.SSOError() | aws.TokenRetrievalError() | aws.LoginError():
            told = f"the AWS sign-on has expired or is missing: {_SIGN_IN_AGAIN}"
        case aws.SSLError():
            told = f"the certificate of {_address(error)} is not trusted: behind a proxy that "
            told += "reads along, set AWS_CA_BUNDLE to its authority"
        case aws.ConnectionError() | aws.HTTPClientError():
            told = f"AWS in {region} does not answer at {_address(error)}: check the network, "
            told += "AWS_REGION and AWS_ENDPOINT_URL"
        case ResponseParserError():
            told = f"what answers is not AWS in {region}: check the network and AWS_ENDPOINT_URL"
        case _:
            told = f"AWS cannot be asked: {error}"
    return told


def _address(error: aws.BotoCoreError) -> str:
    named = error.kwargs.get("endpoint_url") or error.kwargs.get("proxy_url")
    return str(named or "its address")
