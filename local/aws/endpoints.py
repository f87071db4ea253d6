"""The AWS endpoints of a run: never the real AWS, never the user's credentials for it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from local.errors import StartError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

_AWS_DOMAINS = ("amazonaws.com", "amazonaws.com.cn", "api.aws", "aws.dev", "amazonaws.eu")
_DUMMY_KEY = "local"
_DEFAULT_REGION = "us-east-1"
_CONFIG = Config(
    connect_timeout=3,
    read_timeout=30,
    retries={"total_max_attempts": 2},
    proxies={},
    max_pool_connections=32,  # each environment of a function waits for its queue
)
_NO_USER_SETTINGS = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


@dataclass(frozen=True)
class LocalAws:
    """Endpoints and credentials of one run.

    Attributes
    ----------
    endpoint_url : str
        The server for everything (MiniStack).
    region : str
        From ``AWS_REGION`` or ``AWS_DEFAULT_REGION``, else us-east-1.
    dynamodb_url : str or None
        Another server for the table, from ``AWS_ENDPOINT_URL_DYNAMODB``.
    access_key_id, secret_access_key : str
        Dummies, or the user's own when ``dynamodb_url`` is set: DynamoDB Local keeps a database
        for each access key.
    iot_data_url : str or None
        The server of the device shadows.
    """

    endpoint_url: str
    region: str = _DEFAULT_REGION
    dynamodb_url: str | None = None
    access_key_id: str = _DUMMY_KEY
    secret_access_key: str = _DUMMY_KEY
    iot_data_url: str | None = None

    @staticmethod
    def from_environment(endpoint_url: str, environment: Mapping[str, str]) -> LocalAws:
        """Read the region and the table's server from the user's environment.

        Raises
        ------
        StartError
            When the table's server is AWS itself or its URL is not http or https.
        """
        region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION")
        dynamodb_url = environment.get("AWS_ENDPOINT_URL_DYNAMODB") or None
        keys = (_DUMMY_KEY, _DUMMY_KEY)
        if dynamodb_url is not None:
            _check_not_aws(dynamodb_url)
            key_id = environment.get("AWS_ACCESS_KEY_ID")
            secret = environment.get("AWS_SECRET_ACCESS_KEY")
            keys = (key_id, secret) if key_id and secret else keys
        return LocalAws(endpoint_url, region or _DEFAULT_REGION, dynamodb_url, *keys)

    def environment(self) -> dict[str, str]:
        """Return variables that make every AWS SDK of a child process use these endpoints only."""
        variables = {
            **_NO_USER_SETTINGS,
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "NO_PROXY": "127.0.0.1,localhost",
        }
        if self.dynamodb_url:
            variables["AWS_ENDPOINT_URL_DYNAMODB"] = self.dynamodb_url
        if self.iot_data_url:
            variables["AWS_ENDPOINT_URL_IOT_DATA_PLANE"] = self.iot_data_url
        return variables

    @cached_property
    def dynamodb(self) -> DynamoDBClient:
        """A DynamoDB client."""
        url = self.dynamodb_url or self.endpoint_url
        return self._session.client("dynamodb", endpoint_url=url, config=_CONFIG)

    @cached_property
    def sns(self) -> SNSClient:
        """An SNS client."""
        return self._session.client("sns", endpoint_url=self.endpoint_url, config=_CONFIG)

    @cached_property
    def sqs(self) -> SQSClient:
        """An SQS client."""
        return self._session.client("sqs", endpoint_url=self.endpoint_url, config=_CONFIG)

    @cached_property
    def secretsmanager(self) -> SecretsManagerClient:
        """A Secrets Manager client."""
        url = self.endpoint_url
        return self._session.client("secretsmanager", endpoint_url=url, config=_CONFIG)

    def secret(self, secret_id: str) -> str:
        """Return the text of a secret, by name or ARN."""
        return str(self.secretsmanager.get_secret_value(SecretId=secret_id)["SecretString"])

    @cached_property
    def _session(self) -> boto3.session.Session:
        return boto3.session.Session(
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret_access_key,
            region_name=self.region,
        )


def forget_user_settings(environment: dict[str, str] | os._Environ[str]) -> None:
    """Remove every AWS setting, so that no profile or key is used by accident."""
    for name in [name for name in environment if name.startswith("AWS_")]:
        del environment[name]
    environment.update(_NO_USER_SETTINGS)


def _check_not_aws(url: str) -> None:
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".").lower()
    if parts.scheme not in ("http", "https") or not host:
        raise StartError(
            f"AWS_ENDPOINT_URL_DYNAMODB is {url!r}: expected a URL like http://127.0.0.1:8001"
        )
    if any(host == domain or host.endswith(f".{domain}") for domain in _AWS_DOMAINS):
        raise StartError(
            f"AWS_ENDPOINT_URL_DYNAMODB is AWS itself ({host}): expected a server of your own, "
            "such as DynamoDB Local"
        )
