"""``send_alert``: send alerts about recent smiles, and the digests of smiles without one."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from smile_cloud import clients
from smile_cloud.alert_messages.alert_urls import AlertUrlMaker
from smile_cloud.alert_messages.dashboard import Dashboard
from smile_cloud.alert_messages.links import AlertLinks
from smile_cloud.alert_topic import AlertTopic
from smile_cloud.clock_limits import MAX_AHEAD, ClockLimits
from smile_cloud.rule_message import RuleMessage
from smile_cloud.send_alert.alert_policy import Decision, is_recent
from smile_cloud.send_alert.alert_sender import AlertSender
from smile_cloud.send_alert.alert_store import AlertStore
from smile_cloud.send_alert.digest_queue import DigestQueue, scheduled_digest
from smile_cloud.send_alert.digest_sender import DigestSender
from smile_cloud.send_alert.digest_store import DigestStore
from smile_cloud.send_alert.settings import SendAlertSettings
from smile_contract import ContractError, SmileEvent

DIGESTS_SENT = "digests_sent"
Log = Callable[[SmileEvent, Decision], None]


class SendAlertService:
    """Handles the messages of the queue.

    Parameters
    ----------
    alerts : AlertSender
    digests : DigestSender
    max_age : timedelta
        Older smiles get no alert.
    limits : ClockLimits
    clock : callable
        Returns the current time, UTC.
    """

    def __init__(
        self,
        alerts: AlertSender,
        digests: DigestSender,
        *,
        max_age: timedelta,
        limits: ClockLimits,
        clock: Callable[[], datetime],
    ) -> None:
        self._alerts = alerts
        self._digests = digests
        self._max_age = max_age
        self._limits = limits
        self._clock = clock

    @classmethod
    def from_settings(
        cls,
        settings: SendAlertSettings,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
    ) -> SendAlertService:
        """Return the service with the AWS clients of this execution environment."""
        table, client = settings.table_name, clients.dynamodb()
        store = AlertStore(
            client,
            table,
            defaults=settings.defaults,
            marker_retention=settings.clock_limits.longest_smile + settings.max_age + MAX_AHEAD,
            sleep=sleep,
        )
        queue = DigestQueue(clients.sqs, settings.queue_url)
        digests = DigestStore(client, table, queue, clock)
        topic = AlertTopic(clients.sns, settings.topic_arn)
        dashboard = Dashboard(settings.api_url) if settings.has_dashboard else None
        alerts = AlertSender(
            store,
            digests,
            topic,
            AlertUrlMaker(AlertLinks(settings.link_key), settings.has_dashboard),
            api_url=settings.api_url,
            per_minute=settings.per_minute,
            clock=clock,
            sleep=sleep,
        )
        return cls(
            alerts,
            DigestSender(digests, topic, store.fleet_settings, dashboard),
            max_age=settings.max_age,
            limits=settings.clock_limits,
            clock=clock,
        )

    def handle(self, body: str, log: Log) -> Counter[str]:
        """Handle one message; return how many events got which decision.

        Events that break the contract get no alert: ``store_event`` sends them to the dead-letter
        queue.

        Parameters
        ----------
        body : str
            Of a queue message.
        log : callable
            Gets each recent event and its decision.

        Raises
        ------
        SmileCloudError, botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
            When a later attempt may succeed.
        """
        if (digest_id := scheduled_digest(body)) is not None:
            return Counter({DIGESTS_SENT: self._digests.send(digest_id)})
        try:
            message = RuleMessage.from_body(body, self._limits)
        except ContractError:
            return Counter()
        counts: Counter[str] = Counter()
        for event in message.events:
            if not is_recent(event, message.received_at, self._clock(), self._max_age):
                counts[Decision.TOO_OLD] += 1
                continue
            decision = self._alerts.handle(event)
            log(event, decision)
            counts[decision] += 1
        return counts
