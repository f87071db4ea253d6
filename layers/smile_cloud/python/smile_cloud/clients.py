"""AWS clients: created on first use and kept for the life of the execution environment.

They come from botocore, which boto3 is made of. Importing boto3 as well loads its resources and
its S3 transfers, which takes a tenth of a cold start.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, cast

from botocore.config import Config
from botocore.session import Session

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

# Three attempts end within the shortest timeout of a function, 10 s, so an unreachable service is
# in the log as such and not as a timeout of the function.
_CONFIG: Final = Config(
    connect_timeout=1,
    read_timeout=2,
    retries={"mode": "standard", "total_max_attempts": 3},
)


@lru_cache(maxsize=1)
def _session() -> Session:
    """Return the session, whose endpoint data and credentials all clients share."""
    return Session()


@lru_cache(maxsize=1)
def dynamodb() -> DynamoDBClient:
    """Return the DynamoDB client."""
    return cast("DynamoDBClient", _session().create_client("dynamodb", config=_CONFIG))


@lru_cache(maxsize=1)
def sns() -> SNSClient:
    """Return the SNS client."""
    return cast("SNSClient", _session().create_client("sns", config=_CONFIG))


@lru_cache(maxsize=1)
def sqs() -> SQSClient:
    """Return the SQS client."""
    return cast("SQSClient", _session().create_client("sqs", config=_CONFIG))


@lru_cache(maxsize=1)
def iot_data() -> Any:
    """Return the client of the device shadows, an ``IoTDataPlaneClient``.

    botocore knows the endpoint of each region; AWS IoT finds the account by the signature.
    """
    return _session().create_client("iot-data", config=_CONFIG)
