"""``make local-aws`` without a container engine: what it serves and writes for ``sam local``."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.helpers.waiting import free_port, wait_until

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("sam-endpoint")]


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "local.sam", *arguments],
        cwd=folder,
        env={k: v for k, v in os.environ.items() if not k.startswith("AWS_")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def list_tables(port: int, headers: dict[str, str]) -> int:
    """Ask for the tables; return the status."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    target = {"X-Amz-Target": "DynamoDB_20120810.ListTables"}
    connection.request("POST", "/", "{}", target | headers)
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.fixture
def port() -> int:
    return free_port()


def test_resources_and_variables_exist_until_the_endpoint_ends(tmp_path: Path, port: int) -> None:
    variables = tmp_path / ".local/sam/env.json"
    child = start(tmp_path, "--port", str(port))
    try:
        wait_until(lambda: variables.exists() and variables.read_text("utf-8"), 60)
        given: dict[str, dict[str, Any]] = json.loads(variables.read_text("utf-8"))
        assert {"StoreEventFunction", "SendAlertFunction", "HistoryApiFunction"} <= set(given)
        assert variables.stat().st_mode & 0o077 == 0, "the cursor key is in it"
        own = given["StoreEventFunction"]
        assert own["AWS_ENDPOINT_URL"].endswith(f":{port}")
        client = boto3.client(
            "dynamodb",
            endpoint_url=own["AWS_ENDPOINT_URL"],
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
        )
        assert client.list_tables()["TableNames"] == [own["TABLE_NAME"]]
        assert given["SendAlertFunction"]["API_URL"] == "http://127.0.0.1:3000"
        for foreign in ({"Origin": "https://evil.example"}, {"Host": "evil.example"}):
            assert list_tables(port, foreign) == 403
        for own in ({}, {"Host": f"host.docker.internal:{port}"}, {"Host": "198.51.100.7"}):
            assert list_tables(port, own) == 200
    finally:
        child.send_signal(signal.SIGINT)
        output, errors = child.communicate(timeout=30)
    assert (child.returncode, errors) == (0, "")
    assert "local invoke StoreEventFunction" in output
    assert not variables.exists(), "its endpoint has ended"


def test_error_is_one_line_when_the_port_is_in_use(tmp_path: Path, port: int) -> None:
    of_another = tmp_path / ".local/sam/env.json"
    of_another.parent.mkdir(parents=True)
    of_another.touch()
    with socket.create_server(("", port)):
        child = start(tmp_path, "--port", str(port))
        output, error = child.communicate(timeout=30)
    assert of_another.exists()
    assert (child.returncode, output) == (2, "")
    assert error == f"local-aws: port {port} is in use; choose another with PORT=…\n"


def test_error_is_one_line_when_the_port_is_not_a_number(tmp_path: Path) -> None:
    output, error = start(tmp_path, "--port", "abc").communicate(timeout=30)
    assert output == ""
    assert "'abc' is not a port: expected 1 to 65535" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("host", ["nowhere.invalid", "203.0.113.9"])
def test_error_is_one_line_when_the_address_is_not_of_this_machine(
    tmp_path: Path, port: int, host: str
) -> None:
    child = start(tmp_path, "--port", str(port), "--host", host)
    output, error = child.communicate(timeout=30)
    assert (child.returncode, output) == (2, "")
    assert error == f"local-aws: HOST={host} is not an address of this machine\n"
