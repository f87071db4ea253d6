"""Send a digest when its minute is over."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import groupby
from operator import attrgetter
from typing import Literal

from smile_cloud.alert_messages.dashboard import Dashboard
from smile_cloud.alert_messages.digest import Digest, DigestDevice, compose_digest
from smile_cloud.alert_settings.model import AlertSettings
from smile_cloud.alert_topic import AlertTopic
from smile_cloud.send_alert.digest_store import DigestEvent, DigestStore


class DigestSender:
    """Sends digests.

    Parameters
    ----------
    digests : DigestStore
    topic : AlertTopic
    fleet_settings : callable
        Returns the settings of the fleet.
    dashboard : Dashboard or None
        What the digests link to.
    """

    def __init__(
        self,
        digests: DigestStore,
        topic: AlertTopic,
        fleet_settings: Callable[[], AlertSettings],
        dashboard: Dashboard | None,
    ) -> None:
        self._digests = digests
        self._topic = topic
        self._fleet_settings = fleet_settings
        self._dashboard = dashboard

    def send(self, digest_id: str) -> int:
        """Send a digest unless it was sent; return how many messages were published.

        Events that an alert has named already, and that have become sure since, are in a message
        of their own: most subscribers leave it out.

        Raises
        ------
        InFlightError
            When another invocation is sending it.
        """
        token = secrets.token_hex(8)
        if not self._digests.claim(digest_id, token):
            return 0
        smiles, updates = _split(self._digests.events(digest_id))
        published = self._publish(digest_id, "digest", smiles)
        published += self._publish(digest_id, "digest_update", updates)
        self._digests.record_sent(digest_id, token)
        return published

    def _publish(
        self,
        digest_id: str,
        kind: Literal["digest", "digest_update"],
        events: Sequence[DigestEvent],
    ) -> int:
        if not events:
            return 0
        since = min(event.started_at for event in events)
        digest = Digest(digest_id=digest_id, since=since, devices=_by_device(events))
        settings = self._fleet_settings()
        self._topic.publish(compose_digest(digest, settings, kind=kind, dashboard=self._dashboard))
        return 1


def _split(events: Sequence[DigestEvent]) -> tuple[list[DigestEvent], list[DigestEvent]]:
    """Return the smiles of a digest, and the updates of smiles that are not among them."""
    smiles = {event.event_id: event for event in events if not event.is_update}
    updates = []
    for event in events:
        if event.is_update and event.event_id in smiles:
            smiles[event.event_id] = replace(event, is_update=False)  # its score is higher
        elif event.is_update:
            updates.append(event)
    return list(smiles.values()), updates


def _by_device(events: Sequence[DigestEvent]) -> tuple[DigestDevice, ...]:
    by_id = attrgetter("device_id")
    devices = []
    for device_id, group in groupby(sorted(events, key=by_id), by_id):
        own = list(group)
        devices.append(
            DigestDevice(
                device_id=device_id,
                smiles=len(own),
                peak_score=max(event.peak_score for event in own),
                display_name=own[-1].display_name,
            )
        )
    return tuple(devices)
