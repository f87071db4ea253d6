"""``store_event`` as the tests of its dead letters use it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from smile_cloud.clock_limits import ClockLimits
from smile_cloud.dead_letters.memory import DeadLetterMemory
from smile_cloud.dead_letters.queue import DeadLetterQueue
from smile_cloud.dead_letters.sender import DeadLetterSender
from smile_cloud.store_event.event_store import EventStore
from smile_cloud.store_event.service import StoreEventService

KEPT = timedelta(days=90)
LIMITS = ClockLimits(max_age=KEPT, longest_smile=timedelta(hours=1))


def make_service(
    aws: Any,
    table: str,
    queue: str,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> StoreEventService:
    """Return the service with clients of a test; `clock` is that of its dead-letter memory."""
    return StoreEventService(
        EventStore(aws.dynamodb, table, event_retention=KEPT, rollup_retention=KEPT),
        make_sender(aws, table, queue, clock),
        LIMITS,
    )


def make_sender(
    aws: Any,
    table: str,
    queue: str,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> DeadLetterSender:
    """Return what sends dead letters to `queue`; `clock` is that of its memory."""
    memory = DeadLetterMemory(aws.dynamodb, table, device_retention=KEPT, clock=clock)
    return DeadLetterSender(DeadLetterQueue(aws.sqs, queue), memory)
