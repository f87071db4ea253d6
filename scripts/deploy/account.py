"""Whose AWS account, and which region: found out before anything is done to it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore import exceptions as aws
from botocore.config import Config

from scripts.deploy.errors import DeployError
from scripts.deploy.stage import Stage

_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
_REFUSED = {
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "AuthFailure",
}
_DENIED = {"AccessDenied", "AccessDeniedException"}
QUICK = Config(connect_timeout=5, read_timeout=20, retries={"total_max_attempts": 3})
_PARTITIONS = ("aws", "aws-cn", "aws-us-gov")


def open_session(stage: Stage) -> boto3.session.Session:
    """Return a session of the stage's region whose credentials AWS accepts.

    Raises
    ------
    DeployError
        When there is no region, another one than the stage's, or AWS refuses the credentials.
    """
    with plain_errors("no region yet"):
        session = boto3.session.Session()
    # the AWS CLI and the other SDKs go by AWS_REGION first, boto3 does not know it
    region = os.environ.get("AWS_REGION") or session.region_name or stage.region
    if region is None:
        raise DeployError("no region is named: set AWS_REGION, or region in your AWS profile")
    if stage.region is not None and region != stage.region:
        raise DeployError(
            f"{stage.name} lives in {stage.region} (samconfig.toml), not in {region}: "
            f"set AWS_REGION={stage.region}"
        )
    regions = [r for p in _PARTITIONS for r in session.get_available_regions("iot", p)]
    if region not in regions:
        raise DeployError(f"there is no AWS IoT in a region called {region!r}: check AWS_REGION")
    session = boto3.session.Session(region_name=region)
    with plain_errors(region):
        session.client("sts", config=QUICK).get_caller_identity()
    return session


def find_stack(session: boto3.session.Session, stage: Stage) -> dict[str, Any] | None:
    """Return CloudFormation's description of the stage's stack, None when there is none.

    Raises
    ------
    DeployError
        When CloudFormation cannot be asked.
    """
    client = session.client("cloudformation", config=QUICK)
    try:
        with plain_errors(str(session.region_name)):
            stacks = client.describe_stacks(StackName=stage.stack_name)["Stacks"]
    except aws.ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":  # "… does not exist"
            return None
        raise DeployError(f"CloudFormation refused: {error}") from error
    found: dict[str, Any] = dict(stacks[0])
    return found


@contextmanager
def plain_errors(region: str) -> Iterator[None]:
    """Turn what botocore raises about credentials and networks into one sentence.

    Raises
    ------
    DeployError
        For what the person can mend; other answers of AWS are left as they are.
    """
    try:
        yield
    except (aws.NoCredentialsError, aws.PartialCredentialsError) as error:
        raise DeployError(
            "no AWS credentials found: run 'aws configure', 'aws sso login' or set AWS_PROFILE"
        ) from error
    except (aws.SSOTokenLoadError, aws.UnauthorizedSSOTokenError, aws.TokenRetrievalError) as error:
        raise DeployError("the sign-on has expired: run 'aws sso login'") from error
    except aws.ProfileNotFound as error:
        raise DeployError(f"{error}: check AWS_PROFILE") from error
    except aws.ClientError as error:
        code = error.response["Error"]["Code"]
        if code in _EXPIRED:
            raise DeployError(
                "the AWS credentials have expired: get new ones, for example with 'aws sso login'"
            ) from error
        if code in _REFUSED:
            raise DeployError(
                f"AWS does not accept these credentials in {region}: they are wrong, or the "
                "account has not enabled that region"
            ) from error
        if code in _DENIED:
            raise DeployError(f"these credentials may not do this: {error}") from error
        raise
    except (aws.EndpointConnectionError, aws.ConnectTimeoutError, aws.ReadTimeoutError) as error:
        raise DeployError(f"AWS in {region} cannot be reached: {error}") from error
    except aws.BotoCoreError as error:
        raise DeployError(f"AWS cannot be asked: {error}") from error
