"""Find the AWS account and region before a command changes anything there."""

from __future__ import annotations

import os

import boto3
from botocore.config import Config

from ops.aws_errors import plain_aws_errors, reject_foreign_answers
from ops.errors import CommandError
from ops.stage import Stage

CLIENT_CONFIG = Config(connect_timeout=5, read_timeout=20, retries={"total_max_attempts": 3})
_PARTITIONS = ("aws", "aws-cn", "aws-us-gov")


def open_session(stage: Stage) -> boto3.Session:
    """Return a session in the stage's region with credentials that AWS accepts.

    Raises
    ------
    CommandError
        If no region is set, it is not the stage's region, or AWS rejects the credentials.
    """
    with plain_aws_errors():
        region = _region(stage, boto3.Session())
        session = boto3.Session(region_name=region)
        reject_foreign_answers(session)
    with plain_aws_errors(region):
        _read_credentials(session)
        try:
            sts = session.client("sts", config=CLIENT_CONFIG)
        except ValueError as error:  # botocore raises it for an endpoint that is not a URL
            raise CommandError(f"{error}: check AWS_ENDPOINT_URL") from None
        sts.get_caller_identity()
    return session


def _read_credentials(session: boto3.Session) -> None:
    """Run the profile's ``credential_process``; botocore lets its faults through as they are."""
    try:
        session.get_credentials()
    except (ValueError, AttributeError, OSError) as error:
        raise CommandError(
            f"the credential_process of AWS profile {session.profile_name!r} returned no "
            f"credentials ({type(error).__name__}): run its command and check what it prints"
        ) from None


def _region(stage: Stage, session: boto3.Session) -> str:
    # The AWS CLI and the other SDKs read AWS_REGION first; boto3 ignores it.
    region = os.environ.get("AWS_REGION") or session.region_name or stage.region
    if region is None:
        raise CommandError("no AWS region is set: set AWS_REGION, or region in your AWS profile")
    if stage.region is not None and region != stage.region:
        raise CommandError(
            f"stage {stage.name} is in {stage.region} (samconfig.toml), not in {region}: "
            f"set AWS_REGION={stage.region}"
        )
    known = [name for part in _PARTITIONS for name in session.get_available_regions("iot", part)]
    if region not in known:
        raise CommandError(f"AWS IoT has no region {region!r}: check AWS_REGION")
    return region
