"""Measure ``GET /v1/stats`` over a month of 1,000 cameras: ``python -m bench.cloud.statistics``.

The local store holds the hours as so many events leave them, and some of the events themselves.
DynamoDB reads no event for a query of hours; the store shows that it makes no difference here.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from bench.cloud.item_size import read_units
from bench.report import machine, table, versions, write_section
from local.aws.endpoints import LocalAws
from local.aws.store import start_aws_server
from local.network.ports import LOOPBACK, free_port
from local.processes.child import Processes, wait_for_port
from smile_cloud.attributes import to_attributes
from smile_cloud.history_api.statistics.hourly_counts import HourlyCounts
from smile_cloud.history_api.statistics.service import StatisticsService
from smile_cloud.keys import device_pk, event_sk, fleet_pk, fleet_shard_of, hour_sk
from smile_contract import uuid7

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SECTION = "statistics"
_START: Final = datetime(2026, 10, 1, tzinfo=UTC)
_DAYS: Final = 31
_CAMERAS: Final = 1000
_EXPIRES_AT: Final = 2**33
_ROUNDS: Final = 7
_MOST_EVENTS: Final = 20_000  # that are written; more take the store minutes
_TABLE: Final = "events"
Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cost:
    """What one request costs.

    Attributes
    ----------
    queries : int
    units : float
        Read units.
    elapsed_ms, cpu_ms : float
        Medians; the second one is the processor time of the function alone.
    """

    queries: int
    units: float
    elapsed_ms: float
    cpu_ms: float


def month(events: int) -> tuple[list[Item], list[Item]]:
    """Return the hours of the fleet and of camera 0, and the events behind them."""
    draw = random.Random(events)  # noqa: S311 - not a secret
    hours: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    single: list[Item] = []
    for _ in range(events):
        device_id = f"cam-{draw.randrange(_CAMERAS)}"
        at = _START + timedelta(seconds=draw.randrange(_DAYS * 86_400))
        quarter, duration_ms = at.minute // 15, draw.randrange(300, 9000)
        added = {f"e{quarter}": 1, f"n{quarter}": 1, f"d{quarter}": duration_ms}
        if draw.random() < 0.1:  # noqa: PLR2004 - one event in ten has feedback
            added[f"{draw.choice('sssxu')}{quarter}"] = 1
        pks = [fleet_pk(fleet_shard_of(device_id))]
        pks += [device_pk(device_id)] if device_id == "cam-0" else []
        for pk in pks:
            hours[pk, hour_sk(at)].update(added)
        if len(single) < _MOST_EVENTS:
            single.append({"pk": device_pk(device_id), "sk": event_sk(uuid7(at))})
    found = [
        {"pk": pk, "sk": sk, "expires_at": _EXPIRES_AT, **counts}
        for (pk, sk), counts in hours.items()
    ]
    return found, single


@contextmanager
def store() -> Iterator[DynamoDBClient]:
    """Run the store of ``make run`` with an empty table; yield a client."""
    with TemporaryDirectory() as folder:
        processes, port = Processes(Path(folder)), free_port()
        try:
            aws = LocalAws(f"http://{LOOPBACK}:{port}")
            wait_for_port(start_aws_server(aws, port, processes), port)
            aws.dynamodb.create_table(
                TableName=_TABLE,
                KeySchema=[
                    {"AttributeName": "pk", "KeyType": "HASH"},
                    {"AttributeName": "sk", "KeyType": "RANGE"},
                ],
                AttributeDefinitions=[
                    {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")
                ],
                BillingMode="PAY_PER_REQUEST",
            )
            yield aws.dynamodb
        finally:
            processes.stop()


def write(client: DynamoDBClient, items: Iterable[Item]) -> None:
    """Put items into the table."""
    left = iter(items)
    while batch := list(islice(left, 25)):
        puts: list[Any] = [{"PutRequest": {"Item": to_attributes(item)}} for item in batch]
        client.batch_write_item(RequestItems={_TABLE: puts})


def measure(client: DynamoDBClient, device: str | None) -> tuple[Cost, int]:
    """Return what a month of days costs, and how many events it counts."""
    answers: list[Any] = []
    client.meta.events.register(
        "after-call.dynamodb.Query", lambda parsed, **_: answers.append(parsed), "count"
    )
    service = StatisticsService(HourlyCounts(client, _TABLE))
    end = _START + timedelta(days=_DAYS)
    given = {"from": [_START.isoformat()], "to": [end.isoformat()]}
    given |= {} if device is None else {"device": [device]}
    elapsed, cpu = [], []
    for _ in range(_ROUNDS):
        answers.clear()
        began, busy = time.perf_counter(), time.process_time()
        document = service.answer(given)
        elapsed.append(1000 * (time.perf_counter() - began))
        cpu.append(1000 * (time.process_time() - busy))
    client.meta.events.unregister("after-call.dynamodb.Query", unique_id="count")
    units = sum(read_units(answer["Items"]) for answer in answers)
    cost = Cost(len(answers), units, statistics.median(elapsed), statistics.median(cpu))
    return cost, document["total"]["events"]


def rows(sizes: Sequence[int]) -> Iterator[list[str]]:
    """Yield a row of the table for each number of events, for all cameras and for one."""
    for events in sizes:
        hours, single = month(events)
        with store() as client:
            write(client, [*hours, *single])
            for name, device in (("all cameras", None), ("one camera", "cam-0")):
                cost, counted = measure(client, device)
                yield [
                    f"{events:,}, {name}", f"{counted:,}", str(cost.queries), f"{cost.units:.1f}",
                    f"{cost.elapsed_ms:.0f}", f"{cost.cpu_ms:.0f}",
                ]  # fmt: skip


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--events", type=int, nargs="+", default=[10**n for n in range(3, 7)])
    parser.add_argument("--markdown", type=Path, help="write the table into this document")
    options = parser.parse_args()
    head = ["events of a month", "counted", "queries", "read units", "elapsed, ms", "CPU, ms"]
    notes = [f"Measured on {machine()}, {_ROUNDS} rounds.", f"{versions('ministack', 'boto3')}."]
    text = "\n\n".join(["  \n".join(notes), table(head, list(rows(options.events)))])
    print(text)
    if options.markdown:
        write_section(options.markdown, SECTION, text)


if __name__ == "__main__":
    main()
