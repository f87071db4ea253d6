"""Whether a stack can be deployed: what CloudFormation would refuse only after the build."""

from __future__ import annotations

from ops.errors import CommandError
from ops.stack import Stack
from ops.stage import Stage

# "Stack status codes" in the CloudFormation User Guide.
_PLANNED = "REVIEW_IN_PROGRESS"  # a change set was made and never executed
_NEVER_MADE = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"}


def check_ready(stack: Stack | None, stage: Stage, region: str, email: str) -> None:
    """Make sure that the stack can be made or updated with what was given.

    Parameters
    ----------
    stack : Stack or None
        What is there.
    stage : Stage
    region : str
    email : str
        Empty when none was given.

    Raises
    ------
    CommandError
    """
    if stack is None or stack.status == _PLANNED:
        if not email:
            raise CommandError(
                f"{stage.stack_name} is new: say who is told of smiles and alarms with "
                "EMAIL=you@example.com, or EMAIL=none for nobody"
            )
    elif stack.status in _NEVER_MADE:
        raise CommandError(
            f"{stack.name} is {stack.status} and cannot be updated: remove it with "
            f"'.venv-sam/bin/sam delete --stack-name {stack.name} --region {region}', "
            "then deploy again"
        )
    elif stack.status.endswith("_IN_PROGRESS"):
        raise CommandError(f"{stack.name} is {stack.status}: deploy when that has ended")
