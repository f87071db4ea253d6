"""A change of the code, a layer or a parameter publishes a new version of its functions, so that it
reaches the alias. SAM derives a version's logical id from the function; CloudFormation publishes a
version when this id is new."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from scripts.translate_template import packaged_template, translate

# Another allowed value of each parameter.
CHANGED = {
    "Stage": "prod",
    "Architecture": "x86_64",
    "ApiAccess": "AWS_IAM",
    "EventRetentionDays": "33",
    "RollupRetentionDays": "99",
}


@pytest.fixture(autouse=True)
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


@cache
def functions() -> list[str]:
    """Return the functions that read variables."""
    return [
        name
        for name, resource in packaged_template()["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
        and "Environment" in resource["Properties"]
    ]


def layers_of(template: dict[str, Any], function: str) -> list[Any]:
    return list(template["Resources"][function]["Properties"]["Layers"])


def version_ids(template: dict[str, Any], **parameters: str) -> dict[str, str]:
    """Return the logical id of each function's version."""
    return {
        resource["Properties"]["FunctionName"]["Ref"]: name
        for name, resource in translate(template, **parameters)["Resources"].items()
        if resource["Type"] == "AWS::Lambda::Version"
    }


def functions_only() -> dict[str, Any]:
    """Return the template with the parts that a version depends on: it is translated faster."""
    template = packaged_template()
    template["Resources"] = {
        name: resource
        for name, resource in template["Resources"].items()
        if resource["Type"] in ("AWS::Serverless::Function", "AWS::Serverless::LayerVersion")
    }
    for resource in template["Resources"].values():
        for key in ("Events", "Policies"):
            resource["Properties"].pop(key, None)
    return template


@cache
def written_ids() -> dict[str, str]:
    return version_ids(packaged_template())


def names_in(node: Any) -> Iterator[str]:
    """Yield the names that Ref and Sub put into a value, also where a condition decides."""
    if isinstance(node, list):
        for item in node:
            yield from names_in(item)
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        if key == "Ref":
            yield value
        elif key == "Fn::Sub" and isinstance(value, str):
            yield from re.findall(r"\$\{(\w+)\}", value)
        elif key != "Fn::FindInMap":
            yield from names_in(value)


@cache
def settings_of(function: str) -> set[str]:
    """Return the parameters whose text is in the configuration of a function."""
    template = packaged_template()
    given = template["Globals"]["Function"] | template["Resources"][function]["Properties"]
    parts = [given[key] for key in ("Environment", "Architectures", "Description")]
    return set(names_in(parts)) & set(template["Parameters"])


def test_version_is_the_same_when_nothing_changes() -> None:
    assert version_ids(packaged_template()) == written_ids()


def test_each_function_reads_the_stage_and_the_architecture() -> None:
    assert all(settings_of(function) >= {"Stage", "Architecture"} for function in functions())


@pytest.mark.parametrize("name", sorted(packaged_template()["Parameters"].keys() - {"AlertEmail"}))
def test_a_changed_parameter_publishes_a_version_of_the_functions_that_use_it(name: str) -> None:
    changed = version_ids(functions_only(), **{name: CHANGED.get(name, "77")})
    using = {function for function in functions() if name in settings_of(function)}
    assert {one for one in functions() if changed[one] != written_ids()[one]} == using


@pytest.mark.parametrize("function", functions())
def test_changed_code_publishes_a_version(function: str) -> None:
    template = functions_only()
    template["Resources"][function]["Properties"]["CodeUri"] = "s3://bucket/other"
    changed = version_ids(template)
    assert {one for one in changed if changed[one] != written_ids()[one]} == {function}


@pytest.mark.parametrize(
    "layer", ["SmileContractLayer", "SmileCloudLayer", "SmileVisionLayer", "JwtLayer"]
)
def test_a_changed_layer_publishes_a_version_of_every_function_that_has_it(layer: str) -> None:
    template = functions_only()
    template["Resources"][layer]["Properties"]["ContentUri"] = "s3://bucket/other"
    changed = version_ids(template)
    having = {one for one in functions() if {"Ref": layer} in layers_of(template, one)}
    assert having
    assert {one for one in changed if changed[one] != written_ids()[one]} == having


def test_changed_retention_of_a_stage_changes_the_functions_that_use_it() -> None:
    template = packaged_template()
    stages = template["Mappings"]["StageMap"]
    days = [
        (stage, one["EventRetentionDays"], one["RollupRetentionDays"])
        for stage, one in stages.items()
    ]
    both = ", ".join(f"{stage} {events}/{rollups}" for stage, events, rollups in days)
    events = ", ".join(f"{stage} {events}" for stage, events, _ in days)
    uses = {
        name: resource["Properties"]["Description"]["Fn::Sub"]
        for name, resource in template["Resources"].items()
        if "RetentionDays" in str(resource["Properties"].get("Environment"))
    }
    assert {"StoreEventFunction", "SendAlertFunction"} <= set(uses)
    for name, description in uses.items():
        assert both in description or events in description, f"repeat StageMap in {name}"
