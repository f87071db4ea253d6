"""What can go wrong; each message is one sentence for the person who typed the command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore import exceptions as aws
from botocore.parsers import ResponseParserError

_CREDENTIALS = {
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
}
_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedException"}


class DeviceError(Exception):
    """Base of every error of this command."""


@contextmanager
def plain_aws_errors(region: str) -> Iterator[None]:
    """Turn what botocore raises into one sentence.

    Raises
    ------
    DeviceError
    """
    try:
        yield
    except (aws.NoCredentialsError, aws.PartialCredentialsError, aws.ProfileNotFound) as error:
        raise DeviceError(f"no AWS credentials: {error}; sign in first") from None
    except (aws.TokenRetrievalError, aws.SSOTokenLoadError, aws.UnauthorizedSSOTokenError):
        raise DeviceError("the AWS credentials have expired: sign in again") from None
    except (
        aws.EndpointConnectionError,
        aws.InvalidRegionError,
        aws.ConnectionError,
        ResponseParserError,  # something that is not AWS answered
    ):
        raise DeviceError(
            f"AWS in region {region} does not answer: check the region (AWS_REGION) and the network"
        ) from None
    except aws.ClientError as error:
        raise DeviceError(_sentence(error)) from None
    except aws.BotoCoreError as error:
        raise DeviceError(str(error).replace("\n", " ")) from None


def _sentence(error: aws.ClientError) -> str:
    code, action = error.response["Error"].get("Code", ""), error.operation_name
    if code.startswith("ExpiredToken") or code == "RequestExpired":
        return "the AWS credentials have expired: sign in again"
    if code in _CREDENTIALS:
        return f"AWS does not accept the credentials ({code}): sign in again"
    if code in _DENIED:
        return f"these credentials may not call {action}: ask for the permission"
    message = error.response["Error"].get("Message", "").replace("\n", " ")
    return f"AWS refused {action}: {code}: {message}"
