"""The AWS endpoints of a run, and which of the user's AWS settings are used."""

from __future__ import annotations

import os

import pytest

from local.aws.endpoints import LocalAws, forget_user_settings
from local.errors import StartError

KEYS = {"AWS_ACCESS_KEY_ID": "mine", "AWS_SECRET_ACCESS_KEY": "secret"}


def test_keys_of_the_user_are_not_used_when_everything_is_local() -> None:
    aws = LocalAws.from_environment("http://127.0.0.1:1", {**KEYS, "AWS_PROFILE": "work"})
    variables = aws.environment()
    assert "mine" not in variables.values()
    assert "AWS_PROFILE" not in variables
    assert variables["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
    assert variables["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
    assert variables["AWS_REGION"] == variables["AWS_DEFAULT_REGION"] == "us-east-1"
    assert "127.0.0.1" in variables["NO_PROXY"]
    assert aws.dynamodb.meta.endpoint_url == "http://127.0.0.1:1"


def test_region_is_the_one_that_aws_tools_use_first() -> None:
    given = {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-2"}
    assert LocalAws.from_environment("", given).region == "eu-west-1"


def test_keys_and_region_of_the_user_are_used_when_the_table_is_on_another_server() -> None:
    url = "http://127.0.0.1:8001"
    given = {**KEYS, "AWS_ENDPOINT_URL_DYNAMODB": url, "AWS_DEFAULT_REGION": "eu-west-1"}
    aws = LocalAws.from_environment("http://127.0.0.1:1", given)
    assert aws.environment()["AWS_ACCESS_KEY_ID"] == "mine"
    assert aws.dynamodb.meta.endpoint_url == url
    assert aws.dynamodb.meta.region_name == "eu-west-1"
    assert aws.environment()["AWS_ENDPOINT_URL_DYNAMODB"] == url
    assert aws.sqs.meta.endpoint_url == "http://127.0.0.1:1"


@pytest.mark.parametrize("key", KEYS)
def test_dummy_keys_are_used_when_the_user_has_only_one_of_the_two(key: str) -> None:
    given = {"AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:8001", key: "mine"}
    aws = LocalAws.from_environment("http://127.0.0.1:1", given)
    assert (aws.access_key_id, aws.secret_access_key) == ("local", "local")


@pytest.mark.parametrize(
    "url",
    [
        "https://dynamodb.us-east-1.amazonaws.com",
        "https://DynamoDB.eu-west-1.amazonaws.com.",
        "https://dynamodb.cn-north-1.amazonaws.com.cn",
        "https://dynamodb.us-east-1.api.aws",
        "https://dynamodb.aws.dev",
        "https://dynamodb.eusc-de-east-1.amazonaws.eu",
        "https://amazonaws.com",
        "http://",
        "localhost:8000",
        "ftp://localhost",
    ],
)
def test_table_server_is_refused_when_it_is_aws_or_not_an_http_url(url: str) -> None:
    with pytest.raises(StartError, match="AWS_ENDPOINT_URL_DYNAMODB"):
        LocalAws.from_environment("http://127.0.0.1:1", {"AWS_ENDPOINT_URL_DYNAMODB": url})


def test_every_aws_setting_of_the_user_is_removed() -> None:
    environment = {**KEYS, "AWS_PROFILE": "work", "AWS_SESSION_TOKEN": "t", "HOME": "/home/me"}
    forget_user_settings(environment)
    assert set(environment) == {
        "HOME", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_EC2_METADATA_DISABLED"
    }  # fmt: skip
