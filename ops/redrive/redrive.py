"""Send the messages of a dead-letter queue to their queues again; keep those that cannot go."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from ops.redrive.dead_letter import DeadLetter, Stack, describe, parse_dead_letter
from ops.redrive.queue import DeadLetterQueue

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef


@dataclass(slots=True)
class Redrive:
    """One run.

    Attributes
    ----------
    stack : Stack
    client : SQSClient
    dry_run : bool
        Print what would be done, and change nothing.
    sent, kept : int
        Number of messages; in a dry run what the numbers would be.
    alerts : int
        How many of `sent` go to the queue of ``send_alert``.
    """

    stack: Stack
    client: SQSClient
    dry_run: bool
    sent: int = field(default=0, init=False)
    kept: int = field(default=0, init=False)
    alerts: int = field(default=0, init=False)

    def drain(self, name: str, queue: DeadLetterQueue) -> None:
        """Send the messages of a dead-letter queue again; what cannot be sent stays in it."""
        try:
            for message in queue:
                self._handle(name, queue, message)
        finally:
            queue.release()

    def _handle(self, name: str, queue: DeadLetterQueue, message: MessageTypeDef) -> None:
        letter = parse_dead_letter(message, self.stack)
        problem = letter.undeliverable or ("" if self.dry_run else self._send(letter))
        if problem:
            self.kept += 1
            outcome = f"kept, {problem}"
        else:
            self.sent += 1
            self.alerts += self.stack.alerts_queue in letter.queues
            names = ", ".join(url.rpartition("/")[2] for url in letter.queues)
            outcome = f"{'would be ' if self.dry_run else ''}sent to {names}"
            if not self.dry_run:
                queue.delete(message)
        print(f"{describe(name, letter)} -> {outcome}")

    def _send(self, letter: DeadLetter) -> str:
        """Send a message to its queues; return what failed, or an empty string."""
        for url in letter.queues:
            try:
                self.client.send_message(QueueUrl=url, MessageBody=letter.body)
            except (ClientError, BotoCoreError) as error:
                return f"SQS did not accept it: {error}"
        return ""
