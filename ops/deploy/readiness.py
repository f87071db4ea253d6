"""Reject what CloudFormation would reject only after the build."""

from __future__ import annotations

from typing import Any

import boto3

from ops.account import CLIENT_CONFIG
from ops.errors import CommandError
from ops.stack import Stack
from ops.stage import Stage

# "Stack status codes" in the AWS CloudFormation User Guide.
_PLANNED = "REVIEW_IN_PROGRESS"  # a change set was created but never executed
_NEVER_CREATED = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"}


def check_ready(stack: Stack | None, stage: Stage, email: str) -> None:
    """Check that the stack can be created or updated.

    Parameters
    ----------
    stack : Stack or None
        The deployed stack; None before the first deployment.
    stage : Stage
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
            f"{stack.name} is {stack.status} and cannot be updated: run make undeploy "
            f"STAGE={stage.name}, then deploy again"
        )
    elif stack.status.endswith("_IN_PROGRESS"):
        raise CommandError(f"{stack.name} is {stack.status}: wait until it ends, then deploy")


def check_log_role(session: boto3.Session) -> None:
    """Check that API Gateway may write access logs in this account and region.

    Raises
    ------
    CommandError
        If it has no role; CloudFormation would say so only when it creates the API.
    """
    client: Any = session.client("apigateway", config=CLIENT_CONFIG)
    if not client.get_account().get("cloudwatchRoleArn"):
        raise CommandError(
            f"API Gateway has no role for access logs in {session.region_name}: deploy once with "
            "API_LOG_ROLE=create, which makes one for all APIs of the account in this region"
        )


def check_alarms(session: boto3.Session, stack: Stack | None) -> None:
    """Check that no alarm would roll back the new version at once.

    Raises
    ------
    CommandError
    """
    name = stack.outputs.get("RollbackAlarmName") if stack else None
    if name is None:
        return
    client: Any = session.client("cloudwatch", config=CLIENT_CONFIG)
    found = client.describe_alarms(AlarmNames=[name], AlarmTypes=["CompositeAlarm"])
    if any(alarm["StateValue"] == "ALARM" for alarm in found.get("CompositeAlarms", [])):
        raise CommandError(
            f"{name} is in alarm, so CodeDeploy would roll the new version back: repair the cause "
            "first; to deploy the repair itself, see docs/operations.md"
        )
