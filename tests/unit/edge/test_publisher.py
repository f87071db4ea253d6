from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from edge_lambda.delivery import Sink, StdoutSink
from edge_lambda.delivery.outbox import Outbox
from edge_lambda.delivery.publisher import Publisher
from edge_lambda.delivery.record import OutboxRecord
from edge_lambda.delivery.status import ConnectionStatus
from edge_lambda.errors import SinkError
from tests.helpers.delivery import Clock
from tests.helpers.disk import Disk
from tests.helpers.events import read_payload, smile_event


class ConfirmingSink(Sink):
    """Remembers what it was offered and confirms nothing."""

    confirms = True

    def __init__(self) -> None:
        self.offered: list[OutboxRecord] = []
        self.is_closed = False

    def offer(self, record: OutboxRecord) -> None:
        self.offered.append(record)

    def close(self) -> None:
        self.is_closed = True


class FlushedLines(io.BytesIO):
    """Shows only what was flushed."""

    flushed = b""

    def flush(self) -> None:
        self.flushed = self.getvalue()


def test_each_event_is_a_line_at_once_when_the_sink_is_stdout() -> None:
    stream, outbox = FlushedLines(), Outbox(None)
    publisher = Publisher(outbox, [StdoutSink(stream)])
    publisher.publish(smile_event("started"))
    publisher.publish(smile_event("ended"))
    events = [read_payload(line) for line in stream.flushed.splitlines()]
    assert [(event.phase, event.seq) for event in events] == [("started", 0), ("ended", 1)]
    assert stream.flushed.endswith(b"\n")
    assert len(outbox) == publisher.undelivered == 0
    assert publisher.published == 2


def test_error_is_one_line_when_the_reader_of_stdout_has_gone() -> None:
    class Closed(io.BytesIO):
        def write(self, _: object) -> int:
            raise BrokenPipeError(32, "Broken pipe")

    publisher = Publisher(Outbox(None), [StdoutSink(Closed())])
    with pytest.raises(SinkError, match=r"^stdout: cannot be written: Broken pipe$"):
        publisher.publish(smile_event())


def test_events_wait_in_the_outbox_when_one_of_the_sinks_confirms() -> None:
    outbox, stream, sink = Outbox(None), io.BytesIO(), ConfirmingSink()
    publisher = Publisher(outbox, [StdoutSink(stream), sink])
    publisher.publish(smile_event())
    assert sink.offered == outbox.after(0, 10)
    assert stream.getvalue() == sink.offered[0].payload + b"\n"
    assert publisher.undelivered == 1


def test_every_sink_still_gets_events_when_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk, stream, sink = Disk(monkeypatch), io.BytesIO(), ConfirmingSink()
    outbox = Outbox(tmp_path / "o.sqlite")
    publisher = Publisher(outbox, [StdoutSink(stream), sink])
    publisher.publish(smile_event())
    disk.fill()
    publisher.publish(smile_event())
    assert [json.loads(line)["seq"] for line in stream.getvalue().splitlines()] == [0, 1]
    assert sink.offered == outbox.after(0, 10)
    assert (publisher.published, publisher.undelivered) == (2, 2)


def test_status_is_that_of_the_outbox_and_of_the_sink_with_a_connection() -> None:
    connected = ConnectionStatus(is_connected=True, protocol="mqtt 5")

    class ConnectedSink(ConfirmingSink):
        status = connected

    outbox = Outbox(None)
    publisher = Publisher(outbox, [StdoutSink(io.BytesIO()), ConnectedSink()])
    publisher.publish(smile_event())
    status = publisher.status()
    assert (status.connection, status.outbox.waiting) == (connected, 1)
    alone = Publisher(outbox, [StdoutSink(io.BytesIO())])
    assert alone.status().connection == ConnectionStatus()


def test_heartbeat_reaches_sinks_and_is_not_printed() -> None:
    heartbeats: list[bytes] = []

    class HeartbeatSink(ConfirmingSink):
        def publish_status(self, payload: bytes, expiry_s: int | None = None) -> None:
            heartbeats.append(payload)

    stream = io.BytesIO()
    Publisher(Outbox(None), [StdoutSink(stream), HeartbeatSink()]).publish_status(b"{}")
    assert (heartbeats, stream.getvalue()) == ([b"{}"], b"")


def test_sinks_are_closed_with_the_publisher() -> None:
    sink = ConfirmingSink()
    Publisher(Outbox(None), [sink]).close()
    assert sink.is_closed


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("edge_lambda.delivery.publisher.time", clock)
    return clock


@pytest.mark.parametrize(
    ("timeout_s", "stopped_timeout_s", "stop_after_s", "waits_s"),
    [
        (10, 1, None, 10),  # the video is over
        (10, 1, 0, 1),  # the user has stopped the run
        (10, 1, 5, 5),  # the user stops the run while it waits
        (0.5, 1, 0, 0.5),
    ],
)
def test_unconfirmed_events_are_waited_for_as_long_as_configured(
    clock: Clock,
    timeout_s: float,
    stopped_timeout_s: float,
    stop_after_s: float | None,
    waits_s: float,
) -> None:
    publisher = Publisher(Outbox(None), [ConfirmingSink()])
    publisher.publish(smile_event())
    begun = clock.now_s

    def is_stopped() -> bool:
        return stop_after_s is not None and clock.now_s - begun >= stop_after_s

    publisher.drain(timeout_s, stopped_timeout_s, is_stopped)
    assert clock.now_s - begun == pytest.approx(waits_s, abs=0.05)


def test_nothing_is_waited_for_when_all_events_are_confirmed(clock: Clock) -> None:
    outbox, sink = Outbox(None), ConfirmingSink()
    publisher = Publisher(outbox, [sink])
    publisher.publish(smile_event())
    begun, sleep = clock.now_s, clock.sleep

    def confirm(seconds: float) -> None:
        sleep(seconds)
        outbox.delete([sink.offered[0].id])

    clock.sleep = confirm  # type: ignore[method-assign]
    publisher.drain(10, 1, lambda: False)
    assert clock.now_s - begun < 0.1
    assert publisher.undelivered == 0
