"""``send_alert`` against a store, with a clock that the test sets and messages as SQS has them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from smile_cloud import clients
from smile_cloud.errors import SmileCloudError
from smile_cloud.send_alert.alert_policy import Decision
from smile_cloud.send_alert.service import SendAlertService
from smile_cloud.send_alert.settings import SendAlertSettings
from smile_contract import SmileEvent
from tests.helpers.aws_calls import watched
from tests.helpers.events import smile_event
from tests.helpers.functions import ENVIRONMENT
from tests.helpers.rule_events import body_of

START = datetime(2026, 11, 22, 17, 33, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
VISIBILITY_TIMEOUT = 90 * SECOND
MAX_RECEIVES = 5


def smile(at: datetime = START, phase: str = "started", **changes: Any) -> SmileEvent:
    """Return a smile; it is likely unless `changes` give it another score."""
    return smile_event(phase, started_at=at, **{"peak_score": 0.8, "mean_score": 0.6} | changes)


def end_of(started: SmileEvent, peak_score: float = 0.99) -> SmileEvent:
    """Return the last message of a smile, with its final score."""
    same = {"event_id": started.event_id, "device_id": started.device_id}
    return smile(started.started_at, "ended", peak_score=peak_score, **same)


class Alerts:
    """The service, with the time and with what SQS does when a message fails.

    Parameters
    ----------
    receive_all : callable
        Returns what the topic has published.
    variables : str
        Environment variables, at least those that name the table, the topic and the queue.
    """

    def __init__(self, receive_all: Callable[[], list[dict[str, Any]]], **variables: str) -> None:
        self.now = START
        self.sleeps = False  # whether to pause before another attempt; for threads
        self._receive_all = receive_all
        self.settings = SendAlertSettings.from_environment(ENVIRONMENT | variables)
        self.service = SendAlertService.from_settings(
            self.settings, clock=lambda: self.now, sleep=self._pause
        )

    def _pause(self, seconds: float) -> None:
        if self.sleeps:
            time.sleep(seconds)

    def handle(self, *events: SmileEvent) -> list[Decision]:
        """Return the decisions about messages with one event each."""
        decisions: list[Decision] = []
        for event in events:
            body = body_of(event, self.now, event.device_id)
            self.service.handle(body, lambda _, decision: decisions.append(decision))
        return decisions

    def deliver(self, body: str) -> bool:
        """Deliver a message until it is handled; return False when it becomes a dead letter."""
        for _ in range(MAX_RECEIVES):
            try:
                self.service.handle(body, lambda *_: None)
            except (SmileCloudError, ClientError, BotoCoreError):
                self.now += VISIBILITY_TIMEOUT
            else:
                return True
        return False

    def published(self) -> list[dict[str, Any]]:
        """Return the documents of the alerts that were published since the last call."""
        envelopes = [json.loads(message["Body"]) for message in self._receive_all()]
        return [json.loads(envelope["Message"]) for envelope in envelopes]

    def scheduled(self, act: Callable[[], object]) -> list[tuple[str, int]]:
        """Run `act`; return body and delay in seconds of the messages it sends to the queue."""
        with watched(clients.sqs(), "SendMessage") as calls:
            act()
        return [(call["MessageBody"], call["DelaySeconds"]) for call in calls]
