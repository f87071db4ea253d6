"""Fleet provisioning by claim: what a claim certificate may do, and the names of cameras."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from smile_contract import is_device_id
from tests.helpers.template import ROOT, load_template, properties

CERTIFICATE_ID = "a" * 64  # hexadecimal digits of a SHA-256
PREFIX = "arn:${AWS::Partition}:iot:${AWS::Region}:${AWS::AccountId}:"


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return load_template(ROOT / "deploy" / "fleet-provisioning.yaml")


@pytest.fixture(scope="module")
def body(template: dict[str, Any]) -> dict[str, Any]:
    text = properties(template, "ProvisioningTemplate")["TemplateBody"]["!Sub"]
    assert re.findall(r"\$\{(\w+)\}", text) == ["DevicePolicyName"]
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def test_camera_cannot_take_the_name_of_another_one(body: dict[str, Any]) -> None:
    # The only parameter is one that AWS IoT fills in, so a camera chooses nothing.
    assert list(body["Parameters"]) == ["AWS::IoT::Certificate::Id"]
    joined = body["Resources"]["thing"]["Properties"]["ThingName"]["Fn::Join"][1]
    assert joined[1] == {"Ref": "AWS::IoT::Certificate::Id"}
    assert is_device_id(joined[0] + CERTIFICATE_ID)


def test_camera_gets_the_device_policy_and_an_active_certificate(body: dict[str, Any]) -> None:
    resources = body["Resources"]
    assert resources["policy"]["Properties"] == {"PolicyName": "${DevicePolicyName}"}
    assert resources["certificate"]["Properties"]["Status"] == "Active"


def test_claim_certificate_can_only_ask_for_a_certificate_and_a_name(
    template: dict[str, Any],
) -> None:
    policy = properties(template, "ClaimPolicy")["PolicyDocument"]["Statement"]
    allowed = {}
    for statement in policy:
        resources = statement["Resource"]
        actions = statement["Action"]
        for one in resources if isinstance(resources, list) else [resources]:
            for action in actions if isinstance(actions, list) else [actions]:
                allowed.setdefault(action, []).append(one["!Sub"].removeprefix(PREFIX))
    topics = ["$aws/certificates/create-from-csr/json", "smile-${Stage}/provision/json"]
    assert allowed["iot:Connect"] == ["client/claim-*"]
    assert not is_device_id("claim-*")
    for action in ("iot:Publish", "iot:Receive", "iot:Subscribe"):
        kind = "topicfilter" if action == "iot:Subscribe" else "topic"
        assert all(one.startswith(f"{kind}/$aws/") for one in allowed[action])
        assert [topic in one for one, topic in zip(allowed[action], topics, strict=True)] == [
            *(True, True)
        ]
    name = properties(template, "ProvisioningTemplate")["TemplateName"]["!Sub"]
    assert f"provisioning-templates/{name}/" in allowed["iot:Publish"][1]
