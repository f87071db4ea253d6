"""Count the stored messages of a batch by their numbers, with one write for each device."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from smile_cloud import clients
from smile_cloud.rule_message import RuleMessage
from smile_cloud.sequence.arrival import Arrival
from smile_cloud.sequence.store import SequenceStore
from smile_cloud.store_event.settings import StoreEventSettings


@dataclass(frozen=True, slots=True)
class CountFailure:
    """Messages of a device that are stored and not counted; SQS must deliver them again.

    Attributes
    ----------
    device_id : str
    bodies : frozenset of str
        The bodies of the messages.
    error : Exception
    """

    device_id: str
    bodies: frozenset[str]
    error: Exception


class SequenceCounter:
    """Counts messages.

    Parameters
    ----------
    sequences : SequenceStore
    retention : timedelta
        How long to keep the sequence of a device after its last message.
    """

    def __init__(self, sequences: SequenceStore, retention: timedelta) -> None:
        self._sequences = sequences
        self._retention = retention

    @classmethod
    def from_settings(cls, settings: StoreEventSettings) -> SequenceCounter:
        """Return the counter with the AWS client of this execution environment."""
        store = SequenceStore(clients.dynamodb(), settings.table_name)
        return cls(store, settings.rollup_retention)

    def count(self, messages: Mapping[str, RuleMessage]) -> Iterator[CountFailure]:
        """Count stored messages, given by their bodies; yield those that could not be counted.

        A message that is counted before is not counted again, so SQS may deliver it again.
        """
        devices: defaultdict[str, dict[str, Arrival]] = defaultdict(dict)
        for body, message in messages.items():
            if message.events:
                arrival = Arrival.of(message.events, message.received_at)
                devices[message.device_id][body] = arrival
        for device_id, arrivals in devices.items():
            try:
                self._sequences.add(device_id, arrivals.values(), self._retention)
            except Exception as error:  # noqa: BLE001 - SQS delivers the messages again
                yield CountFailure(device_id, frozenset(arrivals), error)
