"""What the outbox holds, as data."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class OutboxRecord:
    """An event that waits for delivery.

    Attributes
    ----------
    id : int
        Increases from record to record.
    device_id : str
    payload : bytes
        The message to publish.
    phase : str
        ``started`` or ``ended``.
    stored_ms : int
        When it was stored, in Unix milliseconds; 0 when that is unknown.
    refusal : str or None
        Why the broker refused the event, which is then in quarantine.
    """

    id: int
    device_id: str
    payload: bytes
    phase: str = "ended"
    stored_ms: int = 0
    refusal: str | None = None


@dataclass(slots=True)
class Contents:
    """Everything in a store, or as much of it as can be read.

    Attributes
    ----------
    records : list of OutboxRecord
    ongoing : dict
        Device id and latest state of each smile that has not ended, by event id.
    next_seqs : dict
        The next `seq` of each device.
    unreadable : int
        Records that were found but are damaged.
    is_complete : bool
        Whether every page could be read.
    """

    records: list[OutboxRecord] = field(default_factory=list)
    ongoing: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    next_seqs: dict[str, int] = field(default_factory=dict)
    unreadable: int = 0
    is_complete: bool = True
