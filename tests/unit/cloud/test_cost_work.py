"""The work that ``ops/cost/work.toml`` states is that of the functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.client import BaseClient

from edge_lambda.settings import HealthSettings
from ops.cost.tables import load_work
from smile_cloud.device_registry.directory import MAX_PAGE
from smile_contract import SmileEvent
from tests.helpers.device_checks import Checks
from tests.helpers.events import smile_event
from tests.helpers.functions import Functions
from tests.helpers.rule_events import as_sqs_event

WORK = load_work()
TRACE_BYTES = 60  # the key xray_trace_id, which a line has on Lambda


class Units:
    """Counts capacity units as DynamoDB charges them, for items of up to a kilobyte.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
    """

    def __init__(self) -> None:
        self.read = self.write = 0.0
        self.index_read = self.index_write = 0.0

    def count(self, operation: str, given: Mapping[str, Any]) -> None:
        if operation == "TransactWriteItems":
            items = [item for part in given["TransactItems"] for item in part.values()]
            self.index_write += sum(_indexed(item) for item in items)
            self.write += sum(2 + _indexed(item) for item in items)
        elif operation in {"PutItem", "UpdateItem", "DeleteItem"}:
            self.index_write += _indexed(given)
            self.write += 1 + _indexed(given)
        elif operation in {"GetItem", "Query"}:
            units = _read_units(given)
            self.index_read += units if "IndexName" in given else 0
            self.read += units
        elif operation == "BatchGetItem":
            tables = given["RequestItems"].values()
            self.read += sum(len(one["Keys"]) * _read_units(one) for one in tables)


def _indexed(item: Mapping[str, Any]) -> int:
    """Return the units of the copy in the index."""
    written = str(item.get("Item", "")) + str(item.get("UpdateExpression", ""))
    return int("gsi1pk" in written)


def _read_units(given: Mapping[str, Any]) -> float:
    return 1.0 if given.get("ConsistentRead") else 0.5


@pytest.fixture
def units(monkeypatch: pytest.MonkeyPatch) -> Iterator[Units]:
    call, counted = BaseClient._make_api_call, Units()

    def counting(client: Any, operation: str, given: Any) -> Any:
        counted.count(operation, given)
        return call(client, operation, given)

    monkeypatch.setattr(BaseClient, "_make_api_call", counting)
    yield counted


def smiles() -> list[SmileEvent]:
    """Return the two events of a smile of now."""
    now = datetime.now(UTC).replace(microsecond=0)
    ended = smile_event(started_at=now - timedelta(seconds=5), duration_ms=2000)
    fields = {k: v for k, v in ended.to_dict().items() if k != "ended_at"}
    return [SmileEvent.from_dict({**fields, "phase": "started", "seq": 0}), ended]


def test_a_smile_takes_the_stated_units_of_the_table(functions: Functions, units: Units) -> None:
    functions.invoke("store_event", as_sqs_event(smiles()[0], datetime.now(UTC)))  # of the day
    units.read = units.write = units.index_write = 0.0
    for event in smiles():
        functions.invoke("store_event", as_sqs_event(event, datetime.now(UTC)))
    table = WORK["table"]
    assert units.write == table["write_units_per_event"]
    assert units.index_write == table["index_write_units_per_event"]
    assert units.read == table["read_units_per_event"]


def test_an_alert_takes_the_stated_units_of_the_table(functions: Functions, units: Units) -> None:
    table = WORK["table"]
    written = []
    for event in (smiles()[1], smiles()[1]):
        units.read = units.write = 0.0
        functions.invoke("send_alert", as_sqs_event(event, datetime.now(UTC)))
        written.append(units.write)
        assert units.read == table["read_units_per_message"]
    assert written == [table["write_units_sent"], table["write_units_suppressed"]]


def test_a_check_takes_the_stated_units_for_each_camera(checks: Checks, units: Units) -> None:
    def of_table(cameras: int) -> float:
        for number in range(cameras):
            checks.says(f"cam-{number}")
        checks.check()
        units.read = units.index_read = 0.0
        checks.check()
        assert units.index_read > 0, "the list of cameras is in the index"
        return units.read - units.index_read

    table = WORK["table"]
    stated = table["read_units_per_check"] - table["index_read_units_per_check"]
    few = of_table(3)
    assert (of_table(7) - few) / 4 == pytest.approx(stated)
    # docs/capacity.md: one unit for each page of the list
    assert table["index_read_units_per_check"] == 1 / MAX_PAGE


@pytest.mark.parametrize(
    ("name", "function"),
    [("store_event", "StoreEventFunction"), ("send_alert", "SendAlertFunction")],
)
def test_a_message_logs_at_most_the_stated_bytes(
    functions: Functions, capsys: pytest.CaptureFixture[str], name: str, function: str
) -> None:
    work = WORK["functions"][function]
    functions.forget_log_keys()
    for event in smiles():
        before = functions.log_characters
        functions.invoke(name, as_sqs_event(event, datetime.now(UTC)))
        logged = functions.log_characters - before + TRACE_BYTES
        assert 0.8 * work["log_bytes_per_message"] < logged <= work["log_bytes_per_message"]
        assert len(capsys.readouterr().out) <= work["log_bytes_per_invocation"]


def test_the_settings_are_those_of_the_device_and_the_template(template: dict[str, Any]) -> None:
    assert WORK["messages"]["heartbeat_s"] == HealthSettings().interval_s
    for name, parameter in (
        ("cooldown_s", "AlertCooldownSeconds"),
        ("per_hour", "AlertsPerHour"),
        ("per_minute", "AlertsPerMinute"),
    ):
        assert WORK["alerts"][name] == int(template["Parameters"][parameter]["Default"])
