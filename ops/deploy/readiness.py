"""Reject what CloudFormation would reject only after the build."""

from __future__ import annotations

from ops.errors import CommandError
from ops.stack import Stack
from ops.stage import Stage

# "Stack status codes" in the AWS CloudFormation User Guide.
_PLANNED = "REVIEW_IN_PROGRESS"  # a change set was created but never executed
_NEVER_CREATED = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"}


def check_ready(stack: Stack | None, stage: Stage, region: str, email: str) -> None:
    """Check that the stack can be created or updated.

    Parameters
    ----------
    stack : Stack or None
        The deployed stack; None before the first deployment.
    stage : Stage
    region : str
    email : str
        Address for alerts; may be empty if the stack exists.

    Raises
    ------
    CommandError
    """
    if stack is None or stack.status == _PLANNED:
        if not email:
            raise CommandError(
                f"{stage.stack_name} is new: set EMAIL=you@example.com for alerts and alarms, "
                "or EMAIL=none"
            )
    elif stack.status in _NEVER_CREATED:
        raise CommandError(
            f"{stack.name} is {stack.status} and cannot be updated: delete it with "
            f"'.venv-sam/bin/sam delete --stack-name {stack.name} --region {region}', "
            "then deploy again"
        )
    elif stack.status.endswith("_IN_PROGRESS"):
        raise CommandError(f"{stack.name} is {stack.status}: wait until it ends, then deploy")
