"""Send what breaks the contract to the dead-letter queue, unless it got the same content before."""

from __future__ import annotations

from enum import StrEnum

from smile_cloud.dead_letters.memory import DeadLetterMemory
from smile_cloud.dead_letters.queue import DeadLetterQueue
from smile_cloud.rule_message import DeadLetter


class Sent(StrEnum):
    """What happened to a dead letter."""

    NEW = "rejected"
    REPEATED = "repeated"
    """The queue got the same content in the last day."""
    DELIVERED_AGAIN = "delivered_again"
    """The same, and SQS delivered the message again."""


class DeadLetterSender:
    """Sends dead letters.

    Parameters
    ----------
    queue : DeadLetterQueue
    memory : DeadLetterMemory
    """

    def __init__(self, queue: DeadLetterQueue, memory: DeadLetterMemory) -> None:
        self._queue = queue
        self._memory = memory

    def send(self, dead_letter: DeadLetter) -> Sent:
        """Send a dead letter unless the queue got the same content in the last day.

        It is sent before it is remembered, so that it is never lost. The queue gets it twice when
        the answer of SQS is lost, or when two invocations handle the same content at once.

        Raises
        ------
        ConflictError, botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
            When a later retry may succeed.
        """
        if self._memory.is_known(dead_letter):
            is_new = self._memory.count_repeat(dead_letter)
            return Sent.REPEATED if is_new else Sent.DELIVERED_AGAIN
        self._queue.send(dead_letter)
        self._memory.remember(dead_letter)
        return Sent.NEW
