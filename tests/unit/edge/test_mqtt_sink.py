"""The sink against a broker that behaves, refuses, hangs up, or never confirms."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from edge_lambda.backoff import Backoff
from edge_lambda.delivery import MqttSink, mqtt_session, mqtt_sink
from edge_lambda.delivery.broker import Broker
from edge_lambda.delivery.outbox import Outbox
from edge_lambda.errors import SinkError
from tests.helpers.events import read_payload, smile_event
from tests.helpers.mqtt_broker import NOT_AUTHORIZED, FakeBroker, fake_broker, unreachable_port
from tests.helpers.waiting import LOOPBACK, wait_until

FIRST_WAIT_S = 0.02


@pytest.fixture
def broker() -> Iterator[FakeBroker]:
    with fake_broker() as running:
        yield running


@pytest.fixture
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reconnect soon, with waits that double as usual."""
    monkeypatch.setattr("edge_lambda.delivery.outbox_sender.Backoff", lambda: Backoff(FIRST_WAIT_S))


@pytest.fixture
def reasons(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """Return the logged reasons why connections ended."""
    return lambda: [r.reason for r in caplog.records if r.message == "mqtt not connected"]


@pytest.fixture
def waits(caplog: pytest.LogCaptureFixture) -> Callable[[], list[float]]:
    """Return the logged waits between connections, in seconds."""
    return lambda: [r.retry_in_s for r in caplog.records if r.message == "mqtt not connected"]


class Clock:
    """Stands for the time module of one module; its time stands still."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def monotonic(self) -> float:
        return self.now_s


def sink_to(port: int, outbox: Outbox, **options: Any) -> MqttSink:
    return MqttSink(outbox, Broker(host=LOOPBACK, port=port), "cam-1", **options)


def outbox_of(count: int) -> Outbox:
    outbox = Outbox(None)
    for _ in range(count):
        outbox.put(smile_event())
    return outbox


def seqs(broker: FakeBroker, connection: int = 0) -> list[int]:
    return [read_payload(payload).seq for payload in broker.payloads(connection)]


def test_events_arrive_in_order_and_leave_the_outbox_when_the_broker_confirms(
    broker: FakeBroker,
) -> None:
    outbox = outbox_of(50)
    with closing(sink_to(broker.port, outbox)):
        wait_until(lambda: not len(outbox))
    assert seqs(broker) == list(range(50))
    assert {topic for topic, _ in broker.received[0]} == {"smile/cam-1/events"}


def test_topic_starts_with_the_prefix_when_a_rule_is_configured(broker: FakeBroker) -> None:
    outbox = outbox_of(1)
    with closing(sink_to(broker.port, outbox, topic_prefix="$aws/rules/r/")):
        wait_until(lambda: not len(outbox))
    assert broker.received[0][0][0] == "$aws/rules/r/smile/cam-1/events"


def test_event_is_sent_at_once_when_it_is_offered(broker: FakeBroker) -> None:
    outbox = Outbox(None)
    with closing(sink_to(broker.port, outbox)) as sink:
        wait_until(lambda: broker.open_connections)
        time.sleep(0.1)  # the sender waits for news now
        begun = time.monotonic()
        sink.offer(outbox.put(smile_event()))
        wait_until(lambda: not len(outbox))
        assert time.monotonic() - begun < 0.5


def test_events_are_spaced_when_the_rate_is_limited(broker: FakeBroker) -> None:
    outbox = outbox_of(5)
    begun = time.monotonic()
    with closing(sink_to(broker.port, outbox, max_publishes_per_s=20)):
        wait_until(lambda: len(seqs(broker)) == 5)
    assert time.monotonic() - begun >= 4 / 20


def test_client_id_credentials_and_keepalive_reach_the_broker(broker: FakeBroker) -> None:
    address = Broker(host=LOOPBACK, port=broker.port, username="me", password="p@ss")
    with closing(MqttSink(Outbox(None), address, "cam-1", keepalive_s=77)):
        wait_until(lambda: broker.greetings)
    greeting = broker.greetings[0]
    assert greeting.startswith(b"\x00\x04MQTT\x04")  # version 3.1.1
    assert greeting[8:10] == (77).to_bytes(2)
    assert greeting.endswith(b"\x00\x05cam-1\x00\x02me\x00\x04p@ss")


def test_at_most_20_events_are_in_flight_when_the_broker_does_not_confirm(
    broker: FakeBroker,
) -> None:
    broker.confirms = False
    outbox = outbox_of(25)
    with closing(sink_to(broker.port, outbox)):
        wait_until(lambda: len(seqs(broker)) >= 20)
        time.sleep(0.2)
    assert seqs(broker) == list(range(20))
    assert len(outbox) == 25


@pytest.mark.usefixtures("short_waits")
def test_event_is_sent_again_when_the_broker_does_not_confirm_it_for_30_s(
    broker: FakeBroker, monkeypatch: pytest.MonkeyPatch, reasons: Callable[[], list[str]]
) -> None:
    clock = Clock()
    monkeypatch.setattr(mqtt_session, "time", clock)
    broker.confirms = False
    outbox = outbox_of(1)
    with closing(sink_to(broker.port, outbox)) as sink:
        wait_until(lambda: seqs(broker) == [0])
        broker.confirms = True
        clock.now_s += 29
        sink.offer(outbox.put(smile_event()))
        wait_until(lambda: len(outbox) == 1)
        assert (seqs(broker), reasons()) == ([0, 1], [])
        clock.now_s += 2
        wait_until(lambda: not len(outbox))
    assert seqs(broker, connection=1) == [0]
    assert reasons() == ["no confirmation"]


@pytest.mark.usefixtures("short_waits")
def test_unconfirmed_events_are_sent_again_from_the_oldest_when_the_connection_breaks(
    broker: FakeBroker, reasons: Callable[[], list[str]]
) -> None:
    broker.confirms = False
    outbox = outbox_of(3)
    with closing(sink_to(broker.port, outbox)):
        wait_until(lambda: len(seqs(broker)) == 3)
        broker.confirms = True
        broker.hang_up()
        wait_until(lambda: not len(outbox))
    assert seqs(broker, connection=1) == [0, 1, 2]
    assert len(reasons()) == 1
    assert reasons()[0]


@pytest.mark.usefixtures("short_waits")
def test_waits_grow_when_the_broker_accepts_and_then_hangs_up(
    broker: FakeBroker, waits: Callable[[], list[float]], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    broker.hangs_up = True
    with closing(sink_to(broker.port, Outbox(None))):
        wait_until(lambda: len(waits()) >= 4)
    assert FIRST_WAIT_S * 4 - 0.01 <= waits()[3] <= FIRST_WAIT_S * 8
    connected = next(r for r in caplog.records if r.message == "mqtt connected")
    lost = next(r for r in caplog.records if r.message == "mqtt not connected")
    for record in (connected, lost):
        assert (record.host, record.port) == (LOOPBACK, broker.port)


@pytest.mark.usefixtures("short_waits")
def test_waits_start_over_when_an_event_was_delivered(
    broker: FakeBroker, waits: Callable[[], list[float]]
) -> None:
    broker.hangs_up = True
    outbox = Outbox(None)
    with closing(sink_to(broker.port, outbox)) as sink:
        wait_until(lambda: len(waits()) >= 4)
        broker.hangs_up = False
        sink.offer(outbox.put(smile_event()))
        wait_until(lambda: not len(outbox))
        count = len(waits())
        broker.hang_up()
        wait_until(lambda: len(waits()) > count)
    assert waits()[count] <= FIRST_WAIT_S


@pytest.mark.parametrize(("lasted_s", "starts_over"), [(55, False), (61, True)])
@pytest.mark.usefixtures("short_waits")
def test_waits_start_over_when_the_connection_has_lasted_a_minute(
    broker: FakeBroker,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    waits: Callable[[], list[float]],
    *,
    lasted_s: float,
    starts_over: bool,
) -> None:
    caplog.set_level("INFO")
    clock = Clock()
    monkeypatch.setattr(mqtt_sink, "time", clock)
    broker.hangs_up = True
    with closing(sink_to(broker.port, Outbox(None))):
        wait_until(lambda: len(waits()) >= 4)
        broker.hangs_up, before = False, len(broker.received)
        wait_until(lambda: len(broker.received) > before)
        wait_until(lambda: caplog.messages[-1] == "mqtt connected")
        count = len(waits())
        clock.now_s += lasted_s
        broker.hang_up()
        wait_until(lambda: len(waits()) > count)
    assert (waits()[count] <= FIRST_WAIT_S) == starts_over


def test_reason_is_logged_when_the_broker_refuses_the_device(
    broker: FakeBroker, reasons: Callable[[], list[str]]
) -> None:
    broker.answer = NOT_AUTHORIZED
    outbox = outbox_of(1)
    with closing(sink_to(broker.port, outbox)):
        wait_until(reasons)
    assert reasons() == ["refused: not authorized"]
    assert (broker.payloads(), len(outbox)) == ([], 1)


def test_reason_is_logged_when_the_server_does_not_answer(
    broker: FakeBroker, monkeypatch: pytest.MonkeyPatch, reasons: Callable[[], list[str]]
) -> None:
    monkeypatch.setattr(mqtt_session, "_CONNECT_S", 0.1)
    broker.answer = None
    with closing(sink_to(broker.port, Outbox(None))):
        wait_until(reasons)
        assert reasons() == ["no answer"]
        wait_until(lambda: not broker.open_connections)


@pytest.mark.parametrize(
    ("host", "reason"),
    [(LOOPBACK, "connection refused"), ("a..b", "label empty or too long")],
)
def test_reason_is_logged_when_there_is_no_broker(
    reasons: Callable[[], list[str]], host: str, reason: str
) -> None:
    with unreachable_port() as port:
        outbox = outbox_of(1)
        with closing(MqttSink(outbox, Broker(host=host, port=port), "cam-1")):
            wait_until(reasons)
    assert reason in reasons()[0].lower()
    assert len(outbox) == 1


@pytest.mark.usefixtures("short_waits")
def test_sending_goes_on_when_the_outbox_could_not_be_read(
    broker: FakeBroker, monkeypatch: pytest.MonkeyPatch, reasons: Callable[[], list[str]]
) -> None:
    outbox = outbox_of(1)
    with monkeypatch.context() as broken:
        broken.setattr(outbox, "_db", sqlite3.connect(":memory:"))  # has no tables
        sink = sink_to(broker.port, outbox)
        wait_until(reasons)
    with closing(sink):
        wait_until(lambda: not len(outbox))
    assert reasons()[0].startswith("outbox: ")


@pytest.mark.parametrize("is_silent", [True, False])
def test_sink_closes_within_a_second_when_the_broker_does_not_help(
    broker: FakeBroker, is_silent: bool
) -> None:
    broker.answer = None
    with unreachable_port() as port:
        sink = sink_to(broker.port if is_silent else port, outbox_of(1))
        time.sleep(0.2)
        begun = time.monotonic()
        sink.close()
        assert time.monotonic() - begun < 1


def test_connection_ends_when_the_sink_closes(broker: FakeBroker) -> None:
    sink = sink_to(broker.port, Outbox(None))
    wait_until(lambda: broker.open_connections)
    begun = time.monotonic()
    sink.close()
    wait_until(lambda: not broker.open_connections)
    assert time.monotonic() - begun < 0.5


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_event_is_refused_when_the_sender_has_stopped(
    broker: FakeBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MqttSink, "_serve", lambda _: 1 / 0)
    outbox = Outbox(None)
    sink = sink_to(broker.port, outbox)
    sink.close()
    with pytest.raises(SinkError, match=r"^mqtt: the sender has stopped$"):
        sink.offer(outbox.put(smile_event()))
