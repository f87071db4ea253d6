"""The deployed stack of a stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import boto3
from botocore.exceptions import ClientError

from ops.account import QUICK
from ops.aws_errors import plain_aws_errors
from ops.errors import CommandError
from ops.stage import Stage


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack, as CloudFormation describes it.

    Attributes
    ----------
    name, status : str
    outputs : Mapping of str to str
    """

    name: str
    status: str
    outputs: Mapping[str, str]


def find_stack(session: boto3.Session, stage: Stage) -> Stack | None:
    """Return the stage's stack, None when there is none.

    Raises
    ------
    CommandError
        When CloudFormation cannot be asked.
    """
    with plain_aws_errors(session.region_name):
        client = session.client("cloudformation", config=QUICK)
        try:
            (found,) = client.describe_stacks(StackName=stage.stack_name)["Stacks"]
        except ClientError as error:
            if "does not exist" in str(error):  # the code is that of every invalid argument
                return None
            raise
    outputs = {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])}
    return Stack(stage.stack_name, found["StackStatus"], outputs)


def read_outputs(session: boto3.Session, stage: Stage, *wanted: str) -> Mapping[str, str]:
    """Return the outputs of the stage's stack.

    Parameters
    ----------
    session : boto3.Session
    stage : Stage
    *wanted : str
        Names of outputs that have to be there.

    Raises
    ------
    CommandError
        When there is no such stack, or it is too old to have those outputs.
    """
    stack = find_stack(session, stage)
    if stack is None:
        raise CommandError(
            f"there is no stack {stage.stack_name} in {session.region_name}: run make deploy "
            f"STAGE={stage.name} first, or set AWS_REGION to where it is"
        )
    for name in wanted:
        if name not in stack.outputs:
            raise CommandError(
                f"the stack {stack.name} has no output {name}: run make deploy "
                f"STAGE={stage.name} again"
            )
    return stack.outputs
