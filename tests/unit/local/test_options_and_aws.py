"""The command line, and whose AWS is talked to."""

from __future__ import annotations

import os

import pytest

from local.aws.endpoints import LocalAws, forget_user_settings
from local.errors import StartError
from local.options import parse_options

KEYS = {"AWS_ACCESS_KEY_ID": "mine", "AWS_SECRET_ACCESS_KEY": "secret"}


@pytest.mark.parametrize(
    ("argv", "complaint"),
    [
        (["--source", "/nowhere/clip.mp4"], "there is no video /nowhere/clip.mp4"),
        (["--port", "0"], "'0' is no port"),
        (["--port", "eighty"], "'eighty' is no port"),
        (["--device-id", "cam 1"], "--device-id: expected"),
        (["--parameter", "Stage"], "expected NAME=VALUE"),
        (["--retry-delay-s", "-1"], "expected 0 to 3600"),
        (["--no-edge", "--once"], "--no-edge cannot be combined"),
        (["--nonsense"], "unrecognized arguments: --nonsense"),
    ],
)
def test_command_line_is_refused_in_one_line(argv: list[str], complaint: str) -> None:
    with pytest.raises(StartError) as caught:
        parse_options(argv)
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_arguments_after_two_dashes_go_to_the_edge() -> None:
    options = parse_options(["--source", "0", "--once", "--", "--detector", "back"])
    assert options.once
    assert options.source_file is None
    assert options.edge_arguments == ("--detector", "back")


@pytest.mark.parametrize("source", ["0", "rtsp://10.0.0.1/stream", "/dev/video0"])
def test_camera_or_stream_is_no_file(source: str) -> None:
    assert parse_options(["--source", source]).source_file is None


def test_users_keys_are_not_used_when_everything_is_local() -> None:
    aws = LocalAws.from_environment("http://127.0.0.1:1", {**KEYS, "AWS_PROFILE": "work"})
    variables = aws.environment()
    assert "mine" not in variables.values()
    assert "AWS_PROFILE" not in variables
    assert variables["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
    assert variables["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull


def test_users_keys_and_region_are_kept_for_a_table_server_of_their_own() -> None:
    url = "http://127.0.0.1:8001"
    given = {**KEYS, "AWS_ENDPOINT_URL_DYNAMODB": url, "AWS_DEFAULT_REGION": "eu-west-1"}
    aws = LocalAws.from_environment("http://127.0.0.1:1", given)
    assert aws.environment()["AWS_ACCESS_KEY_ID"] == "mine"
    assert aws.dynamodb.meta.endpoint_url == url
    assert aws.dynamodb.meta.region_name == "eu-west-1"
    assert aws.sqs.meta.endpoint_url == "http://127.0.0.1:1"


@pytest.mark.parametrize(
    "url",
    [
        "https://dynamodb.us-east-1.amazonaws.com",
        "https://DynamoDB.eu-west-1.amazonaws.com.",
        "https://dynamodb.cn-north-1.amazonaws.com.cn",
        "https://dynamodb.us-east-1.api.aws",
        "localhost:8000",
        "ftp://localhost",
    ],
)
def test_table_server_is_refused_when_it_is_aws_or_no_url(url: str) -> None:
    with pytest.raises(StartError, match="AWS_ENDPOINT_URL_DYNAMODB"):
        LocalAws.from_environment("http://127.0.0.1:1", {"AWS_ENDPOINT_URL_DYNAMODB": url})


def test_every_aws_setting_is_forgotten() -> None:
    environment = {**KEYS, "AWS_PROFILE": "work", "AWS_SESSION_TOKEN": "t", "HOME": "/home/me"}
    forget_user_settings(environment)
    assert set(environment) == {
        "HOME", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_EC2_METADATA_DISABLED"
    }  # fmt: skip
