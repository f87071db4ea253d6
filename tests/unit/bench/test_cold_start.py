"""What ``make bench-cloud`` measures: one process from its start to its first answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.cloud.__main__ import cold_start_table, cpu_ratio
from bench.cloud.cold_start import ColdStart, FunctionFailedError, cold_start
from bench.cloud.functions import without_bytecode
from bench.cloud.requests import smile_of_now
from bench.cloud.runtime_packages import link_runtime_packages
from bench.cloud.stub_aws import stub_aws
from local.aws.endpoints import LocalAws
from local.cloudformation.function_spec import FunctionSpec
from smile_cloud.clock_limits import ClockLimits
from smile_cloud.rule_message import RuleMessage
from tests.unit.bench.test_speed import cells


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runtime") / "packages"
    link_runtime_packages(folder)
    return folder


@pytest.fixture
def aws() -> Iterator[LocalAws]:
    with stub_aws() as url:
        yield LocalAws(url)


def function(folder: Path, body: str) -> FunctionSpec:
    folder.mkdir()
    (folder / "app.py").write_text(f"def handler(event, context):\n    {body}\n")
    return FunctionSpec("Function", "function", "arn", "app.handler", folder)


def started(cpu_ms: float) -> ColdStart:
    return ColdStart(cpu_ms, 2 * cpu_ms, 50.0, None)


def test_the_first_answer_is_measured(aws: LocalAws, packages: Path, tmp_path: Path) -> None:
    spec = function(tmp_path / "code", "return event['x'] * sum(range(3_000_000))")
    quick = function(tmp_path / "quick", "return event['x']")
    slow = cold_start(spec, {"x": 2}, aws, packages)
    assert slow.answer == 2 * sum(range(3_000_000))
    assert slow.peak_mb > 5
    assert slow.cpu_ms > cold_start(quick, {"x": 1}, aws, packages).cpu_ms
    assert not (tmp_path / "code" / "__pycache__").exists(), "like on Lambda, nothing is cached"


def test_the_failure_is_shown_when_a_function_has_no_answer(
    aws: LocalAws, packages: Path, tmp_path: Path
) -> None:
    spec = function(tmp_path / "code", "return 1 / event")
    with pytest.raises(FunctionFailedError, match="Function: ZeroDivisionError: division by zero"):
        cold_start(spec, 0, aws, packages)


def test_a_function_without_bytecode_has_none_in_code_and_layers(tmp_path: Path) -> None:
    spec = function(tmp_path / "code", "return 1")
    for folder in (tmp_path / "code", tmp_path / "layer"):
        (folder / "__pycache__").mkdir(parents=True)
        (folder / "__pycache__" / "app.pyc").touch()
    plain = without_bytecode(
        FunctionSpec("F", "f", "arn", "app.handler", spec.code_folder, (tmp_path / "layer",)),
        tmp_path / "plain",
    )
    assert {path.name for path in (tmp_path / "plain").rglob("*")} == {"0", "code", "app.py"}
    assert plain.code_folder.is_relative_to(tmp_path / "plain")
    assert all(folder.is_relative_to(tmp_path / "plain") for folder in plain.layer_folders)


def test_the_stand_in_answers_the_calls_of_the_functions(aws: LocalAws) -> None:
    assert aws.dynamodb.query(TableName="t")["Items"] == []
    assert "Item" not in aws.dynamodb.get_item(TableName="t", Key={"pk": {"S": "x"}})
    assert aws.sns.publish(TopicArn="arn:aws:sns:us-east-1:1:t", Message="m")["MessageId"]


def test_the_smile_in_the_queue_is_valid_now() -> None:
    [record] = smile_of_now()["Records"]
    limits = ClockLimits.from_environment(
        {"EVENT_RETENTION_DAYS": "90", "LONGEST_SMILE_SECONDS": "3600"}
    )
    message = RuleMessage.from_body(record["body"], limits)
    assert (len(message.events), message.rejected) == (1, ())
    assert json.loads(record["body"])["topic_device_id"] == message.events[0].device_id


def test_the_ratio_compares_the_starts_of_the_same_round() -> None:
    bare = [started(100), started(200), started(100)]
    assert cpu_ratio([started(110), started(220), started(300)], bare) == pytest.approx(1.1)
    text = cold_start_table({"bare": bare, "history_api": [started(150), started(300), started(1)]})
    assert cells(text, "bare") == ["100", "1.00", "200", "50"]
    assert cells(text, "history_api") == ["150", "1.50", "300", "50"]
