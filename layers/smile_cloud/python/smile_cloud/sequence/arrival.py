"""The numbers of one message of a device."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from smile_contract import SmileEvent


class Numbered(NamedTuple):
    """The number of an event, and when the device made its message."""

    seq: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message, as far as its numbers matter.

    Attributes
    ----------
    key : str
        The same when SQS delivers a message again, another one when the device sends it again.
    received_at : datetime
        When the IoT rule received it, UTC.
    events : tuple of Numbered
    """

    key: str
    received_at: datetime
    events: tuple[Numbered, ...]

    @classmethod
    def of(cls, events: tuple[SmileEvent, ...], received_at: datetime) -> Arrival:
        """Return the arrival of a message with at least one event."""
        numbered = tuple(sorted(Numbered(event.seq, _made_at(event)) for event in events))
        received_ms = round(received_at.timestamp() * 1000)
        return cls(f"{received_ms:x}-{numbered[0].seq:x}", received_at, numbered)


def _made_at(event: SmileEvent) -> datetime:
    return event.started_at + timedelta(milliseconds=event.duration_ms)
