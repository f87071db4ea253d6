"""What the deployed stack says about its devices."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from scripts.device.errors import DeviceError


@dataclass(frozen=True)
class StackFacts:
    """Outputs of a stack.

    Attributes
    ----------
    name : str
    policy : str
        Name of the policy for devices.
    rule : str or None
        Name of the rule for Basic Ingest.
    """

    name: str
    policy: str
    rule: str | None


def read_stack(cloudformation: Any, name: str, region: str) -> StackFacts:
    """Read what a stack says about devices.

    Raises
    ------
    DeviceError
        When it is not there, or knows nothing of devices.
    """
    outputs = read_outputs(cloudformation, name, region)
    policy = outputs.get("DevicePolicyName")
    if policy is None:
        raise DeviceError(f"the stack {name} has no output DevicePolicyName: deploy it anew")
    match = re.match(r"\$aws/rules/(\w+)/", outputs.get("BasicIngestTopic", ""))
    return StackFacts(name, policy, match[1] if match else None)


def read_outputs(cloudformation: Any, name: str, region: str) -> dict[str, str]:
    """Read the outputs of a stack.

    Raises
    ------
    DeviceError
        When it is not there.
    """
    try:
        stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" not in str(error):
            raise
        raise DeviceError(
            f"there is no stack {name} in {region}: deploy it (make deploy STAGE=…), or name its "
            "region with AWS_REGION"
        ) from None
    return {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])}
