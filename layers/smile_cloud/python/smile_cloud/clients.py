"""AWS clients: created on first use and kept for the life of the execution environment."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

# Three attempts end within the functions' timeout of 10 s, so an unreachable service shows up in
# the log as such and not as a timeout of the function.
_CONFIG: Final = Config(
    connect_timeout=1,
    read_timeout=2,
    retries={"mode": "standard", "total_max_attempts": 3},
)


@lru_cache(maxsize=1)
def dynamodb() -> DynamoDBClient:
    """Return the DynamoDB client."""
    return boto3.client("dynamodb", config=_CONFIG)


@lru_cache(maxsize=1)
def sns() -> SNSClient:
    """Return the SNS client."""
    return boto3.client("sns", config=_CONFIG)


@lru_cache(maxsize=1)
def sqs() -> SQSClient:
    """Return the SQS client."""
    return boto3.client("sqs", config=_CONFIG)
