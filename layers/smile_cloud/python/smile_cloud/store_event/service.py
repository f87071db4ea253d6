"""``store_event``: store the valid events of a message, send the others to the queue."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from smile_cloud import clients
from smile_cloud.rule_message import RuleMessage
from smile_cloud.store_event.dead_letter_queue import DeadLetterQueue
from smile_cloud.store_event.event_store import EventStore, Outcome
from smile_cloud.store_event.settings import StoreEventSettings
from smile_contract import ContractError


@dataclass(slots=True)
class StoreEventResult:
    """What happened to the events of a message.

    Attributes
    ----------
    outcomes : dict
        How many events were created, updated and unchanged.
    rejected : list of str
        Why events were sent to the dead-letter queue, one text each.
    """

    outcomes: dict[Outcome, int] = field(default_factory=lambda: dict.fromkeys(Outcome, 0))
    rejected: list[str] = field(default_factory=list)


class StoreEventService:
    """Stores the events of a message.

    Parameters
    ----------
    events : EventStore
    dead_letters : DeadLetterQueue
    """

    def __init__(self, events: EventStore, dead_letters: DeadLetterQueue) -> None:
        self._events = events
        self._dead_letters = dead_letters

    @classmethod
    def from_settings(cls, settings: StoreEventSettings) -> StoreEventService:
        """Return the service with the AWS clients of this execution environment."""
        events = EventStore(
            clients.dynamodb(),
            settings.table_name,
            event_retention=settings.event_retention,
            rollup_retention=settings.rollup_retention,
        )
        return cls(events, DeadLetterQueue(clients.sqs(), settings.dead_letter_queue_url))

    def handle(self, rule_event: Any) -> StoreEventResult:
        """Store the events of the message that the IoT rule passed.

        The valid events come first: if storing one fails, Lambda retries the message, and its
        rejected events have not been sent to the dead-letter queue yet.

        Raises
        ------
        ConflictError, botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
            When a later retry may succeed.
        """
        result = StoreEventResult()
        try:
            message = RuleMessage.from_rule(rule_event)
        except ContractError as error:
            self._dead_letters.send(rule_event, error)
            result.rejected.append(str(error))
            return result
        for event in message.events:
            result.outcomes[self._events.store(event, message.received_at)] += 1
        for rejected in message.rejected:
            self._dead_letters.send(message.rejected_as_rule_event(rejected), rejected.error)
            result.rejected.append(str(rejected.error))
        return result
