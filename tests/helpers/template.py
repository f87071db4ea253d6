"""CloudFormation templates as Python objects: ``!Ref X`` becomes ``{"!Ref": "X"}``."""

from __future__ import annotations

import functools
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]


class _Loader(yaml.CSafeLoader):
    """Reads the short form of the intrinsic functions."""


def _intrinsic(loader: yaml.CSafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        return {f"!{suffix}": loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {f"!{suffix}": loader.construct_sequence(node, deep=True)}
    raise TypeError(f"unexpected intrinsic !{suffix}")


_Loader.add_multi_constructor("!", _intrinsic)


def load_template(path: Path = ROOT / "template.yaml") -> dict[str, Any]:
    """Return a template; ``template.yaml`` unless `path` names another one."""
    loaded: dict[str, Any] = yaml.load(path.read_text("utf-8"), _Loader)
    return loaded


def properties(template: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the properties of a resource."""
    found: dict[str, Any] = template["Resources"][name]["Properties"]
    return found


def create_events_table(client: Any, name: str) -> str:
    """Create the events table of ``template.yaml`` as `name`; return the name."""
    client.create_table(TableName=name, **deepcopy(_events_table()))
    return name


@functools.cache  # hundreds of tests create a table
def _events_table() -> dict[str, Any]:
    table = properties(load_template(), "EventsTable")
    wanted = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
    created = {key: deepcopy(table[key]) for key in wanted} | {"BillingMode": "PAY_PER_REQUEST"}
    for index in created["GlobalSecondaryIndexes"]:
        del index["ProvisionedThroughput"]
    return created
