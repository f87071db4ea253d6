"""``python -m ops.redrive --stage dev``; ``make redrive STAGE=dev`` calls it.

Storing and alerting are idempotent, so handing a message over once too often does no harm; a
message is deleted only after its functions have answered without an error.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from botocore.config import Config

from ops.account import open_session
from ops.aws_errors import plain_aws_errors
from ops.command_line import Parser, run_command
from ops.redrive.dead_letter import Functions
from ops.redrive.queue import Mailbox
from ops.redrive.redrive import Redrive
from ops.stack import read_outputs
from ops.stage import load_stage

_QUEUES = ("DeadLetterQueue", "RuleErrorQueue")
_STORE, _ALERT = "StoreEventFunctionArn", "SendAlertFunctionArn"
# Longer than the functions may run, or one would be handed a message a second time.
_PATIENT = Config(connect_timeout=5, read_timeout=60, retries={"total_max_attempts": 3})


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns
    -------
    int
        0, 1 when messages stay that could not be delivered, 2 when nothing could be done.
    """
    return run_command("redrive", lambda: _run(_arguments(argv)))


def _run(given: argparse.Namespace) -> int:
    stage = load_stage(given.stage)
    session = open_session(stage)
    urls = [f"{queue}Url" for queue in _QUEUES]
    outputs = read_outputs(session, stage, _STORE, _ALERT, *urls)
    began = datetime.now(UTC)
    with plain_aws_errors(session.region_name):
        sqs = session.client("sqs", config=_PATIENT)
        invoke = session.client("lambda", config=_PATIENT).invoke
        run = Redrive(Functions(outputs[_STORE], (outputs[_ALERT],)), invoke, given.dry_run)
        for queue, url in zip(_QUEUES, urls, strict=True):
            run.empty(queue, Mailbox(sqs, outputs[url], began))
    would = "would be " if given.dry_run else ""
    sys.stdout.write(f"{run.delivered} {would}delivered, {run.kept} {would}kept\n")
    return 1 if run.kept and not given.dry_run else 0


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = Parser(prog="python -m ops.redrive", description=__doc__, allow_abbrev=False)
    parser.add_argument("--stage", default="", help="dev, staging or prod")
    parser.add_argument("--dry-run", action="store_true", help="only tell what would be done")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
