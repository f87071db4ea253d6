"""Hand the messages of a queue to their functions; what fails stays."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from ops.redrive.dead_letter import Functions, Letter, describe, read_letter, sent_at
from ops.redrive.queue import Mailbox

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef


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
    delivered: int = field(default=0, init=False)
    kept: int = field(default=0, init=False)

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
        trouble = letter.hopeless or ("" if self.dry_run else self._hand_over(letter))
        if trouble:
            self.kept += 1
            fate = f"kept, {trouble}"
        else:
            self.delivered += 1
            names = ", ".join(arn.split(":")[6] for arn in letter.functions)
            fate = f"{'would be ' if self.dry_run else ''}handed to {names}"
            if not self.dry_run:
                mailbox.delete(message)
        sys.stdout.write(f"{describe(queue, at, letter)} -> {fate}\n")

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
                message = " ".join(str(reported.get("errorMessage")).split())
                return f"it failed again: {reported.get('errorType')}: {message}"
        return ""
