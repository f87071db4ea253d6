"""``send_alert``: tell people of a smile, at most once, and not too often."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from smile_cloud import clients
from smile_cloud.errors import ConflictError
from smile_cloud.rule_message import RuleMessage
from smile_cloud.send_alert.alert_message import AlertMessage, compose
from smile_cloud.send_alert.alert_policy import AlertBudget, AlertPolicy, Verdict, judge
from smile_cloud.send_alert.throttle_store import AlertBudgetStore, Versioned
from smile_cloud.settings import SendAlertSettings
from smile_contract import ContractError, SmileEvent

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

_MAX_ATTEMPTS: Final = 8
_BACKOFF_S: Final = 0.02

Change = Callable[[AlertBudget], AlertBudget]


@dataclass(frozen=True, slots=True)
class Topic:
    """Where alerts are published."""

    client: SNSClient
    arn: str

    def publish(self, message: AlertMessage) -> None:
        """Publish one alert."""
        self.client.publish(
            TopicArn=self.arn,
            Subject=message.subject,
            Message=message.body,
            MessageAttributes=message.attributes,
        )


class SmileAlerts:
    """Sends the alerts that the policy allows.

    Parameters
    ----------
    policy : AlertPolicy
    budgets : AlertBudgetStore
    topic : Topic
    api_url : str
    clock, sleep : callable
        The wall clock, and how to wait before another attempt.
    """

    def __init__(
        self,
        policy: AlertPolicy,
        budgets: AlertBudgetStore,
        topic: Topic,
        api_url: str,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._policy = policy
        self._budgets = budgets
        self._topic = topic
        self._api_url = api_url
        self._clock = clock
        self._sleep = sleep

    @classmethod
    def from_settings(cls, settings: SendAlertSettings) -> SmileAlerts:
        """Return the service with the environment's own clients."""
        return cls(
            AlertPolicy(settings.cooldown, settings.max_age),
            AlertBudgetStore(clients.dynamodb(), settings.table_name),
            Topic(clients.sns(), settings.topic_arn),
            settings.api_url,
        )

    def consider(self, rule_event: Any) -> dict[Verdict, int]:
        """Alert where due for what the IoT rule handed over; return how often what was decided.

        Messages that break the contract alert nobody; ``store_event`` sets them aside.

        Raises
        ------
        ConflictError, botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
            When trying again later may succeed. Only when the service dies between sending
            and remembering it can trying again send an alert twice.
        """
        verdicts = dict.fromkeys(Verdict, 0)
        try:
            message = RuleMessage.from_rule(rule_event)
        except ContractError:
            return verdicts
        for event in message.events:
            verdicts[self._consider_one(event)] += 1
        return verdicts

    def _consider_one(self, event: SmileEvent) -> Verdict:
        for attempt in range(_MAX_ATTEMPTS):
            now = self._clock()
            read = self._budgets.read(event.device_id)
            verdict, budget = judge(self._policy, read.budget, event, now)
            if budget is not read.budget and not self._budgets.write(
                event.device_id, budget, read=read, now=now
            ):
                self._wait(attempt)
                continue
            if verdict is Verdict.SEND:
                self._send(event, read)
            return verdict
        raise ConflictError(f"alert budget of {event.device_id} is changed by too many at once")

    def _send(self, event: SmileEvent, read: Versioned) -> None:
        message = compose(
            event,
            untold=read.budget.suppressed,
            last_sent_at=read.budget.last_sent_at,
            api_url=self._api_url,
        )
        try:
            self._topic.publish(message)
        except (ClientError, BotoCoreError):
            self._settle(event, AlertBudget.not_sent)
            raise
        self._settle(event, lambda budget: budget.sent(event.event_id, self._clock()))

    def _settle(self, event: SmileEvent, change: Change) -> None:
        """Apply `change` to the budget, as long as the claim is still this event's."""
        for attempt in range(_MAX_ATTEMPTS):
            read = self._budgets.read(event.device_id)
            claim = read.budget.claim
            if claim is None or claim.event_id != event.event_id:
                return
            budget, now = change(read.budget), self._clock()
            if self._budgets.write(event.device_id, budget, read=read, now=now):
                return
            self._wait(attempt)
        raise ConflictError(f"alert budget of {event.device_id} is changed by too many at once")

    def _wait(self, attempt: int) -> None:
        self._sleep(_BACKOFF_S * 2**attempt * random.uniform(0.5, 1))  # noqa: S311
