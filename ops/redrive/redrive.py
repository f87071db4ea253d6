"""Deliver the messages of a dead-letter queue to their functions; keep those that fail."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from ops.redrive.dead_letter import DeadLetter, Functions, describe, parse_dead_letter
from ops.redrive.queue import DeadLetterQueue

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef


@dataclass(slots=True)
class Redrive:
    """One run.

    Attributes
    ----------
    functions : Functions
        Functions that may be invoked.
    invoke : callable
        ``invoke`` of boto3's Lambda client.
    dry_run : bool
        Print what would be done, and change nothing.
    delivered, kept : int
        Number of messages; in a dry run what the numbers would be.
    """

    functions: Functions
    invoke: Callable[..., Mapping[str, Any]]
    dry_run: bool
    delivered: int = field(default=0, init=False)
    kept: int = field(default=0, init=False)

    def drain(self, name: str, queue: DeadLetterQueue) -> None:
        """Deliver the messages of a queue; messages that fail stay in it."""
        try:
            for message in queue:
                self._handle(name, queue, message)
        finally:
            queue.release()

    def _handle(self, name: str, queue: DeadLetterQueue, message: MessageTypeDef) -> None:
        dead_letter = parse_dead_letter(message, self.functions)
        problem = dead_letter.undeliverable or ("" if self.dry_run else self._deliver(dead_letter))
        if problem:
            self.kept += 1
            outcome = f"kept, {problem}"
        else:
            self.delivered += 1
            names = ", ".join(arn.split(":")[6] for arn in dead_letter.functions)
            outcome = f"{'would be ' if self.dry_run else ''}delivered to {names}"
            if not self.dry_run:
                queue.delete(message)
        print(f"{describe(name, dead_letter)} -> {outcome}")

    def _deliver(self, dead_letter: DeadLetter) -> str:
        """Invoke the functions; return what failed, or an empty string."""
        payload = json.dumps(dead_letter.event).encode()
        for arn in dead_letter.functions:
            try:
                answer = self.invoke(FunctionName=arn, Payload=payload)
            except (ClientError, BotoCoreError) as error:
                return f"Lambda did not accept it: {error}"
            if "FunctionError" in answer:
                reported = json.loads(answer["Payload"].read() or b"{}")
                message = " ".join(str(reported.get("errorMessage")).split())
                return f"it failed again: {reported.get('errorType')}: {message}"
        return ""
