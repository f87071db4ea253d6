"""``store_event``: keep the good events of a message, set the others aside."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from smile_cloud import clients
from smile_cloud.rule_message import RuleMessage
from smile_cloud.settings import StoreEventSettings
from smile_cloud.store_event.dead_letters import DeadLetters
from smile_cloud.store_event.event_store import EventStore, Outcome
from smile_contract import ContractError


@dataclass(slots=True)
class Stored:
    """What became of a message.

    Attributes
    ----------
    outcomes : dict
        How many events were created, updated and unchanged.
    reasons : list of str
        One per event that was set aside.
    """

    outcomes: dict[Outcome, int] = field(default_factory=lambda: dict.fromkeys(Outcome, 0))
    reasons: list[str] = field(default_factory=list)


class StoreService:
    """Keeps the events of a message.

    Parameters
    ----------
    events : EventStore
    dead_letters : DeadLetters
    """

    def __init__(self, events: EventStore, dead_letters: DeadLetters) -> None:
        self._events = events
        self._dead_letters = dead_letters

    @classmethod
    def from_settings(cls, settings: StoreEventSettings) -> StoreService:
        """Return the service with the environment's own clients."""
        events = EventStore(
            clients.dynamodb(),
            settings.table_name,
            event_retention=settings.event_retention,
            rollup_retention=settings.rollup_retention,
        )
        return cls(events, DeadLetters(clients.sqs(), settings.dead_letter_queue_url))

    def keep(self, rule_event: Any) -> Stored:
        """Keep what the IoT rule handed over.

        Good events are stored first: when that fails the whole message is tried again, and
        nothing has been set aside twice.

        Raises
        ------
        ConflictError, botocore.exceptions.ClientError
            When trying again later may succeed.
        """
        stored = Stored()
        try:
            message = RuleMessage.from_rule(rule_event)
        except ContractError as error:
            self._dead_letters.put(rule_event, error)
            stored.reasons.append(str(error))
            return stored
        for event in message.events:
            stored.outcomes[self._events.store(event, message.received_at)] += 1
        for rejected in message.rejected:
            self._dead_letters.put(message.rejected_as_rule_event(rejected), rejected.error)
            stored.reasons.append(str(rejected.error))
        return stored
