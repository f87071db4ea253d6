"""``make run`` with a provisioned table: the store takes it, and auto scaling has no effect."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.aws.provision import Provisioner
from local.cloudformation.physical import PhysicalNames
from local.cloudformation.resolver import Resolver
from local.cloudformation.template import load_template
from local.processes.child import Processes
from local.run.options import Options
from local.run.stack import Stack, StackEvents
from tests.helpers.local_cloud import start_store
from tests.helpers.template import ROOT

pytestmark = pytest.mark.system
CHOSEN = {
    "TableCapacity": "provisioned",
    "TableWriteUnits": "30",
    "TableReadUnits": "20",
    "IndexWriteUnits": "7",
}


def test_the_store_takes_a_provisioned_table(tmp_path: Path) -> None:
    processes = Processes(tmp_path)
    try:
        aws = start_store(processes)
        names = PhysicalNames(aws.region, aws.endpoint_url)
        resolver = Resolver(load_template(ROOT / "template.yaml"), names, CHOSEN)
        Provisioner(aws, resolver).create_all()
        name = resolver.name("EventsTable")
        table = aws.dynamodb.describe_table(TableName=name)["Table"]
    finally:
        processes.stop()
    [index] = table["GlobalSecondaryIndexes"]
    assert table["ProvisionedThroughput"]["WriteCapacityUnits"] == 30
    assert table["ProvisionedThroughput"]["ReadCapacityUnits"] == 20
    assert index["ProvisionedThroughput"]["WriteCapacityUnits"] == 7


def test_auto_scaling_is_not_reported_as_missing(tmp_path: Path) -> None:
    def ignore(_: object) -> None: ...

    def not_run(chosen: dict[str, str]) -> list[str]:
        options = Options(no_edge=True, parameters=list(chosen.items()), broker="amqtt")
        stack = Stack(options, tmp_path, StackEvents(ignore, ignore, ignore), {})
        stack.stop()
        return stack.not_run

    assert not_run(CHOSEN) == not_run({})
