"""``make local-aws``, without any engine: what it serves and what it writes for ``sam local``."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

ROOT = Path(__file__).parents[2]
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


@pytest.fixture
def port() -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = int(probe.getsockname()[1])
    yield free


def test_what_functions_need_is_served_and_told_until_it_ends(tmp_path: Path, port: int) -> None:
    variables = tmp_path / ".local/sam/env.json"
    child = start(tmp_path, "--port", str(port))
    try:
        deadline = time.monotonic() + 60
        while not variables.exists() or not variables.read_text("utf-8"):
            assert child.poll() is None, child.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.1)
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
    finally:
        child.send_signal(signal.SIGINT)
        told, complaints = child.communicate(timeout=30)
    assert (child.returncode, complaints) == (0, "")
    assert "local invoke StoreEventFunction" in told
    assert not variables.exists(), "what it names is gone"


def test_one_sentence_tells_why_when_the_port_is_taken(tmp_path: Path, port: int) -> None:
    of_another = tmp_path / ".local/sam/env.json"
    of_another.parent.mkdir(parents=True)
    of_another.touch()
    with socket.create_server(("", port)):
        child = start(tmp_path, "--port", str(port))
        told, complaint = child.communicate(timeout=30)
    assert of_another.exists()
    assert (child.returncode, told) == (2, "")
    assert complaint == f"local-aws: port {port} is in use; choose another with PORT=…\n"


def test_one_sentence_tells_why_when_the_port_is_none(tmp_path: Path) -> None:
    told, complaint = start(tmp_path, "--port", "abc").communicate(timeout=30)
    assert told == ""
    assert complaint.endswith("'abc' is no port: expected 1 to 65535\n")
    assert complaint.count("\n") == 1


@pytest.mark.parametrize("host", ["nowhere.invalid", "203.0.113.9"])
def test_one_sentence_tells_why_when_the_address_is_not_of_this_machine(
    tmp_path: Path, port: int, host: str
) -> None:
    child = start(tmp_path, "--port", str(port), "--host", host)
    told, complaint = child.communicate(timeout=30)
    assert (child.returncode, told) == (2, "")
    assert complaint == f"local-aws: HOST={host} is no address of this machine\n"
