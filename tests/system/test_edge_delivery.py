"""Delivery to a real broker that speaks MQTT 5: denials, the backlog, last will and heartbeat."""

from __future__ import annotations

import time
from contextlib import ExitStack, closing
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from edge_lambda.delivery import MqttSink
from edge_lambda.delivery.broker import Broker
from edge_lambda.delivery.outbox import Outbox
from tests.helpers.delivery import waiting_outbox
from tests.helpers.events import smile_event
from tests.helpers.mosquitto import needs_mosquitto, running_mosquitto
from tests.helpers.mqtt_subscriber import subscriber
from tests.helpers.waiting import LOOPBACK, wait_until

pytestmark = [pytest.mark.system, needs_mosquitto]

OPEN = "allow_anonymous true\nmax_queued_messages 0\n"
LIVE_WITHIN_S = 1.0
BACKLOG = 3000


def sink_to(port: int, outbox: Outbox, will: bytes | None = None) -> MqttSink:
    broker = Broker(host=LOOPBACK, port=port)
    return MqttSink(outbox, broker, "cam-1", make_will=None if will is None else lambda: will)


def test_event_that_the_broker_denies_is_not_deleted(tmp_path: Path) -> None:
    acl = tmp_path / "acl"
    acl.write_text("topic write smile/cam-1/events\ntopic read smile/#\n")
    with closing(Outbox(tmp_path / "o.sqlite")) as outbox:
        for device_id in ("old-name", "old-name", "cam-1", "cam-1"):
            outbox.put(smile_event(device_id=device_id))
        with (
            running_mosquitto(f"{OPEN}user root\nacl_file {acl}\n", tmp_path) as port,
            subscriber(port) as seen,
            closing(sink_to(port, outbox)) as sink,
        ):
            wait_until(lambda: not len(outbox))
            assert sink.status.protocol == "mqtt 5"
            wait_until(lambda: len(seen.arrivals) == 2)
            assert set(seen.arrivals) == {("cam-1", 0), ("cam-1", 1)}
        assert outbox.status().quarantined == 2


def test_live_event_arrives_within_a_second_when_3000_events_wait(tmp_path: Path) -> None:
    with (
        closing(waiting_outbox(tmp_path / "o.sqlite", BACKLOG)) as outbox,
        running_mosquitto(OPEN, tmp_path) as port,
        subscriber(port) as seen,
        closing(sink_to(port, outbox)) as sink,
    ):
        wait_until(lambda: len(seen.arrivals) > 50)
        sent: dict[int, float] = {}
        for number in range(8):
            sent[BACKLOG + number] = time.monotonic()
            sink.offer(outbox.put(smile_event()))
            time.sleep(0.25)
        assert len(outbox) > 100, "the backlog was still there"
        wait_until(lambda: not len(outbox), 60)
        wait_until(lambda: len(seen.arrivals) == BACKLOG + 8)
    delays = [seen.arrivals["cam-1", seq] - at_s for seq, at_s in sent.items()]
    assert max(delays) < LIVE_WITHIN_S, delays
    sizes = [len(payload) for _, payload in seen.messages]
    assert max(sizes) <= 5 * 1024
    assert len(seen.messages) < BACKLOG / 5


def test_broker_publishes_the_last_will_when_the_device_is_gone(tmp_path: Path) -> None:
    will = b'{"status":"offline"}'
    with (
        ExitStack() as cleanup,
        running_mosquitto(OPEN, tmp_path) as port,
        subscriber(port) as seen,
    ):
        outbox = Outbox(None)
        with pytest.MonkeyPatch.context() as at_once:
            at_once.setattr("edge_lambda.delivery.mqtt_client._WILL_DELAY_S", 0)
            sink = sink_to(port, outbox, will)
            cleanup.callback(sink.close)
            wait_until(lambda: sink.status.is_connected)
        takeover = paho.Client(CallbackAPIVersion.VERSION2, client_id="cam-1")
        takeover.connect(LOOPBACK, port)  # the broker ends the session of the sink
        takeover.loop_start()
        cleanup.callback(takeover.loop_stop)
        wait_until(lambda: ("smile/cam-1/status", will) in seen.messages)
        with subscriber(port) as later:
            wait_until(lambda: later.retained == {"smile/cam-1/status": will})


def test_latest_heartbeat_is_retained_expires_and_is_published_on_an_orderly_stop(
    tmp_path: Path,
) -> None:
    with running_mosquitto(OPEN, tmp_path) as port, subscriber(port) as seen:
        sink = sink_to(port, Outbox(None), b'{"status":"will"}')
        sink.publish_status(b'{"status":"online"}', 600)
        wait_until(lambda: bool(seen.messages))
        sink.publish_status(b'{"status":"offline"}', 600)
        sink.close()
        wait_until(lambda: len(seen.messages) == 2)
        with subscriber(port) as later:
            wait_until(lambda: bool(later.retained))
        assert later.retained == {"smile/cam-1/status": b'{"status":"offline"}'}
        assert all(590 <= expiry <= 600 for expiry in seen.expiries)
        assert len(seen.expiries) == 2
