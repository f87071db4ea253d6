"""The built template without what MiniStack does not have."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from local.cloudformation.template import Template

_MISSING_TYPES: Final = frozenset(
    {
        "AWS::CloudFormation::Stack",  # of Greengrass
        "AWS::CloudWatch::CompositeAlarm",
        "AWS::CloudWatch::InsightRule",
    }
)
_SUB_NAME: Final = re.compile(r"\$\{([A-Za-z0-9]+)")


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A template for MiniStack.

    Attributes
    ----------
    document : dict
        The template in JSON-ready form.
    left_out : list of str
        Logical ids of the resources that it lacks.
    """

    document: dict[str, Any]
    left_out: list[str]


def rehearsed(template: Template, values: Mapping[str, str]) -> Rehearsed:
    """Return `template` without metric-math alarms, CodeDeploy and resources that need them.

    The API asks for no key, and its paths answer ``GET`` instead of ``ANY``: MiniStack refuses
    requests with the authorizer, and knows single methods only.

    The parameters get `values` as their defaults: SAM takes the values of a deployment into account
    on AWS, but MiniStack shows it the defaults only.
    """
    document = json.loads(json.dumps(template.sections))
    resources = document["Resources"]
    for resource in resources.values():
        properties = resource.get("Properties", {})
        properties.pop("DeploymentPreference", None)
        properties.pop("Auth", None)
        for event in properties.get("Events", {}).values():
            event["Properties"].pop("Auth", None)
            if event["Properties"].get("Method") == "ANY":
                event["Properties"]["Method"] = "GET"
    left_out = {name for name, one in resources.items() if _is_missing(one)}
    while more := {
        name for name, one in resources.items() if name not in left_out and left_out & _names(one)
    }:
        left_out |= more
    document["Resources"] = {n: one for n, one in resources.items() if n not in left_out}
    outputs = document.get("Outputs", {})
    document["Outputs"] = {n: one for n, one in outputs.items() if not left_out & _names(one)}
    for name, value in values.items():
        document["Parameters"][name]["Default"] = value
    return Rehearsed(document, sorted(left_out))


def _is_missing(resource: Mapping[str, Any]) -> bool:
    is_metric_math = "Metrics" in resource.get("Properties", {})
    return resource["Type"] in _MISSING_TYPES or (
        resource["Type"] == "AWS::CloudWatch::Alarm" and is_metric_math
    )


def _names(value: object) -> set[str]:
    """Return the logical ids that a part of the template refers to."""
    return set(_references(value))


def _references(value: object) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _references(item)
    if not isinstance(value, dict):
        return
    for key, inner in value.items():
        if key in {"Ref", "Fn::GetAtt"}:
            yield (inner if isinstance(inner, str) else str(inner[0])).partition(".")[0]
        elif key == "DependsOn":
            yield from [inner] if isinstance(inner, str) else inner
        else:
            if key == "Fn::Sub":
                yield from _SUB_NAME.findall(inner if isinstance(inner, str) else inner[0])
            yield from _references(inner)
