"""Presence: when AWS IoT says that a client has connected or disconnected.

https://docs.aws.amazon.com/iot/latest/developerguide/life-cycle-events.html
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

# The documentation of AWS: "The accuracy of the timestamp is +/- 2 minutes."
ACCURACY: Final = timedelta(minutes=2)
# Versions order the events of a client, but start again at 0 after about an hour without a
# connection. So only events within half an hour are compared by their versions.
_SAME_COUNT: Final = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceEvent:
    """A client has connected or disconnected.

    Attributes
    ----------
    at : datetime
        When, as AWS IoT estimates it, within 2 minutes.
    version : int
        The same for both events of a connection, higher for each later connection.
    is_connected : bool
    session : str
        AWS's id of the session.
    """

    at: datetime
    version: int
    is_connected: bool
    session: str

    @property
    def rank(self) -> tuple[int, bool, datetime, str]:
        """Order among the events of half an hour: a connection ends after it begins."""
        return self.version, not self.is_connected, self.at, self.session


def newest(events: Iterable[PresenceEvent]) -> PresenceEvent | None:
    """Return the event that says how the client is now, in any order of arrival."""
    return max(relevant(events), key=lambda event: event.rank, default=None)


def relevant(events: Iterable[PresenceEvent]) -> tuple[PresenceEvent, ...]:
    """Return the events that can still be the newest one after any later event; mostly one.

    An event with a lower rank matters only if its time is later: when the count of versions
    starts again, the events of the count before leave the half hour.
    """
    known = set(events)
    latest = max((event.at for event in known), default=None)
    recent = [event for event in known if latest is not None and latest - event.at <= _SAME_COUNT]
    recent.sort(key=lambda event: event.rank, reverse=True)
    kept: list[PresenceEvent] = []
    for event in recent:
        if not kept or event.at > kept[-1].at:
            kept.append(event)
    return tuple(kept)
