"""Data lasts from run to run: on another server, or in a folder."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.errors import StartError
from local.processes.child import Processes, wait_for_port
from local.run.kept_data import KeptData
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
  Key:
    Type: AWS::SecretsManager::Secret
    Properties:
      GenerateSecretString: {PasswordLength: 32}
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


def start(
    folder: Path, key: str, table_server: str | None = None, keep_in: Path | None = None
) -> Stack:
    (folder / "template.yaml").write_text(TEMPLATE.replace("KEY", key), "utf-8")
    options = Options(no_edge=True, template=folder / "template.yaml")
    silent = StackEvents(lambda _: None, lambda _: None, lambda _: None)
    environment = {"AWS_ENDPOINT_URL_DYNAMODB": table_server} if table_server else {}
    stack = Stack(options, folder, silent, environment, keep_in)
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
    first = start(tmp_path, "pk", table_server)
    assert first.kept_tables == []
    expiry = first.aws.dynamodb.describe_time_to_live(TableName=NAME)["TimeToLiveDescription"]
    assert expiry["AttributeName"] == "expires_at"
    first.aws.dynamodb.put_item(TableName=NAME, Item={"pk": {"S": "a"}})
    first.stop()
    second = start(tmp_path, "pk", table_server)
    assert second.kept_tables == [NAME]
    assert "Item" in second.aws.dynamodb.get_item(TableName=NAME, Key={"pk": {"S": "a"}})
    second.stop()
    with pytest.raises(StartError, match=r"exists on .* with other keys"):
        start(tmp_path, "other", table_server)


def put(stack: Stack, key: str) -> None:
    stack.aws.dynamodb.put_item(TableName=NAME, Item={"pk": {"S": key}})


def has(stack: Stack, key: str) -> bool:
    return "Item" in stack.aws.dynamodb.get_item(TableName=NAME, Key={"pk": {"S": key}})


def secret(stack: Stack) -> str:
    return stack.aws.secret("smile-local-Key")


def test_a_folder_keeps_items_and_secrets(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    first = start(tmp_path, "pk", keep_in=kept)
    put(first, "a")
    signing_key = secret(first)
    first.stop()
    second = start(tmp_path, "pk", keep_in=kept)
    assert second.kept_tables == [NAME]
    assert has(second, "a")
    assert secret(second) == signing_key
    second.stop()
    with pytest.raises(StartError, match=r"kept table .* other keys .* make clean-data"):
        start(tmp_path, "other", keep_in=kept)


def test_without_a_folder_every_run_starts_empty(tmp_path: Path) -> None:
    first = start(tmp_path, "pk")
    put(first, "a")
    first.stop()
    second = start(tmp_path, "pk")
    assert second.kept_tables == []
    assert not has(second, "a")
    second.stop()


def test_a_damaged_file_is_renamed_and_the_run_starts_empty(tmp_path: Path) -> None:
    data = KeptData(tmp_path / "kept")
    (data.folder / "dynamodb.json").write_text('{"tables": ', "utf-8")
    stack = start(tmp_path, "pk", keep_in=data.folder)
    assert stack.kept_tables == []
    (damaged,) = data.damaged()
    assert (data.folder / damaged).read_text("utf-8") == '{"tables": '
    put(stack, "a")
    stack.stop()
    again = start(tmp_path, "pk", keep_in=data.folder)
    assert has(again, "a")
    again.stop()


def test_the_key_of_the_api_lasts_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    data = KeptData(tmp_path / "kept")
    key = data.api_key()
    assert KeptData(tmp_path / "kept").api_key() == key
    file = tmp_path / "kept/api-key"
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_text("no key!", "utf-8")
    made = data.api_key()
    assert made.isalnum()
    assert data.api_key() == made


def test_one_run_at_a_time_uses_a_folder(tmp_path: Path) -> None:
    first, second = KeptData(tmp_path / "kept"), KeptData(tmp_path / "kept")
    assert first.take()
    assert not second.take()
    assert (tmp_path / "kept").stat().st_mode & 0o777 == 0o700


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StartError, match=r"--keep .*file/kept: not a directory"):
        KeptData(tmp_path / "file/kept")


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
