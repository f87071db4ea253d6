"""``python -m ops.deploy --stage dev``; ``make deploy STAGE=dev`` calls it."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from ops.account import open_session
from ops.command_line import Parser, run_command
from ops.deploy.readiness import check_ready
from ops.errors import CommandError
from ops.stack import find_stack
from ops.stage import Stage, load_stage

_EMAIL = re.compile(r"none|[^@\s]+@[^@\s]+\.[^@\s]+")
_SAM = Path(".venv-sam/bin/sam")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: sam's own, or 2 when it was not called."""
    return run_command("deploy", lambda: _run(_arguments(argv)))


def _run(given: argparse.Namespace) -> int:
    stage = load_stage(given.stage)
    if given.email and not _EMAIL.fullmatch(given.email):
        raise CommandError("EMAIL must be one e-mail address, or none to tell nobody")
    if not given.sam.exists():
        raise CommandError(f"{given.sam} is missing: make .venv-sam/.done sets it up")
    session = open_session(stage)
    region = str(session.region_name)
    check_ready(find_stack(session, stage), stage, region, given.email)
    is_attended = os.environ.get("CI") != "true"
    for command in commands(given.sam, stage, region, given.email, is_attended=is_attended):
        status = subprocess.run(command, check=False).returncode
        if status != 0:
            return status
    return 0


def commands(
    sam: Path, stage: Stage, region: str, email: str, *, is_attended: bool = True
) -> list[list[str]]:
    """Return what is run: the build, then the deployment.

    Parameters given here replace the whole list of ``samconfig.toml``, so its own come first;
    those of neither keep what the stack has. Nobody is asked in a pipeline, where the approval of
    the environment stands before the deployment.
    """
    parameters = [*stage.parameters, *([f"AlertEmail={email}"] if email else [])]
    deploy = [str(sam), "deploy", "--config-env", stage.name, "--region", region]
    if not is_attended:
        deploy.append("--no-confirm-changeset")
    # The device's package is built for the processor that the stage names.
    build = [str(sam), "build", "--parameter-overrides", *stage.parameters]
    return [build, [*deploy, "--parameter-overrides", *parameters]]


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = Parser(prog="python -m ops.deploy", description=__doc__, allow_abbrev=False)
    parser.add_argument("--stage", default="", help="dev, staging or prod")
    parser.add_argument("--email", default="", help="who is told; asked for once")
    parser.add_argument("--sam", type=Path, default=_SAM, help="the program of aws-sam-cli")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
