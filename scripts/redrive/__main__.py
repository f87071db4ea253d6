"""``python -m scripts.redrive --stage dev``; ``make redrive STAGE=dev`` calls it.

Storing and alerting are idempotent, so handing a message over once too often does no harm; a
message is deleted only after its functions have answered without an error.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from scripts.deploy.account import find_stack, open_session, plain_errors
from scripts.deploy.errors import DeployError
from scripts.deploy.stage import load_stage
from scripts.redrive.letter import Functions, Letter, describe, read_letter, sent_at
from scripts.redrive.mailbox import Mailbox

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

QUEUES = ("DeadLetterQueue", "RuleErrorQueue")
_PATIENT = Config(connect_timeout=5, read_timeout=60, retries={"total_max_attempts": 3})


@dataclass(slots=True)
class Redrive:
    """One run.

    Attributes
    ----------
    functions : Functions
        Who may be handed messages.
    invoke : callable
        What hands them over: ``invoke`` of boto3's Lambda client.
    dry_run : bool
        Only tell.
    delivered, kept : int
        What became of the messages, or would have.
    """

    functions: Functions
    invoke: Callable[..., Mapping[str, Any]]
    dry_run: bool
    delivered: int = field(default=0)
    kept: int = field(default=0)

    def empty(self, queue: str, mailbox: Mailbox) -> None:
        """Hand over what lies in a queue; what fails stays there."""
        try:
            for message in mailbox:
                self._handle(queue, mailbox, message)
        finally:
            mailbox.put_back()

    def _handle(self, queue: str, mailbox: Mailbox, message: MessageTypeDef) -> None:
        at = sent_at(message["Attributes"]["SentTimestamp"])
        attributes = {
            name: value.get("StringValue", "")
            for name, value in message.get("MessageAttributes", {}).items()
        }
        letter = read_letter(message["Body"], attributes, at, self.functions)
        names = ", ".join(arn.split(":")[6] for arn in letter.functions)
        if letter.hopeless:
            fate = f"kept, {letter.hopeless}"
        elif self.dry_run:
            fate = f"would be handed to {names}"
            self.delivered += 1
        else:
            trouble = self._hand_over(letter)
            fate = f"kept, {trouble}" if trouble else f"handed to {names}"
            if not trouble:
                mailbox.delete(message)
                self.delivered += 1
        self.kept += fate.startswith("kept")
        _say(f"{describe(queue, at, letter)} -> {fate}")

    def _hand_over(self, letter: Letter) -> str:
        """Return what went wrong, empty when every function answered."""
        payload = json.dumps(letter.event).encode()
        for arn in letter.functions:
            try:
                answer = self.invoke(FunctionName=arn, Payload=payload)
            except (ClientError, BotoCoreError) as error:
                return f"Lambda did not take it: {error}"
            if "FunctionError" in answer:
                reported = json.loads(answer["Payload"].read() or b"{}")
                return f"it failed again: {reported.get('errorType')}: " + " ".join(
                    str(reported.get("errorMessage")).split()
                )
        return ""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise DeployError(message)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns
    -------
    int
        0, 1 when messages stay that could not be delivered, 2 when nothing could be done.
    """
    try:
        return _run(_arguments(argv))
    except DeployError as error:
        print(f"redrive: {error}".replace("\n", " "), file=sys.stderr)  # noqa: T201
        return 2


def _run(given: argparse.Namespace) -> int:
    stage = load_stage(given.stage)
    session = open_session(stage)
    outputs = _outputs(session, given.stage)
    functions = Functions(outputs["StoreEventFunctionArn"], (outputs["SendAlertFunctionArn"],))
    sqs = session.client("sqs", config=_PATIENT)
    run = Redrive(functions, session.client("lambda", config=_PATIENT).invoke, given.dry_run)
    began = datetime.now(UTC)
    try:
        with plain_errors(str(session.region_name)):
            for queue in QUEUES:
                run.empty(queue, Mailbox(sqs, outputs[f"{queue}Url"], began))
    except ClientError as error:
        raise DeployError(f"AWS refused: {error}") from error
    would = "would be " if given.dry_run else ""
    _say(f"{run.delivered} {would}delivered, {run.kept} {would}kept")
    return 1 if run.kept and not given.dry_run else 0


def _outputs(session: boto3.session.Session, stage_name: str) -> Mapping[str, str]:
    stage = load_stage(stage_name)
    stack = find_stack(session, stage)
    if stack is None:
        raise DeployError(
            f"there is no stack {stage.stack_name} in {session.region_name}: check AWS_REGION, "
            f"or make deploy STAGE={stage.name} first"
        )
    outputs = {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])}
    wanted = ["StoreEventFunctionArn", "SendAlertFunctionArn", *(f"{queue}Url" for queue in QUEUES)]
    missing = [name for name in wanted if name not in outputs]
    if missing:
        raise DeployError(
            f"{stage.stack_name} has no output {missing[0]}: deploy this version of it first"
        )
    return outputs


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = _Parser(prog="python -m scripts.redrive", description=__doc__, allow_abbrev=False)
    parser.add_argument("--stage", default="", help="dev, staging or prod")
    parser.add_argument("--dry-run", action="store_true", help="only tell what would be done")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
