"""``send_alert``: send one alert per smile, and not too many per device."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from smile_cloud import clients
from smile_cloud.rule_message import RuleMessage
from smile_cloud.send_alert.alert_message import compose
from smile_cloud.send_alert.alert_policy import AlertDecision, AlertPolicy, AlertThrottle, decide
from smile_cloud.send_alert.alert_topic import AlertTopic
from smile_cloud.send_alert.settings import SendAlertSettings
from smile_cloud.send_alert.throttle_store import AlertThrottleStore
from smile_contract import ContractError, SmileEvent


class SendAlertService:
    """Sends the alerts that the policy allows.

    Parameters
    ----------
    policy : AlertPolicy
    throttles : AlertThrottleStore
    topic : AlertTopic
    api_url : str
        The REST API that the alerts link to, without a trailing slash.
    """

    def __init__(
        self, policy: AlertPolicy, throttles: AlertThrottleStore, topic: AlertTopic, api_url: str
    ) -> None:
        self._policy = policy
        self._throttles = throttles
        self._topic = topic
        self._api_url = api_url

    @classmethod
    def from_settings(cls, settings: SendAlertSettings) -> SendAlertService:
        """Return the service with the AWS clients of this execution environment."""
        return cls(
            AlertPolicy(settings.cooldown, settings.max_age),
            AlertThrottleStore(clients.dynamodb(), settings.table_name),
            AlertTopic(clients.sns(), settings.topic_arn),
            settings.api_url,
        )

    def handle(self, rule_event: Any) -> dict[AlertDecision, int]:
        """Send the alerts for the message that the IoT rule passed; count the decisions.

        Events that break the contract get no alert; ``store_event`` sends them to the dead-letter
        queue.

        Raises
        ------
        ConflictError, botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
            When a later retry may succeed. A retry sends an alert twice only when the function
            stopped between sending the alert and storing that it did.
        """
        decisions = dict.fromkeys(AlertDecision, 0)
        try:
            message = RuleMessage.from_rule(rule_event)
        except ContractError:
            return decisions
        for event in message.events:
            decisions[self._handle_event(event)] += 1
        return decisions

    def _handle_event(self, event: SmileEvent) -> AlertDecision:
        decision, throttle = self._throttles.update(
            event.device_id, lambda state, now: decide(self._policy, state, event, now)
        )
        if decision is AlertDecision.SEND:
            self._send(event, throttle)
        return decision

    def _send(self, event: SmileEvent, throttle: AlertThrottle) -> None:
        message = compose(
            event,
            suppressed=throttle.suppressed,
            last_sent_at=throttle.last_sent_at,
            api_url=self._api_url,
        )
        try:
            self._topic.publish(message)
        except (ClientError, BotoCoreError):
            self._throttles.update(
                event.device_id, lambda state, _: (None, state.released(event.event_id))
            )
            raise
        self._throttles.update(
            event.device_id, lambda state, now: (None, state.sent(event.event_id, now))
        )
