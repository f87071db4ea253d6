"""Command ``python -m ops.undeploy``; ``make undeploy STAGE=dev`` runs it.

AWS IoT keeps a policy that a certificate holds, so the deletion of the stack would fail halfway.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import boto3

from ops.account import CLIENT_CONFIG, open_session
from ops.aws_errors import plain_aws_errors
from ops.command_line import CommandParser, run_command
from ops.errors import CommandError
from ops.sam import add_sam_option, check_sam
from ops.stack import Stack, find_stack
from ops.stage import load_stage
from ops.undeploy.cameras import Camera, find_cameras

_LOG_ROLE = "ApiLogRole"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: that of sam, or 2 if sam was not called."""
    return run_command("undeploy", lambda: _run(_parse(argv)))


def _run(arguments: argparse.Namespace) -> int:
    stage, sam = load_stage(arguments.stage), arguments.sam
    check_sam(sam)
    session = open_session(stage)
    region = str(session.region_name)
    stack = find_stack(session, stage)
    if stack is None:
        print(f"undeploy: {stage.stack_name} does not exist in {region}")
        return 0
    with plain_aws_errors(region):
        _check_table(session, stack)
        iot = session.client("iot", config=CLIENT_CONFIG)
        policy = stack.outputs.get("DevicePolicyName", "")
        cameras = find_cameras(iot, policy) if policy else []
        kept = _kept(session, stack, cameras, has_backup=stage.name != "dev")
    for camera in cameras:
        print(f"detaches {camera}")
    _confirm(stack, region, len(cameras), is_confirmed=arguments.yes)
    with plain_aws_errors(region):
        for camera in cameras:
            iot.detach_policy(policyName=policy, target=camera.arn)
    command = [str(sam), "delete", "--stack-name", stack.name, "--region", region, "--no-prompts"]
    status = subprocess.run(command, check=False).returncode
    if status != 0:
        again = f"make deploy STAGE={stage.name} and make device NAME=… STAGE={stage.name}"
        raise CommandError(
            f"sam delete failed with code {status}, after {_count(len(cameras))} lost the policy: "
            f"run make undeploy STAGE={stage.name} again, or {again} to keep the stage"
        )
    for line in kept:
        print(f"kept: {line}")
    return 0


def _check_table(session: boto3.Session, stack: Stack) -> None:
    """Refuse to begin if DynamoDB would refuse to delete the table."""
    name = stack.outputs.get("EventsTableName")
    if name is None:
        return
    client: Any = session.client("dynamodb", config=CLIENT_CONFIG)
    if client.describe_table(TableName=name)["Table"].get("DeletionProtectionEnabled"):
        raise CommandError(
            f"the table of {stack.name} is protected from deletion: to delete all its events, "
            f"first run 'aws dynamodb update-table --table-name {name} "
            f"--no-deletion-protection-enabled --region {session.region_name}'"
        )


def _kept(
    session: boto3.Session, stack: Stack, cameras: Sequence[Camera], *, has_backup: bool
) -> list[str]:
    """Return what stays when the stack is deleted."""
    kept = []
    if cameras:
        kept.append(
            f"{len(cameras)} certificates and their things: without a policy they cannot connect; "
            "make device NAME=… STAGE=… gives one to another stage"
        )
    client: Any = session.client("cloudformation", config=CLIENT_CONFIG)
    pages = client.get_paginator("list_stack_resources").paginate(StackName=stack.name)
    roles = pages.search(
        f"StackResourceSummaries[?LogicalResourceId=='{_LOG_ROLE}'].PhysicalResourceId"
    )
    for role in roles:
        kept.append(f"role {role}, with which API Gateway logs in this account and region")
    if has_backup:  # DynamoDB makes it, because point-in-time recovery is on
        kept.append("a backup of the table, for 35 days")
    return kept


def _confirm(stack: Stack, region: str, cameras: int, *, is_confirmed: bool) -> None:
    question = f"Detach {_count(cameras)} and delete {stack.name} in {region} with all its events?"
    if is_confirmed:
        return
    if not sys.stdin.isatty():
        raise CommandError(f"{question} Nobody can answer here: set YES=1")
    if input(f"{question} Type {stack.name} to confirm: ").strip() != stack.name:
        raise CommandError("not confirmed: nothing has changed")


def _count(cameras: int) -> str:
    return f"{cameras} camera{'' if cameras == 1 else 's'}"


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = CommandParser("undeploy", "Detach the cameras of a stage, then delete its stack.")
    parser.add_argument("--yes", action="store_true", help="do not ask for confirmation")
    add_sam_option(parser)
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
