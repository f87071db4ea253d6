"""The program as a component of AWS IoT Greengrass, which no linter or emulator supports."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

import pytest

from smile_contract import events_topic, status_topic
from tests.helpers.template import ROOT, properties

STAGES = ("dev", "staging", "prod")
# Greengrass sets these for each component.
GIVEN = {"AWS_IOT_THING_NAME", "SVCUID"}
# You can set these for a single device with another deployment; the docs list them.
OPTIONAL = {"SMILE_CONFIG", "SMILE_MQTT_URL", "SMILE_OUTBOX", "SMILE_STREAM_TOKEN"}


def components(nested: dict[str, Any], stage: str) -> dict[str, Any]:
    """Return the components that a stage deploys."""
    holds = {
        name: {"!Ref": "Stage"} in condition["!Equals"] and stage in condition["!Equals"]
        for name, condition in nested["Conditions"].items()
        if "!Equals" in condition
    }
    chosen: dict[str, Any] = properties(nested, "Deployment")["Components"]
    while "!If" in chosen:
        condition, yes, no = chosen["!If"]
        chosen = yes if holds[condition] else no
    return chosen


def configuration(nested: dict[str, Any], stage: str = "dev") -> dict[str, Any]:
    """Return the configuration that cameras of a stage get."""
    text = components(nested, stage)[f"smile.edge.{stage}"]["ConfigurationUpdate"]["Merge"]["!Sub"]
    text = text.replace("${Stage}", stage).replace("${Source}", "/dev/video0")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def names_in(node: Any) -> set[str]:
    """Return the names that `node` refers to."""
    if isinstance(node, dict):
        found = {node["!Ref"]} if "!Ref" in node else set()
        if "!Sub" in node:
            found |= set(re.findall(r"\$\{([^}]+)\}", node["!Sub"]))
        return found.union(*map(names_in, node.values()))
    return set().union(*map(names_in, node)) if isinstance(node, list) else set()


def test_nested_stack_gets_each_parameter_that_it_declares_and_no_other(
    template: dict[str, Any], nested: dict[str, Any]
) -> None:
    passed = properties(template, "EdgeOnGreengrass")["Parameters"]
    assert set(passed) == set(nested["Parameters"])
    assert names_in(nested["Resources"]) | names_in(nested["Conditions"]) >= set(passed), "unused"
    assert passed == {
        "Stage": {"!Ref": "Stage"},
        "FunctionVersionArn": {"!Ref": "EdgeFunction.Version"},
    } | {
        name: {"!Ref": f"Edge{name}"}
        for name in ("ThingGroup", "Architecture", "Source", "User", "NucleusVersion")
    }
    defaults = [name for name, one in nested["Parameters"].items() if "Default" in one]
    assert not defaults, "a default would hide a parameter that is not passed"


def test_the_nested_stack_needs_no_further_capability(nested: dict[str, Any]) -> None:
    # A macro needs CAPABILITY_AUTO_EXPAND, a role with a name CAPABILITY_NAMED_IAM.
    assert "Transform" not in nested
    assert {one["Type"].rpartition("::")[0] for one in nested["Resources"].values()} == {
        "AWS::GreengrassV2"
    }
    stages = tomllib.loads((ROOT / "samconfig.toml").read_text("utf-8"))
    for stage in STAGES:
        assert stages[stage]["deploy"]["parameters"]["capabilities"] == "CAPABILITY_IAM"


def test_the_stack_outputs_the_component_arn_when_it_creates_one(
    template: dict[str, Any], nested: dict[str, Any]
) -> None:
    output = template["Outputs"]["EdgeComponentArn"]
    assert output["Condition"] == "HasEdge"
    assert output["Value"] == {"!GetAtt": "EdgeOnGreengrass.Outputs.ComponentArn"}
    assert nested["Outputs"]["ComponentArn"]["Value"] == {"!Ref": "Component"}


def test_component_is_the_published_version_pinned_and_outside_a_container(
    template: dict[str, Any], nested: dict[str, Any]
) -> None:
    component = properties(nested, "Component")["LambdaFunction"]
    assert component["LambdaArn"] == {"!Ref": "FunctionVersionArn"}
    parameters = component["ComponentLambdaParameters"]
    assert parameters["Pinned"] is True
    assert parameters["LinuxProcessParams"] == {"IsolationMode": "NoContainer"}
    [platform] = component["ComponentPlatforms"]
    assert platform["Attributes"] == {
        "os": "linux",
        "architecture": {"!If": ["IsArm", "aarch64", "amd64"]},
    }
    assert nested["Conditions"]["IsArm"] == {"!Equals": [{"!Ref": "Architecture"}, "arm64"]}
    assert properties(template, "EdgeFunction")["Architectures"] == [{"!Ref": "EdgeArchitecture"}]


def test_no_component_version_is_created_twice_when_a_parameter_changes(
    nested: dict[str, Any],
) -> None:
    # The version is that of the function. Another processor is another package, so a new version.
    assert "ComponentVersion" not in properties(nested, "Component")["LambdaFunction"]
    assert names_in(properties(nested, "Component")) == {
        "FunctionVersionArn",
        "Architecture",
        "Stage",
    }


def test_no_greengrass_resource_is_created_when_there_is_no_thing_group(
    template: dict[str, Any],
) -> None:
    # Many regions with AWS IoT do not have these types. CloudFormation may refuse a template with
    # an unknown type ("Unrecognized resource types") even if its condition is false.
    kinds = {one["Type"] for one in template["Resources"].values()}
    assert not {kind for kind in kinds if "Greengrass" in kind}
    assert template["Resources"]["EdgeOnGreengrass"]["Condition"] == "HasEdge"
    assert template["Conditions"]["HasEdge"] == {
        "!Not": [{"!Equals": [{"!Ref": "EdgeThingGroup"}, "none"]}]
    }
    assert template["Parameters"]["EdgeThingGroup"]["Default"] == "none"


@pytest.mark.parametrize("stage", STAGES)
def test_thing_group_gets_the_component_of_its_stage(
    template: dict[str, Any], nested: dict[str, Any], stage: str
) -> None:
    name = properties(nested, "Component")["LambdaFunction"]["ComponentName"]["!Sub"]
    deployed = components(nested, stage)
    assert set(deployed) == {name.replace("${Stage}", stage), "aws.greengrass.Nucleus"}
    component = deployed[f"smile.edge.{stage}"]
    assert component["ComponentVersion"] == {"!GetAtt": "Component.ComponentVersion"}
    assert component["RunWith"] == {"PosixUser": {"!Ref": "User"}}
    assert template["Parameters"]["EdgeUser"]["Default"].endswith(":video"), "reads cameras"
    target = properties(nested, "Deployment")["TargetArn"]["!Sub"]
    assert target.endswith(":thinggroup/${ThingGroup}")


@pytest.mark.parametrize("stage", STAGES)
def test_the_component_reaches_only_its_own_topics(nested: dict[str, Any], stage: str) -> None:
    ((service, policies),) = configuration(nested, stage)["accessControl"].items()
    assert service == "aws.greengrass.ipc.mqttproxy"
    assert set(policies) == {f"smile.edge.{stage}:mqttproxy:1", f"smile.edge.{stage}:mqttproxy:2"}
    publish, subscribe = policies.values()
    assert publish["operations"] == ["aws.greengrass#PublishToIoTCore"]
    shadow = "$aws/things/cam-1/shadow/name/settings"
    own = [events_topic("cam-1"), status_topic("cam-1"), f"{shadow}/get", f"{shadow}/update"]
    assert publish["resources"] == [topic.replace("cam-1", "{iot:thingName}") for topic in own]
    assert subscribe["operations"] == ["aws.greengrass#SubscribeToIoTCore"]
    assert subscribe["resources"] == [f"{shadow}/*".replace("cam-1", "{iot:thingName}")]


@pytest.mark.parametrize("stage", STAGES)
def test_the_nucleus_is_changed_only_when_a_version_is_given(
    template: dict[str, Any], nested: dict[str, Any], stage: str
) -> None:
    condition, nucleus, otherwise = components(nested, stage)["aws.greengrass.Nucleus"]["!If"]
    assert (condition, otherwise) == ("HasNucleus", {"!Ref": "AWS::NoValue"})
    assert nested["Conditions"]["HasNucleus"] == {
        "!Not": [{"!Equals": [{"!Ref": "NucleusVersion"}, "none"]}]
    }
    assert nucleus["ComponentVersion"] == {"!Ref": "NucleusVersion"}
    assert json.loads(nucleus["ConfigurationUpdate"]["Merge"]) == {
        "interpolateComponentConfiguration": True
    }
    parameter = template["Parameters"]["EdgeNucleusVersion"]
    assert parameter["Default"] == "none"
    accepted = ("none", "2.9.2", "2.9.10", "2.14.0")
    refused = ("2.9.1", "2.6.0", "1.9.2", "2.14", "latest", "")
    assert all(re.fullmatch(parameter["AllowedPattern"], value) for value in accepted)
    assert not any(re.fullmatch(parameter["AllowedPattern"], value) for value in refused)


def test_the_component_reads_the_variables_that_are_set_or_documented(
    nested: dict[str, Any],
) -> None:
    code = "".join(
        (ROOT / "edge_lambda" / name).read_text("utf-8")
        for name in ("lambda_function.py", "config.py")
    )
    read = set(re.findall(r'"((?:SMILE|AWS)_[A-Z_]+|SVCUID)"', code))
    given = configuration(nested)["lambdaExecutionParameters"]["EnvironmentVariables"]
    assert given == {"SMILE_SOURCE": "/dev/video0"}
    assert read == set(given) | GIVEN | OPTIONAL
    docs = (ROOT / "docs" / "edge.md").read_text("utf-8")
    assert all(f"`{name}`" in docs for name in OPTIONAL | set(given))


@pytest.mark.parametrize("source", ['a"b', "a b", "a\\b", ""])
def test_a_camera_is_refused_when_it_would_break_the_configuration(
    template: dict[str, Any], source: str
) -> None:
    pattern = template["Parameters"]["EdgeSource"]["AllowedPattern"]
    assert not re.fullmatch(pattern, source)
    assert re.fullmatch(pattern, "rtsp://cam.local:554/live?channel=1")


def test_function_has_nothing_of_the_cloud(template: dict[str, Any]) -> None:
    edge = properties(template, "EdgeFunction")
    assert not {"Environment", "Layers", "Policies", "Events"} & set(edge)
    assert not {"Environment", "Layers", "Policies"} & set(template["Globals"]["Function"])


@pytest.mark.parametrize("processor", ["arm64", "x86_64"])
def test_package_is_built_for_the_processor_of_the_parameter(
    template: dict[str, Any], processor: str
) -> None:
    parameter = template["Parameters"]["EdgeArchitecture"]
    assert re.fullmatch(parameter["AllowedPattern"], processor)
    uri = properties(template, "EdgeFunction")["CodeUri"]["!Sub"]
    makefile = ROOT / uri.replace("${EdgeArchitecture}", processor) / "Makefile"
    assert f"ARCH := {processor}\n" in makefile.read_text("utf-8")


def test_package_is_built_for_the_python_of_the_function(template: dict[str, Any]) -> None:
    runtime = template["Globals"]["Function"]["Runtime"]
    text = (ROOT / "edge_lambda" / "Makefile").read_text("utf-8")
    assert f"LAMBDA_VERSION ?= {runtime.removeprefix('python')}\n" in text
