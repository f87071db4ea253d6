"""Command ``python -m ops.deploy``; ``make deploy STAGE=dev`` runs it."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from ops.account import open_session
from ops.command_line import CommandParser, run_command
from ops.deploy.readiness import check_ready
from ops.errors import CommandError
from ops.stack import find_stack
from ops.stage import Stage, load_stage

_EMAIL = re.compile(r"none|[^@\s]+@[^@\s]+\.[^@\s]+")
_SAM = Path(".venv-sam/bin/sam")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: that of sam, or 2 if sam was not called."""
    return run_command("deploy", lambda: _run(_parse(argv)))


def _run(arguments: argparse.Namespace) -> int:
    stage, email, sam = load_stage(arguments.stage), arguments.email, arguments.sam
    if email and not _EMAIL.fullmatch(email):
        raise CommandError(f"EMAIL={email}: expected one e-mail address, or none")
    if not sam.exists():
        raise CommandError(f"{sam} is missing: run make .venv-sam/.done")
    session = open_session(stage)
    region = str(session.region_name)
    check_ready(find_stack(session, stage), stage, region, email)
    is_attended = os.environ.get("CI") != "true"
    for command in sam_commands(sam, stage, region, email, is_attended=is_attended):
        status = subprocess.run(command, check=False).returncode
        if status != 0:
            return status
    return 0


def sam_commands(
    sam: Path, stage: Stage, region: str, email: str, *, is_attended: bool = True
) -> list[list[str]]:
    """Return the two commands to run: build and deploy.

    ``--parameter-overrides`` replaces the whole list of ``samconfig.toml``, so the list is
    repeated here. Parameters outside of it keep their values in the stack. A pipeline
    (`is_attended` false) confirms no change set: the approval of its environment comes first.
    """
    parameters = [*stage.parameters, *([f"AlertEmail={email}"] if email else [])]
    deploy = [str(sam), "deploy", "--config-env", stage.name, "--region", region]
    if not is_attended:
        deploy.append("--no-confirm-changeset")
    # The build needs the parameters too: they name the processor of the device package.
    build = [str(sam), "build", "--parameter-overrides", *stage.parameters]
    return [build, [*deploy, "--parameter-overrides", *parameters]]


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = CommandParser("deploy", "Build and deploy a stage with the SAM CLI.")
    parser.add_argument(
        "--email",
        default="",
        help="address for alerts and alarms, or none; required for the first deployment",
    )
    parser.add_argument("--sam", type=Path, default=_SAM, help=f"the SAM CLI; default: {_SAM}")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
