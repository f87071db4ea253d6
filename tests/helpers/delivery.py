"""What the tests of sinks share: filled outboxes, short waits, a clock, and what was logged."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from edge_lambda.backoff import Backoff
from edge_lambda.delivery.outbox import Outbox
from tests.helpers.events import smile_event

FIRST_WAIT_S = 0.02


class Clock:
    """Stands for the time module of one module; time passes only when a test or sleep says so."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def monotonic(self) -> float:
        return self.now_s

    time = monotonic

    def time_ns(self) -> int:
        return int(self.now_s * 1e9)

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


def outbox_of(count: int) -> Outbox:
    """Return an outbox in memory with so many events."""
    outbox = Outbox(None)
    for _ in range(count):
        outbox.put(smile_event())
    return outbox


def waiting_outbox(path: Path, count: int) -> Outbox:
    """Return an outbox with so many events of an earlier run."""
    with closing(Outbox(path)) as outbox:
        outbox._keeper._store._db.execute("PRAGMA synchronous=OFF")  # faster
        for _ in range(count):
            outbox.put(smile_event())
    return Outbox(path)


def shorten_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let sinks reconnect soon; their waits double as usual."""
    monkeypatch.setattr("edge_lambda.delivery.outbox_sender.Backoff", lambda: Backoff(FIRST_WAIT_S))


def never_poll(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let sinks react only to what wakes them."""
    monkeypatch.setattr("edge_lambda.delivery.outbox_sender._NEWS_S", 600.0)


def reasons(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the logged reasons why connections failed or ended."""
    return [record.reason for record in caplog.records if hasattr(record, "reason")]


def waits(caplog: pytest.LogCaptureFixture) -> list[float]:
    """Return the logged waits before the next connection, in seconds."""
    return [record.retry_in_s for record in caplog.records if hasattr(record, "retry_in_s")]
