"""A table on another server keeps its data between runs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.errors import StartError
from local.processes.child import Processes, wait_for_port
from local.run.options import Options
from local.run.stack import Stack, StackEvents
from tests.helpers.waiting import free_port

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("local-mosquitto")]

TEMPLATE = """
Resources:
  Notes:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: KEY, AttributeType: S}]
      KeySchema: [{AttributeName: KEY, KeyType: HASH}]
      TimeToLiveSpecification: {AttributeName: expires_at, Enabled: true}
"""
NAME = "smile-local-Notes"


@pytest.fixture
def table_server(tmp_path: Path) -> Iterator[str]:
    """Start a second server, as DynamoDB Local would be."""
    port = free_port()
    processes = Processes(tmp_path)
    child = processes.start(
        "table", [sys.executable, "-m", "moto.server", "-p", str(port)], environment={}
    )
    wait_for_port(child, port)
    yield f"http://127.0.0.1:{port}"
    processes.stop()


def start(folder: Path, table_server: str, key: str) -> Stack:
    (folder / "template.yaml").write_text(TEMPLATE.replace("KEY", key), "utf-8")
    options = Options(no_edge=True, template=folder / "template.yaml")
    silent = StackEvents(lambda _: None, lambda _: None, lambda _: None)
    stack = Stack(options, folder, silent, {"AWS_ENDPOINT_URL_DYNAMODB": table_server})
    try:
        stack.start_messaging()
        stack.start_functions()
    except StartError:
        stack.stop()
        raise
    return stack


def test_items_are_kept_when_the_next_run_uses_the_same_server(
    tmp_path: Path, table_server: str
) -> None:
    first = start(tmp_path, table_server, "pk")
    assert first.kept_tables == []
    expiry = first.aws.dynamodb.describe_time_to_live(TableName=NAME)["TimeToLiveDescription"]
    assert expiry["AttributeName"] == "expires_at"
    first.aws.dynamodb.put_item(TableName=NAME, Item={"pk": {"S": "a"}})
    first.stop()
    second = start(tmp_path, table_server, "pk")
    assert second.kept_tables == [NAME]
    assert "Item" in second.aws.dynamodb.get_item(TableName=NAME, Key={"pk": {"S": "a"}})
    second.stop()
    with pytest.raises(StartError, match=r"exists on .* with other keys"):
        start(tmp_path, table_server, "other")


def test_run_ends_in_one_line_when_the_table_server_does_not_answer(tmp_path: Path) -> None:
    repository = Path(__file__).resolve().parents[2]
    url = f"http://127.0.0.1:{free_port()}"
    done = subprocess.run(
        [sys.executable, "-m", "local", "--no-edge"],
        cwd=repository, capture_output=True, text=True, timeout=60, check=False,
        env={"PATH": "/usr/bin:/bin", "AWS_ENDPOINT_URL_DYNAMODB": url},
    )  # fmt: skip
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert url in done.stderr
