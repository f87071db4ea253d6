"""Command ``python -m ops.redrive``; ``make redrive STAGE=dev`` runs it.

Storing and alerting are idempotent, so a second delivery does no harm. A message is deleted only
after its functions answered without an error.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from botocore.config import Config

from ops.account import CLIENT_CONFIG, open_session
from ops.aws_errors import plain_aws_errors
from ops.command_line import CommandParser, run_command
from ops.redrive.dead_letter import Functions
from ops.redrive.queue import DeadLetterQueue
from ops.redrive.redrive import Redrive
from ops.stack import read_outputs
from ops.stage import load_stage

_QUEUES = ("DeadLetterQueue", "RuleErrorQueue")
_STORE, _ALERT = "StoreEventFunctionArn", "SendAlertFunctionArn"
# Longer than the functions' timeout: a client that gives up earlier would invoke them twice.
_INVOKE_CONFIG = CLIENT_CONFIG.merge(Config(read_timeout=60))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns
    -------
    int
        0, 1 if messages stay in a queue, 2 if the redrive could not start or was cut short.
    """
    return run_command("redrive", lambda: _run(_parse(argv)))


def _run(arguments: argparse.Namespace) -> int:
    stage = load_stage(arguments.stage)
    session = open_session(stage)
    urls = [f"{queue}Url" for queue in _QUEUES]
    outputs = read_outputs(session, stage, _STORE, _ALERT, *urls)
    started_at = datetime.now(UTC)
    with plain_aws_errors(session.region_name):
        sqs = session.client("sqs", config=CLIENT_CONFIG)
        invoke = session.client("lambda", config=_INVOKE_CONFIG).invoke
        functions = Functions(outputs[_STORE], (outputs[_ALERT],))
        redrive = Redrive(functions, invoke, arguments.dry_run)
        for queue, url in zip(_QUEUES, urls, strict=True):
            redrive.drain(queue, DeadLetterQueue(sqs, outputs[url], started_at))
    would = "would be " if arguments.dry_run else ""
    print(f"{redrive.delivered} {would}delivered, {redrive.kept} {would}kept")
    return 1 if redrive.kept and not arguments.dry_run else 0


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = CommandParser(
        "redrive", "Invoke the functions again for the messages in the dead-letter queues."
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="show what would be delivered; change nothing"
    )
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
