"""``store_event``: store the valid events of a message, send the others to the queue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from smile_cloud import clients
from smile_cloud.clock_limits import ClockLimits
from smile_cloud.dead_letters.memory import DeadLetterMemory
from smile_cloud.dead_letters.queue import DeadLetterQueue
from smile_cloud.dead_letters.sender import DeadLetterSender, Sent
from smile_cloud.rule_message import DeadLetter, RuleMessage
from smile_cloud.store_event.event_store import EventStore, Outcome
from smile_cloud.store_event.settings import StoreEventSettings
from smile_contract import ContractError


@dataclass(slots=True)
class StoreEventResult:
    """What happened to the events of a message.

    Attributes
    ----------
    outcomes : dict
        How many events had each outcome.
    rejected : list of ContractError
        Why events were sent to the dead-letter queue.
    repeated : int
        How many events the dead-letter queue got before, in the last day.
    message : RuleMessage or None
        The message without events from before its device was erased; None when no rule sent it.
    """

    outcomes: dict[Outcome, int] = field(default_factory=lambda: dict.fromkeys(Outcome, 0))
    rejected: list[ContractError] = field(default_factory=list)
    repeated: int = 0
    message: RuleMessage | None = None


class StoreEventService:
    """Stores the events of a message.

    Parameters
    ----------
    events : EventStore
    dead_letters : DeadLetterSender
    limits : ClockLimits
    """

    def __init__(
        self,
        events: EventStore,
        dead_letters: DeadLetterSender,
        limits: ClockLimits,
    ) -> None:
        self._events = events
        self._dead_letters = dead_letters
        self._limits = limits

    @classmethod
    def from_settings(cls, settings: StoreEventSettings) -> StoreEventService:
        """Return the service with the AWS clients of this execution environment."""
        events = EventStore(
            clients.dynamodb(),
            settings.table_name,
            event_retention=settings.event_retention,
            rollup_retention=settings.rollup_retention,
        )
        memory = DeadLetterMemory(
            clients.dynamodb(), settings.table_name, device_retention=settings.rollup_retention
        )
        dead_letters = DeadLetterQueue(clients.sqs(), settings.dead_letter_queue_url)
        sender = DeadLetterSender(dead_letters, memory)
        return cls(events, sender, settings.clock_limits)

    def handle(self, body: str) -> StoreEventResult:
        """Store the events of a message, given the body of a queue message.

        The valid events come first: if storing one fails, SQS delivers the message again, and its
        rejected events have not been sent to the dead-letter queue yet.

        Raises
        ------
        ConflictError, botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
            When a later retry may succeed.
        """
        result = StoreEventResult()
        rejected: Sequence[DeadLetter]
        try:
            message = RuleMessage.from_body(body, self._limits)
        except ContractError as error:
            rejected = [DeadLetter(body, error)]
        else:
            rejected = message.rejected
            counted = []
            for event in message.events:
                outcome = self._events.store(event, message.received_at)
                result.outcomes[outcome] += 1
                if outcome is not Outcome.DEVICE_ERASED:
                    counted.append(event)
            result.message = replace(message, events=tuple(counted))
        for dead_letter in rejected:
            sent = self._dead_letters.send(dead_letter)
            if sent is Sent.NEW:
                result.rejected.append(dead_letter.error)
            result.repeated += sent is Sent.REPEATED
        return result
