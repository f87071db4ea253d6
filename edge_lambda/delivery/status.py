"""How delivery is going, as data: for the heartbeat, the log and the doctor."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionStatus:
    """How the connection of a sink is.

    Attributes
    ----------
    is_connected : bool
    protocol : str
        ``mqtt 5``, ``mqtt 3.1.1``, ``greengrass``, or empty before the first connection.
    last_problem : str
        Why the latest connection failed or ended, or why the latest event was refused; empty when
        there was no problem.
    """

    is_connected: bool = False
    protocol: str = ""
    last_problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxStatus:
    """What the outbox holds.

    Attributes
    ----------
    waiting : int
        Events that wait for a confirmation, without the quarantined ones.
    oldest_age_s : float or None
        Age of the oldest of them in seconds, None without any.
    dropped, lost : int
        Events of this run that a full outbox dropped, and that a damaged file lost.
    quarantined : int
        Refused events that wait for their next try.
    refused : int
        Refusals by the broker in this run.
    is_on_disk : bool
    memory_reason : str
        Why events are in memory although there is a file; empty otherwise.
    """

    waiting: int
    oldest_age_s: float | None
    dropped: int
    lost: int
    quarantined: int
    refused: int
    is_on_disk: bool
    memory_reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryStatus:
    """The state of delivery at one moment."""

    connection: ConnectionStatus
    outbox: OutboxStatus
