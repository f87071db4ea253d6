"""Command ``python -m ops.redrive``; ``make redrive STAGE=dev`` runs it.

Storing and alerting are idempotent, so a second delivery does no harm. A message is deleted only
after its queues have it again.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from ops.account import CLIENT_CONFIG, open_session
from ops.aws_errors import plain_aws_errors
from ops.command_line import CommandParser, run_command
from ops.redrive.dead_letter import Stack
from ops.redrive.queue import DeadLetterQueue
from ops.redrive.redrive import Redrive
from ops.stack import read_outputs
from ops.stage import load_stage
from smile_cloud.clock_limits import ClockLimits

_QUEUES = ("DeadLetterQueue", "RuleErrorQueue")
_SOURCES = ("EventsQueueUrl", "AlertsQueueUrl", "StatusQueueUrl", "ErasureQueueUrl")
_RETENTION, _LONGEST = "EventRetentionDays", "LongestSmileSeconds"


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
    outputs = read_outputs(session, stage, *_SOURCES, _RETENTION, _LONGEST, *urls)
    limits = ClockLimits.from_environment(
        {"EVENT_RETENTION_DAYS": outputs[_RETENTION], "LONGEST_SMILE_SECONDS": outputs[_LONGEST]}
    )
    events, alerts, status, erasures = (outputs[url] for url in _SOURCES)
    target = Stack(events, alerts, status, erasures, limits, datetime.now(UTC))
    with plain_aws_errors(session.region_name):
        sqs = session.client("sqs", config=CLIENT_CONFIG)
        redrive = Redrive(target, sqs, arguments.dry_run)
        for queue, url in zip(_QUEUES, urls, strict=True):
            redrive.drain(queue, DeadLetterQueue(sqs, outputs[url], target.started_at))
    would = "would be " if arguments.dry_run else ""
    if redrive.alerts:
        print("send_alert drops smiles that are too old for an alert")
    print(f"{redrive.sent} {would}sent, {redrive.kept} {would}kept")
    return 1 if redrive.kept and not arguments.dry_run else 0


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = CommandParser(
        "redrive", "Send the messages in the dead-letter queues to their queues again."
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="show what would be sent; change nothing"
    )
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
