"""A rehearsal: what its template lacks, and the network namespace it needs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from local.cloudformation.template import Template, load_template
from local.errors import StartError
from local.rehearse import __main__ as command
from local.rehearse.namespace import check_namespaces, current_namespace, start_loopback
from local.rehearse.template import rehearsed
from tests.helpers.template import ROOT


def of(resources: dict[str, Any], **sections: Any) -> Template:
    return Template(Path("template.yaml"), {"Resources": resources, **sections})


ALARM = {"Type": "AWS::CloudWatch::Alarm", "Properties": {"MetricName": "Errors"}}
MATH = {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Metrics": []}}


@pytest.mark.parametrize(
    "reference",
    [
        {"Ref": "Math"},
        {"Fn::GetAtt": "Math.Arn"},
        {"Fn::GetAtt": ["Math", "Arn"]},
        {"Fn::Sub": "x ${Math.Arn}"},
        {"Fn::Sub": ["${One}", {"One": {"Ref": "Math"}}]},
    ],
)
def test_what_refers_to_a_metric_math_alarm_is_left_out_with_it(reference: Any) -> None:
    user = {"Type": "AWS::CloudWatch::Dashboard", "Properties": {"DashboardBody": [reference]}}
    second = {"Type": "AWS::SNS::Topic", "DependsOn": "User"}
    found = rehearsed(
        of(
            {"Math": MATH, "Plain": ALARM, "User": user, "Second": second},
            Outputs={"A": {"Value": reference}, "B": {"Value": {"Ref": "Plain"}}},
        ),
        {},
    )
    assert found.left_out == ["Math", "Second", "User"]
    assert list(found.document["Resources"]) == ["Plain"]
    assert list(found.document["Outputs"]) == ["B"]


def test_sam_sees_the_values_of_the_deployment_as_defaults() -> None:
    parameters = {"Days": {"Type": "String", "Default": "90"}, "Stage": {"Type": "String"}}
    template = of({"Plain": ALARM}, Parameters=parameters)
    found = rehearsed(template, {"Days": "33"}).document["Parameters"]
    assert (found["Days"]["Default"], "Default" in found["Stage"]) == ("33", False)
    assert template.sections["Parameters"]["Days"]["Default"] == "90", "the original stays as it is"


def test_the_rehearsal_deploys_everything_that_a_message_passes() -> None:
    template = load_template(ROOT / "template.yaml")
    document = rehearsed(template, {"Stage": "dev"}).document
    types = {"Function", "LayerVersion", "Api", "Queue", "Table", "Topic", "TopicRule", "Policy"}
    for name, resource in template.section("Resources").items():
        if resource["Type"].rpartition("::")[2] in types:
            assert name in document["Resources"]
    assert "DeploymentPreference" not in json.dumps(document)


def programs(folder: Path, unshare: str | None) -> str:
    if unshare is not None:
        (folder / "unshare").write_text(f"#!/bin/sh\n{unshare}\n")
        (folder / "unshare").chmod(0o755)
    return str(folder)


@pytest.mark.parametrize(
    ("unshare", "message"),
    [
        (None, "unshare cannot be run"),
        (
            "echo unshare: not permitted >&2; exit 1",
            "no network namespaces.*unshare: not permitted",
        ),
    ],
)
def test_nothing_starts_when_the_machine_has_no_namespaces(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    unshare: str | None,
    message: str,
) -> None:
    monkeypatch.setenv("PATH", programs(tmp_path, unshare))
    monkeypatch.setattr(command, "PROCESSOR", "x86_64")
    monkeypatch.setattr(command, "SAM", tmp_path)
    with pytest.raises(StartError, match=message):
        check_namespaces()
    assert command.main([]) == 2
    assert capsys.readouterr().err.startswith("rehearse: ")


@pytest.mark.skipif(not Path("/proc/self/ns/net").is_symlink(), reason="namespaces are Linux's")
def test_ministack_does_not_start_outside_a_namespace(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(StartError, match="no namespace of its own"):
        start_loopback(current_namespace())
    assert command.main(["--inside", current_namespace()]) == 2
    assert "no namespace of its own" in capsys.readouterr().err
