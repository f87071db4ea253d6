"""The deployed stack of a stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import boto3
from botocore.exceptions import ClientError

from ops.account import CLIENT_CONFIG
from ops.aws_errors import plain_aws_errors
from ops.errors import CommandError
from ops.stage import Stage


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack as CloudFormation describes it.

    Attributes
    ----------
    name, status : str
    outputs : Mapping of str to str
    parameters : Mapping of str to str
    """

    name: str
    status: str
    outputs: Mapping[str, str]
    parameters: Mapping[str, str] = field(default_factory=dict)


def find_stack(session: boto3.Session, stage: Stage) -> Stack | None:
    """Return the stage's stack, or None if it does not exist.

    Raises
    ------
    CommandError
        If the call to CloudFormation fails.
    """
    with plain_aws_errors(session.region_name):
        client = session.client("cloudformation", config=CLIENT_CONFIG)
        try:
            (found,) = client.describe_stacks(StackName=stage.stack_name)["Stacks"]
        except ClientError as error:
            if "does not exist" in str(error):  # the code is ValidationError, like other errors
                return None
            raise
    outputs = {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])}
    parameters = {one["ParameterKey"]: one["ParameterValue"] for one in found.get("Parameters", [])}
    return Stack(stage.stack_name, found["StackStatus"], outputs, parameters)


def read_outputs(session: boto3.Session, stage: Stage, *required: str) -> Mapping[str, str]:
    """Return the outputs of the stage's stack.

    Parameters
    ----------
    session : boto3.Session
    stage : Stage
    *required : str
        Names of the outputs that the stack must have.

    Raises
    ------
    CommandError
        If the stack does not exist or lacks one of the outputs.
    """
    stack = find_stack(session, stage)
    if stack is None:
        raise CommandError(
            f"stack {stage.stack_name} does not exist in {session.region_name}: run make deploy "
            f"STAGE={stage.name} first, or set AWS_REGION to the region of the stack"
        )
    for name in required:
        if name not in stack.outputs:
            raise CommandError(
                f"stack {stack.name} has no output {name}: run make deploy STAGE={stage.name} again"
            )
    return stack.outputs
