"""Delivery to a broker that confirms, confirms late, or never confirms."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from edge_lambda.delivery import MqttSink, mqtt_session
from edge_lambda.delivery.broker import Broker
from edge_lambda.delivery.outbox import Outbox
from tests.helpers.delivery import (
    Clock,
    never_poll,
    outbox_of,
    reasons,
    shorten_waits,
    waiting_outbox,
)
from tests.helpers.events import read_payload, smile_event
from tests.helpers.mqtt_broker import FakeBroker, fake_broker
from tests.helpers.waiting import LOOPBACK, wait_until


@pytest.fixture
def broker() -> Iterator[FakeBroker]:
    with fake_broker() as running:
        yield running


@pytest.fixture
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    shorten_waits(monkeypatch)


def sink_to(port: int, outbox: Outbox, **options: Any) -> MqttSink:
    return MqttSink(outbox, Broker(host=LOOPBACK, port=port), "cam-1", **options)


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


def test_event_is_sent_at_once_when_it_is_offered(
    broker: FakeBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    never_poll(monkeypatch)
    outbox = Outbox(None)
    with closing(sink_to(broker.port, outbox)) as sink:
        wait_until(lambda: broker.greetings)
        time.sleep(0.1)  # the sender waits for news now
        sink.offer(outbox.put(smile_event()))
        wait_until(lambda: not len(outbox))


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
    assert greeting.startswith(b"\x00\x04MQTT\x05")  # version 5
    assert greeting[8:10] == (77).to_bytes(2)
    assert greeting[10:16] == b"\x05\x11" + (3600).to_bytes(4)  # session expiry in seconds
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
    broker: FakeBroker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
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
        assert (seqs(broker), reasons(caplog)) == ([0, 1], [])
        clock.now_s += 2
        wait_until(lambda: not len(outbox))
    assert seqs(broker, connection=1) == [0]
    assert reasons(caplog) == ["no confirmation"]


@pytest.mark.usefixtures("short_waits")
def test_unconfirmed_events_are_sent_again_from_the_oldest_when_the_connection_breaks(
    broker: FakeBroker, caplog: pytest.LogCaptureFixture
) -> None:
    broker.confirms = False
    outbox = outbox_of(3)
    with closing(sink_to(broker.port, outbox)):
        wait_until(lambda: len(seqs(broker)) == 3)
        broker.confirms = True
        broker.hang_up()
        wait_until(lambda: not len(outbox))
    assert seqs(broker, connection=1) == [0, 1, 2]
    assert len(reasons(caplog)) == 1
    assert reasons(caplog)[0]


@pytest.mark.usefixtures("short_waits")
def test_confirmed_event_is_not_sent_again_when_the_connection_breaks_right_after(
    broker: FakeBroker,
) -> None:
    outbox = outbox_of(1)
    # Slow enough for confirmation and break to arrive while the sender still waits.
    with closing(sink_to(broker.port, outbox, max_publishes_per_s=2)):
        wait_until(lambda: seqs(broker) == [0])
        time.sleep(0.1)
        broker.hang_up()
        wait_until(lambda: len(broker.greetings) == 2)
    assert (len(outbox), seqs(broker, connection=1)) == (0, [])


def test_places_are_kept_for_live_events_when_the_backlog_is_in_flight(
    broker: FakeBroker, tmp_path: Path
) -> None:
    broker.confirms = False
    outbox = waiting_outbox(tmp_path / "o.sqlite", 300)
    with closing(outbox), closing(sink_to(broker.port, outbox)) as sink:
        wait_until(lambda: len(broker.payloads()) == 16)
        for _ in range(6):
            sink.offer(outbox.put(smile_event()))
        wait_until(lambda: len(broker.payloads()) == 20)
        time.sleep(0.2)
    assert [read_payload(payload).seq for payload in broker.payloads()[16:]] == list(
        range(300, 304)
    )


@pytest.mark.usefixtures("short_waits")
def test_broker_keeps_the_session_when_the_connection_breaks_and_not_from_an_earlier_run(
    broker: FakeBroker,
) -> None:
    with closing(sink_to(broker.port, Outbox(None))) as sink:
        wait_until(lambda: sink.status.is_connected)
        broker.hang_up()
        wait_until(lambda: len(broker.greetings) == 2)
    clean_start = 0x02
    assert [greeting[7] & clean_start for greeting in broker.greetings] == [clean_start, 0]


@pytest.mark.usefixtures("short_waits")
def test_latest_heartbeat_is_sent_after_each_connection_until_it_is_too_old(
    broker: FakeBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr("edge_lambda.delivery.outbox_sender.time", clock)
    with closing(sink_to(broker.port, Outbox(None))) as sink:
        wait_until(lambda: sink.status.is_connected)
        sink.publish_status(b"1", 600)
        wait_until(lambda: broker.payloads() == [b"1"])
        assert broker.received[0][0][0] == "smile/cam-1/status"
        broker.hang_up()
        wait_until(lambda: broker.payloads(1) == [b"1"])
        clock.now_s += 601
        broker.hang_up()
        wait_until(lambda: len(broker.greetings) == 3)
        time.sleep(0.2)
    assert broker.payloads(2) == []
