"""Send the alert of one event: decide, claim, publish, record.

1. Everything that decides is read at once.
2. One transaction writes the decision, or claims the alert.
3. The alert is published.
4. One transaction records that it was sent.

Each attempt to handle a message has a token. When an answer of AWS is lost, the SDK sends a write
again, and the copy fails on what the first one has written. Then the token shows whose claim it
is: with its own claim the attempt goes on; a live claim of another attempt makes it fail, so that
SQS delivers the message again. Nothing is lost in this way. An alert is sent twice only when an
attempt stops, or loses the answer of SNS, between steps 3 and 4: SNS cannot publish conditionally.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime

from smile_cloud.alert_messages.alert_urls import AlertUrlMaker
from smile_cloud.alert_messages.smile import compose_smile
from smile_cloud.alert_settings.model import AlertSettings
from smile_cloud.alert_topic import AlertTopic
from smile_cloud.errors import ConflictError
from smile_cloud.retry import attempts
from smile_cloud.send_alert.alert_policy import Decision, Plan, Stored, decide
from smile_cloud.send_alert.alert_store import AlertStore
from smile_cloud.send_alert.digest_store import DigestStore
from smile_cloud.send_alert.errors import InFlightError
from smile_contract import SmileEvent


class AlertSender:
    """Sends alerts about single events, or adds the events to a digest.

    Parameters
    ----------
    store : AlertStore
    digests : DigestStore
    topic : AlertTopic
    urls : AlertUrlMaker
    api_url : str
        URL of the REST API, without a trailing slash.
    per_minute : int
        How many alerts the topic may get in any 60 s.
    clock : callable
        Returns the current time, UTC.
    sleep : callable
        Pauses for the given seconds before another attempt.
    """

    def __init__(
        self,
        store: AlertStore,
        digests: DigestStore,
        topic: AlertTopic,
        urls: AlertUrlMaker,
        *,
        api_url: str,
        per_minute: int,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
    ) -> None:
        self._store = store
        self._digests = digests
        self._topic = topic
        self._urls = urls
        self._api_url = api_url
        self._per_minute = per_minute
        self._clock = clock
        self._sleep = sleep

    def handle(self, event: SmileEvent) -> Decision:
        """Decide about a recent event, and send its alert.

        Raises
        ------
        InFlightError
            When another attempt is sending the alert.
        ConflictError
            When no write succeeded.
        """
        token = secrets.token_hex(8)
        settings, plan, stored = self._decide(event, token)
        if plan.decision is Decision.SEND:
            self._topic.publish(
                compose_smile(
                    event,
                    settings,
                    kind="smile_update" if plan.is_update else "smile",
                    suppressed=plan.suppressed,
                    since=plan.since,
                    urls=self._urls.urls(self._api_url, event, self._clock()),
                )
            )
            self._record_sent(event, token, stored)
        return plan.decision

    def _decide(self, event: SmileEvent, token: str) -> tuple[AlertSettings, Plan, Stored]:
        """Return the settings, the decision, and what is stored after it."""
        plan, reasons = Plan(Decision.IN_FLIGHT), frozenset[str]()
        for _ in attempts(self._sleep):
            settings, stored = self._store.read(event)
            if stored.marker is not None and stored.marker.token == token:
                return settings, plan, stored  # only the answer was lost
            now = self._clock()
            plan = decide(settings, stored, event, now, token=token, per_minute=self._per_minute)
            if plan.decision is Decision.IN_FLIGHT:
                continue
            extra = (
                self._digests.joining(event, settings, is_update=plan.is_update)
                if plan.decision is Decision.DIGEST
                else ()
            )
            reasons = self._store.write(plan, stored, event, now, extra)
            if not reasons:
                return settings, plan, stored.after(plan)
        if plan.decision is Decision.IN_FLIGHT:
            raise InFlightError(f"alert about {event.event_id}")
        raise ConflictError(f"decision about {event.event_id}", reasons)

    def _record_sent(self, event: SmileEvent, token: str, stored: Stored) -> None:
        """Remember that the claimed alert was sent."""
        reasons = frozenset[str]()
        for _ in attempts(self._sleep):
            marker = stored.marker
            if marker is None or marker.token != token or marker.claim is None:
                return  # recorded already, or the claim expired and another attempt has it
            reasons = self._store.record_sent(event, marker, marker.claim, self._clock())
            if not reasons:
                return
            _, stored = self._store.read(event)
        raise ConflictError(f"record that {event.event_id} was sent", reasons)
