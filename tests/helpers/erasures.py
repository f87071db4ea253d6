"""The functions that erase, with a clock that the test sets and a queue that delivers at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from smile_cloud import clients
from smile_cloud.attributes import from_attributes
from smile_cloud.device_registry.directory import DeviceDirectory
from smile_cloud.device_registry.store import DeviceStore
from smile_cloud.erase_events.service import EraseEventsService
from smile_cloud.erase_events.settings import EraseEventsSettings
from smile_cloud.erasure.job import WAIT, ErasureRequest, Scope
from smile_cloud.erasure.step_queue import Step
from smile_cloud.erasure_api.service import ErasureApiService
from smile_cloud.erasure_api.settings import ErasureApiSettings
from smile_cloud.errors import SmileCloudError
from smile_cloud.keys import erasure_job_key, erasures_pk
from smile_cloud.store_event.event_store import EventStore
from tests.helpers.functions import ENVIRONMENT

NOW = datetime(2026, 11, 22, 17, 33, tzinfo=UTC)
KEPT = timedelta(days=90)
VISIBILITY_TIMEOUT = timedelta(seconds=180)
EVENTS_PER_STEP = 3
DELIVERIES = 5  # maxReceiveCount of the queue
Item = dict[str, Any]


class Erasures:
    """Both services on one table, and the messages between them.

    Parameters
    ----------
    table, queue_url : str
    """

    def __init__(self, table: str, queue_url: str) -> None:
        self.now = NOW
        self.delays: list[int] = []  # of the messages that were sent, in seconds
        self.dead_letters: list[str] = []
        self._client, self._sqs = clients.dynamodb(), clients.sqs()
        self.table, self.queue_url = table, queue_url
        variables = ENVIRONMENT | {"TABLE_NAME": table, "ERASURE_QUEUE_URL": queue_url}
        variables |= {"EVENT_RETENTION_DAYS": "90"}
        self.store = EventStore(
            self._client,
            table,
            event_retention=KEPT,
            rollup_retention=KEPT,
            sleep=lambda _: None,
        )
        self.devices = DeviceStore(
            self._client,
            table,
            retention=KEPT,
            clock=lambda: self.now,
            sleep=lambda _: None,
        )
        self.directory = DeviceDirectory(self._client, table, clock=lambda: self.now)
        self._api = ErasureApiService.from_settings(
            ErasureApiSettings.from_environment(variables), clock=lambda: self.now
        )
        self._worker = EraseEventsService.from_settings(
            EraseEventsSettings.from_environment(variables),
            clock=lambda: self.now,
            sleep=lambda _: None,
            events_per_step=EVENTS_PER_STEP,
        )

    def erase_device(self, device_id: str = "cam-1") -> Item:
        """Ask to erase a whole device; return the job."""
        with self._undelayed():
            return self._api.start(ErasureRequest(device_id, Scope.DEVICE))

    def erase_events(self, start: datetime, end: datetime, device_id: str = "cam-1") -> Item:
        """Ask to erase a range; return the job."""
        with self._undelayed():
            return self._api.start(ErasureRequest(device_id, Scope.EVENTS, start, end))

    def job(self, job: Item) -> Item:
        """Return how far a job is."""
        return self._api.get(job["device_id"], job["job_id"])

    def work(self, crash: Callable[[], Any] | None = None) -> None:
        """Deliver messages until none is left, as SQS does when the time to delete has come.

        `crash` is called before each delivery, and may return a context that breaks the call.
        """
        self.now += WAIT
        while bodies := self.take():
            for body in bodies:
                if not self.deliver(body, crash):
                    self.dead_letters.append(body)

    def deliver(self, body: str, crash: Callable[[], Any] | None = None) -> bool:
        """Deliver a message until it is handled; return False when it becomes a dead letter."""
        for _ in range(DELIVERIES):
            try:
                with crash() if crash else nullcontext():
                    self.handle(body)
            except (SmileCloudError, ClientError, BotoCoreError):
                self.now += VISIBILITY_TIMEOUT
            else:
                return True
        return False

    def handle(self, body: str) -> None:
        """Deliver a message once."""
        with self._undelayed():
            self._worker.handle(Step.parse(body))

    def items(self) -> list[Item]:
        """Return all items of the table, sorted by key."""
        pages = self._client.get_paginator("scan").paginate(TableName=self.table)
        found = [from_attributes(item) for page in pages for item in page["Items"]]
        return sorted(found, key=lambda item: (item["pk"], item["sk"]))

    def items_of(self, device_id: str) -> list[str]:
        """Return the sort keys of what is stored about a device, without the record of erasures."""
        return [
            item["sk"]
            for item in self.items()
            if device_id in str(item)
            and item["pk"] != erasures_pk(device_id)
            and item["sk"] != "ERASURE"
        ]

    def remove_job(self, job: Item) -> None:
        """Let a job expire."""
        pk, sk = erasure_job_key(job["device_id"], job["job_id"])
        key: Any = {"pk": {"S": pk}, "sk": {"S": sk}}
        self._client.delete_item(TableName=self.table, Key=key)

    def take(self) -> list[str]:
        """Take the messages out of the queue."""
        bodies: list[str] = []
        while found := self._sqs.receive_message(
            QueueUrl=self.queue_url, MaxNumberOfMessages=10
        ).get("Messages"):
            for message in found:
                self._sqs.delete_message(
                    QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"]
                )
                bodies.append(message["Body"])
        return bodies

    @contextmanager
    def _undelayed(self) -> Iterator[None]:
        """Send messages without their delay, and note it."""

        def note(params: dict[str, Any], **_: Any) -> None:
            if "DelaySeconds" in params:  # a request may start another one
                self.delays.append(params.pop("DelaySeconds"))

        events = self._sqs.meta.events
        events.register("provide-client-params.sqs.SendMessage", note)
        try:
            yield
        finally:
            events.unregister("provide-client-params.sqs.SendMessage", note)
