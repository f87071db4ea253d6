"""What is known of a device: the same after the same messages, in any order, however often.

Each field is a minimum, a maximum, or a set without what it supersedes, so `Device.join` is
commutative, associative and idempotent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from smile_cloud.device_registry.presence import PresenceEvent, newest, relevant
from smile_cloud.device_registry.status_message import StatusMessage

BLIND_STATES: Final = frozenset(
    {"unplugged", "frozen", "too_dark", "too_bright", "covered", "out_of_focus"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """What is known of a device.

    Attributes
    ----------
    device_id : str
    latest : StatusMessage or None
        The newest message that says online.
    first_seen, last_seen : datetime or None
        When the first and the last message that says online arrived.
    good_picture_at : datetime or None
        When the newest message was sent that does not report a fault of the camera.
    stopped_at : datetime or None
        The largest `sent_at` of a message that says offline, by the clock of the device.
    stop_received_at : datetime or None
        When the last such message arrived.
    presence : tuple of PresenceEvent
        Those that can still be the newest one.
    duplicate_at : datetime or None
        When a connection last ended because another one used the same client id.
    clock_rejected : int
        How many events were rejected because of a wrong clock; `store_event` counts them.
    """

    device_id: str
    latest: StatusMessage | None = None
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    good_picture_at: datetime | None = None
    stopped_at: datetime | None = None
    stop_received_at: datetime | None = None
    presence: tuple[PresenceEvent, ...] = ()
    duplicate_at: datetime | None = None
    clock_rejected: int = 0

    @classmethod
    def of_status(cls, message: StatusMessage) -> Device:
        """Return what one heartbeat or last will says."""
        beat, received_at = message.heartbeat, message.received_at
        if beat.status == "offline":
            return cls(
                device_id=beat.device_id,
                stopped_at=message.stopped_at,
                stop_received_at=received_at,
            )
        return cls(
            device_id=beat.device_id,
            latest=message,
            first_seen=received_at,
            last_seen=received_at,
            good_picture_at=None if beat.camera in BLIND_STATES else message.at,
        )

    @classmethod
    def of_presence(
        cls, device_id: str, event: PresenceEvent, *, is_duplicate: bool = False
    ) -> Device:
        """Return what one presence event says; `is_duplicate` if its client id was used again."""
        return cls(
            device_id=device_id,
            presence=(event,),
            duplicate_at=event.at if is_duplicate else None,
        )

    def join(self, other: Device) -> Device:
        """Return what both say together."""
        return Device(
            device_id=self.device_id,
            latest=_newer(self.latest, other.latest),
            first_seen=min(_known(self.first_seen, other.first_seen), default=None),
            last_seen=max(_known(self.last_seen, other.last_seen), default=None),
            good_picture_at=max(_known(self.good_picture_at, other.good_picture_at), default=None),
            stopped_at=max(_known(self.stopped_at, other.stopped_at), default=None),
            stop_received_at=max(
                _known(self.stop_received_at, other.stop_received_at), default=None
            ),
            presence=relevant(self.presence + other.presence),
            duplicate_at=max(_known(self.duplicate_at, other.duplicate_at), default=None),
            clock_rejected=max(self.clock_rejected, other.clock_rejected),
        )

    @property
    def has_spoken(self) -> bool:
        """Whether it is a device: it has sent a status message. Other clients connect, too."""
        return self.latest is not None or self.stop_received_at is not None

    @property
    def heard_at(self) -> datetime | None:
        """When the last message about the device arrived."""
        events = (event.at for event in self.presence)
        return max(_known(self.last_seen, self.stop_received_at, *events), default=None)

    @property
    def newest_presence(self) -> PresenceEvent | None:
        """The presence event that says how the client is now."""
        return newest(self.presence)


def _newer(one: StatusMessage | None, other: StatusMessage | None) -> StatusMessage | None:
    known = [message for message in (one, other) if message is not None]
    return max(known, key=lambda message: message.rank, default=None)


def _known(*times: datetime | None) -> Iterable[datetime]:
    return (time for time in times if time is not None)
