"""Choose what to send next: live events first and alone, the backlog in batches."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from edge_lambda.delivery.outbox import Outbox
from edge_lambda.delivery.record import OutboxRecord
from smile_contract import MAX_EVENTS_PER_MESSAGE, join_messages

# AWS bills each 5 KB of a message: https://aws.amazon.com/iot-core/pricing/
_BATCH_BYTES = 5 * 1024


@dataclass(frozen=True, slots=True)
class Message:
    """Events of one device that are sent together.

    Attributes
    ----------
    device_id : str
    record_ids : tuple of int
    payload : bytes
    """

    device_id: str
    record_ids: tuple[int, ...]
    payload: bytes


class Lanes:
    """The order of sending over one connection.

    Parameters
    ----------
    outbox : Outbox
    """

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._in_flight: set[int] = set()
        self._single: set[int] = set()
        self._backlog_id = 0

    def next(self, *, is_live_only: bool = False) -> Message | None:
        """Return the next message, None when there is none to send now.

        Parameters
        ----------
        is_live_only : bool
            Leave the backlog out.
        """
        live = self._outbox.next_live(self._in_flight)
        if live is not None:
            return self._take([live])
        return None if is_live_only else self._next_backlog()

    def again(self, message: Message) -> Message:
        """Return a message that is sent a second time."""
        self._in_flight.update(message.record_ids)
        return message

    def send_singly(self, record_ids: Collection[int]) -> None:
        """Put these records into no batch."""
        self._single.update(record_ids)

    def settle(self, message: Message) -> None:
        """Regard a message as answered. What is still in the outbox can be sent again."""
        self._in_flight.difference_update(message.record_ids)
        self._backlog_id = min(self._backlog_id, message.record_ids[0] - 1)

    def finish(self, message: Message) -> None:
        """Regard a message as answered for good."""
        self._in_flight.difference_update(message.record_ids)
        self._single.difference_update(message.record_ids)

    def start_over(self) -> None:
        """Regard nothing as sent, for a new connection."""
        self._in_flight.clear()
        self._backlog_id = 0

    def _next_backlog(self) -> Message | None:
        limit = MAX_EVENTS_PER_MESSAGE + len(self._in_flight)
        waiting = self._outbox.backlog(self._backlog_id, limit)
        records = [record for record in waiting if record.id not in self._in_flight]
        if not records:
            return None
        batch = [records[0]]
        for record in records[1:MAX_EVENTS_PER_MESSAGE]:
            if not self._fits(batch, record):
                break
            batch.append(record)
        self._backlog_id = batch[-1].id
        return self._take(batch)

    def _fits(self, batch: list[OutboxRecord], record: OutboxRecord) -> bool:
        if record.device_id != batch[0].device_id:
            return False
        if record.id in self._single or batch[0].id in self._single:
            return False
        return len(_join([*batch, record])) <= _BATCH_BYTES

    def _take(self, records: list[OutboxRecord]) -> Message:
        ids = tuple(record.id for record in records)
        self._in_flight.update(ids)
        return Message(records[0].device_id, ids, _join(records))


def _join(records: list[OutboxRecord]) -> bytes:
    return join_messages([record.payload for record in records])
