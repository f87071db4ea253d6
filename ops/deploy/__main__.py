"""Command ``python -m ops.deploy``; ``make deploy STAGE=dev`` runs it."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from ops.account import open_session
from ops.aws_errors import plain_aws_errors
from ops.command_line import CommandParser, run_command
from ops.deploy.readiness import check_alarms, check_log_role, check_ready
from ops.errors import CommandError
from ops.parameters import check_units, merge_parameters, parse_parameters
from ops.sam import add_sam_option, check_sam
from ops.stack import find_stack
from ops.stage import Stage, load_stage

_CREATE = "create"
# They decide what is built. SAM does not read the values in the stack when it builds.
_BUILD_PARAMETERS = ("Architecture", "EdgeArchitecture")
_EMAIL = re.compile(r"none|[^@\s]+@[^@\s]+\.[^@\s]+")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: that of sam, or 2 if sam was not called."""
    return run_command("deploy", lambda: _run(_parse(argv)))


def _run(arguments: argparse.Namespace) -> int:
    stage, email, sam = load_stage(arguments.stage), arguments.email, arguments.sam
    if email and not _EMAIL.fullmatch(email):
        raise CommandError(f"EMAIL={email}: expected one e-mail address, or none")
    if arguments.api_log_role not in {"", _CREATE}:
        raise CommandError(f"API_LOG_ROLE={arguments.api_log_role}: expected {_CREATE}, or nothing")
    chosen = parse_parameters(arguments.parameters)
    check_sam(sam)
    session = open_session(stage)
    region = str(session.region_name)
    stack = find_stack(session, stage)
    check_ready(stack, stage, email)
    deployed = stack.parameters if stack is not None else {}
    check_units(chosen, deployed)
    with plain_aws_errors(region):
        if not arguments.api_log_role and f"ApiGatewayLogRole={_CREATE}" not in chosen:
            check_log_role(session)
        check_alarms(session, stack)
    if email:
        chosen.append(f"AlertEmail={email}")
    if arguments.api_log_role:
        chosen.append(f"ApiGatewayLogRole={_CREATE}")
    is_attended = os.environ.get("CI") != "true"
    for command in sam_commands(sam, stage, region, chosen, deployed, is_attended=is_attended):
        status = subprocess.run(command, check=False).returncode
        if status != 0:
            return status
    return 0


def sam_commands(
    sam: Path,
    stage: Stage,
    region: str,
    chosen: Sequence[str],
    deployed: Mapping[str, str],
    *,
    is_attended: bool = True,
) -> list[list[str]]:
    """Return the two commands to run: build and deploy.

    ``--parameter-overrides`` replaces the whole list of ``samconfig.toml``, so the list is
    repeated here, with the `chosen` ones. Others keep the values that they have in the stack
    (`deployed`). A pipeline (`is_attended` false) confirms no change set: the approval of its
    environment comes first.
    """
    parameters = merge_parameters(stage.parameters, chosen)
    kept = [f"{name}={deployed[name]}" for name in _BUILD_PARAMETERS if name in deployed]
    deploy = [str(sam), "deploy", "--config-env", stage.name, "--region", region]
    if not is_attended:
        deploy.append("--no-confirm-changeset")
    built = merge_parameters(kept, parameters)
    build = [str(sam), "build", "--parameter-overrides", *built]
    return [build, [*deploy, "--parameter-overrides", *parameters]]


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = CommandParser("deploy", "Build and deploy a stage with the SAM CLI.")
    parser.add_argument(
        "--email",
        default="",
        help="address for alerts and alarms, or none; required for the first deployment",
    )
    parser.add_argument(
        "--api-log-role",
        default="",
        help="create makes the role with which API Gateway logs, once for an account and region",
    )
    parser.add_argument(
        "--parameters",
        default="",
        metavar="'NAME=VALUE NAME=VALUE'",
        help="parameters of the template to change; the others keep their values",
    )
    add_sam_option(parser)
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
