"""Connections to a broker that refuses, hangs up, or does not answer."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from edge_lambda.delivery import MqttSink, mqtt_session, mqtt_sink
from edge_lambda.delivery.broker import Broker
from edge_lambda.delivery.outbox import Outbox
from tests.helpers.delivery import (
    FIRST_WAIT_S,
    Clock,
    never_poll,
    outbox_of,
    reasons,
    shorten_waits,
    waits,
)
from tests.helpers.events import smile_event
from tests.helpers.mqtt_broker import NOT_AUTHORIZED, FakeBroker, fake_broker, unreachable_port
from tests.helpers.waiting import LOOPBACK, wait_until


@pytest.fixture
def broker() -> Iterator[FakeBroker]:
    with fake_broker() as running:
        yield running


@pytest.fixture
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    shorten_waits(monkeypatch)


def sink_to(port: int, outbox: Outbox) -> MqttSink:
    return MqttSink(outbox, Broker(host=LOOPBACK, port=port), "cam-1")


@pytest.mark.usefixtures("short_waits")
def test_waits_grow_when_the_broker_accepts_and_then_hangs_up(
    broker: FakeBroker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    broker.hangs_up = True
    with closing(sink_to(broker.port, Outbox(None))):
        wait_until(lambda: len(waits(caplog)) >= 4)
    assert FIRST_WAIT_S * 4 - 0.01 <= waits(caplog)[3] <= FIRST_WAIT_S * 8
    assert "connection lost: unspecified error" in reasons(caplog)
    connected = next(r for r in caplog.records if r.message == "mqtt connected")
    lost = next(r for r in caplog.records if r.message == "mqtt not connected")
    for record in (connected, lost):
        assert (record.host, record.port) == (LOOPBACK, broker.port)


@pytest.mark.usefixtures("short_waits")
def test_waits_start_over_when_an_event_was_delivered(
    broker: FakeBroker, caplog: pytest.LogCaptureFixture
) -> None:
    broker.hangs_up = True
    outbox = Outbox(None)
    with closing(sink_to(broker.port, outbox)) as sink:
        wait_until(lambda: len(waits(caplog)) >= 4)
        broker.hangs_up = False
        sink.offer(outbox.put(smile_event()))
        wait_until(lambda: not len(outbox))
        count = len(waits(caplog))
        broker.hang_up()
        wait_until(lambda: len(waits(caplog)) > count)
    assert waits(caplog)[count] <= FIRST_WAIT_S


@pytest.mark.parametrize(("lasted_s", "starts_over"), [(55, False), (61, True)])
@pytest.mark.usefixtures("short_waits")
def test_waits_start_over_when_the_connection_has_lasted_a_minute(
    broker: FakeBroker,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    *,
    lasted_s: float,
    starts_over: bool,
) -> None:
    caplog.set_level("INFO")
    clock = Clock()
    monkeypatch.setattr(mqtt_sink, "time", clock)
    broker.hangs_up = True
    with closing(sink_to(broker.port, Outbox(None))):
        wait_until(lambda: len(waits(caplog)) >= 4)
        broker.hangs_up, before = False, len(broker.received)
        wait_until(lambda: len(broker.received) > before)
        wait_until(lambda: caplog.messages[-1] == "mqtt connected")
        count = len(waits(caplog))
        clock.now_s += lasted_s
        broker.hang_up()
        wait_until(lambda: len(waits(caplog)) > count)
    assert (waits(caplog)[count] <= FIRST_WAIT_S) == starts_over


def test_reason_is_logged_when_the_broker_refuses_the_device(
    broker: FakeBroker, caplog: pytest.LogCaptureFixture
) -> None:
    broker.answer = NOT_AUTHORIZED
    outbox = outbox_of(1)
    with closing(sink_to(broker.port, outbox)):
        wait_until(lambda: reasons(caplog))
    assert reasons(caplog) == ["refused: not authorized"]
    assert (broker.payloads(), len(outbox)) == ([], 1)


def test_reason_is_logged_when_the_server_does_not_answer(
    broker: FakeBroker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("CONNECT_S", "_ANSWER_TO_5_S"):
        monkeypatch.setattr(mqtt_session, name, 0.1)
    broker.answer = None
    with closing(sink_to(broker.port, Outbox(None))):
        wait_until(lambda: reasons(caplog))
        assert reasons(caplog)[0] == "no answer"
        wait_until(lambda: not broker.open_connections)


@pytest.mark.parametrize(
    ("host", "reason"),
    [(LOOPBACK, "^Connection refused$"), ("a..b", "label empty")],
)
def test_reason_is_logged_when_there_is_no_broker(
    caplog: pytest.LogCaptureFixture, host: str, reason: str
) -> None:
    with unreachable_port() as port:
        outbox = outbox_of(1)
        with closing(MqttSink(outbox, Broker(host=host, port=port), "cam-1")):
            wait_until(lambda: reasons(caplog))
    assert re.search(reason, reasons(caplog)[0])
    assert len(outbox) == 1


@pytest.mark.usefixtures("short_waits")
def test_sending_goes_on_when_the_outbox_could_not_be_read(
    broker: FakeBroker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    outbox = outbox_of(1)
    with monkeypatch.context() as broken:
        broken.setattr(outbox._keeper, "_is_closed", True)
        sink = sink_to(broker.port, outbox)
        wait_until(lambda: reasons(caplog))
    with closing(sink):
        wait_until(lambda: not len(outbox))
    assert reasons(caplog)[0].startswith("outbox: ")


@pytest.mark.parametrize("is_silent", [True, False])
def test_sink_closes_soon_when_the_broker_does_not_answer(
    broker: FakeBroker, is_silent: bool
) -> None:
    broker.answer = None
    with unreachable_port() as port:
        sink = sink_to(broker.port if is_silent else port, outbox_of(1))
        time.sleep(0.2)
        begun = time.monotonic()
        sink.close()
        assert time.monotonic() - begun < 2


def test_connection_ends_at_once_when_the_sink_closes(
    broker: FakeBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    never_poll(monkeypatch)
    sink = sink_to(broker.port, Outbox(None))
    wait_until(lambda: broker.greetings)
    sink.close()
    wait_until(lambda: not broker.open_connections)


def test_sender_does_not_keep_the_process_alive(broker: FakeBroker) -> None:
    with closing(sink_to(broker.port, Outbox(None))):
        senders = [thread for thread in threading.enumerate() if thread.name == "mqtt"]
        assert senders
        assert all(thread.daemon for thread in senders)


@pytest.mark.usefixtures("short_waits")
def test_sending_goes_on_when_the_sender_fails_for_an_unforeseen_reason(
    broker: FakeBroker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    outbox = outbox_of(1)
    with monkeypatch.context() as broken:
        broken.setattr(MqttSink, "_serve", lambda _: 1 / 0)
        sink = sink_to(broker.port, outbox)
        wait_until(lambda: reasons(caplog))
    with closing(sink):
        wait_until(lambda: not len(outbox))
    assert reasons(caplog)[0] == "ZeroDivisionError('division by zero')"
    assert "mqtt failed" in caplog.messages
