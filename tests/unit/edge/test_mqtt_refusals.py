"""Messages that a broker refuses, and how it says so: MQTT 5, MQTT 3.1.1 and AWS IoT."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from edge_lambda.delivery import MqttSink, mqtt_sink
from edge_lambda.delivery.broker import Broker
from edge_lambda.delivery.outbox import Outbox
from edge_lambda.delivery.refusals import Backoff
from tests.helpers.delivery import reasons, shorten_waits, waiting_outbox
from tests.helpers.events import smile_event
from tests.helpers.mqtt_broker import HANGS_UP, FakeBroker, fake_broker
from tests.helpers.waiting import LOOPBACK, wait_until

NOT_AUTHORIZED, QUOTA, BAD_PAYLOAD = 0x87, 0x97, 0x99


@pytest.fixture
def broker() -> Iterator[FakeBroker]:
    with fake_broker() as running:
        yield running


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    shorten_waits(monkeypatch)
    monkeypatch.setattr(mqtt_sink, "_QUIET_S", 0.2)
    monkeypatch.setattr("edge_lambda.delivery.outbox_sender._NEWS_S", 0.05)
    monkeypatch.setattr("edge_lambda.delivery.refusals.Backoff", lambda *_: Backoff(0.05))


def sink_to(broker: FakeBroker, outbox: Outbox, **options: Any) -> MqttSink:
    return MqttSink(outbox, Broker(host=LOOPBACK, port=broker.port), "cam-1", **options)


def refuses(code: int, *numbers: int, topic: str = "") -> Callable[[str, bytes], int]:
    """Refuse messages with an event of these numbers, or of another topic."""

    def reason_code(given: str, payload: bytes) -> int:
        message = json.loads(payload)
        seqs = {event["seq"] for event in message.get("events", [message])}
        is_bad = given == topic or seqs & set(numbers)
        return code if is_bad else 0

    return reason_code


def arrived(broker: FakeBroker) -> set[tuple[str, int]]:
    """Return device and number of each event of the messages that the broker took."""
    events = set()
    for messages in broker.received:
        for topic, payload in messages:
            if broker.reason_code(topic, payload) == 0:
                message = json.loads(payload)
                for event in message.get("events", [message]):
                    events.add((event["device_id"], event["seq"]))
    return events


def renamed(path: Path, old: int, new: int) -> Outbox:
    """Return an outbox with events from before and after the device got its name."""
    with closing(Outbox(path)) as outbox:
        for _ in range(old):
            outbox.put(smile_event(device_id="old-name"))
        for _ in range(new):
            outbox.put(smile_event())
    return Outbox(path)


def expected(device_id: str, seqs: Sequence[int]) -> set[tuple[str, int]]:
    return {(device_id, seq) for seq in seqs}


def test_events_of_a_former_name_are_quarantined_and_the_rest_goes_on(
    broker: FakeBroker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broker.reason_code = refuses(NOT_AUTHORIZED, topic="smile/old-name/events")
    with (
        closing(renamed(tmp_path / "o.sqlite", 28, 10)) as outbox,
        closing(sink_to(broker, outbox)) as sink,
    ):
        wait_until(lambda: not len(outbox))
        status = outbox.status()
        assert (status.quarantined, status.refused, status.lost) == (28, 28, 0)
        assert sink.status.last_problem == "refused: not authorized"
        assert sink.status.is_connected
    assert arrived(broker) == expected("cam-1", range(10))
    assert len(broker.received) == 1  # MQTT 5: the connection lasts
    record = next(one for one in caplog.records if one.message == "events refused, quarantined")
    assert record.reason == "not authorized"


def test_own_events_wait_until_the_policy_allows_them(broker: FakeBroker, tmp_path: Path) -> None:
    broker.reason_code = refuses(NOT_AUTHORIZED, topic="smile/cam-1/events")
    with (
        closing(waiting_outbox(tmp_path / "o.sqlite", 30)) as outbox,
        closing(sink_to(broker, outbox)),
    ):
        wait_until(lambda: outbox.status().refused >= 30)
        assert (len(outbox), outbox.status().quarantined) == (30, 0)
        broker.reason_code = refuses(0)
        wait_until(lambda: not len(outbox))
    assert arrived(broker) == expected("cam-1", range(30))


def test_single_event_of_a_batch_is_quarantined_when_its_payload_is_refused(
    broker: FakeBroker, tmp_path: Path
) -> None:
    broker.reason_code = refuses(BAD_PAYLOAD, 2)
    with closing(waiting_outbox(tmp_path / "o.sqlite", 20)) as outbox:
        with closing(sink_to(broker, outbox)):
            wait_until(lambda: not len(outbox))
        assert outbox.status().quarantined == 1
    assert arrived(broker) == expected("cam-1", [seq for seq in range(20) if seq != 2])


def test_events_are_sent_again_when_the_quota_was_exceeded(
    broker: FakeBroker, tmp_path: Path
) -> None:
    broker.reason_code = refuses(QUOTA, 0)
    with closing(waiting_outbox(tmp_path / "o.sqlite", 5)) as outbox:
        with closing(sink_to(broker, outbox)):
            wait_until(lambda: outbox.status().refused)
            broker.reason_code = refuses(0)
            wait_until(lambda: not len(outbox))
        assert outbox.status().quarantined == 0


def test_event_larger_than_the_broker_accepts_is_quarantined(
    broker: FakeBroker, tmp_path: Path
) -> None:
    broker.properties = b"\x27" + (700).to_bytes(4)  # maximum packet size
    with closing(Outbox(tmp_path / "o.sqlite")) as outbox:
        for history in ((), (0.123456,) * 32, ()):
            outbox.put(smile_event(score_history=history))
    with closing(Outbox(tmp_path / "o.sqlite")) as outbox:
        with closing(sink_to(broker, outbox)):
            wait_until(lambda: not len(outbox))
        assert outbox.status().quarantined == 1
    assert arrived(broker) == expected("cam-1", [0, 2])
    assert max(len(payload) for _, payload in broker.received[0]) < 700


def test_no_more_messages_are_in_flight_than_the_broker_takes(
    broker: FakeBroker, tmp_path: Path
) -> None:
    broker.properties = b"\x21" + (3).to_bytes(2)  # receive maximum
    broker.confirms = False
    with (
        closing(waiting_outbox(tmp_path / "o.sqlite", 200)) as outbox,
        closing(sink_to(broker, outbox)),
    ):
        wait_until(lambda: len(broker.payloads()) == 3)
        outbox.put(smile_event())
    assert len(broker.payloads()) == 3


@pytest.mark.parametrize("speaks_5", [True, False])
def test_event_for_which_the_broker_closes_the_connection_is_quarantined(
    broker: FakeBroker, tmp_path: Path, speaks_5: bool
) -> None:
    broker.speaks_5 = speaks_5
    broker.reason_code = refuses(HANGS_UP, 7)
    with closing(waiting_outbox(tmp_path / "o.sqlite", 40)) as outbox:
        with closing(sink_to(broker, outbox)):
            wait_until(lambda: not len(outbox), 20)
        assert outbox.status().quarantined == 1
    assert arrived(broker) == expected("cam-1", [seq for seq in range(40) if seq != 7])


def test_suspect_is_sent_alone_and_once(broker: FakeBroker, tmp_path: Path) -> None:
    broker.confirms = False
    broker.reason_code = lambda *_: HANGS_UP if len(broker.received) <= 2 else 0
    with (
        closing(waiting_outbox(tmp_path / "o.sqlite", 40)) as outbox,
        closing(sink_to(broker, outbox)),
    ):
        wait_until(lambda: broker.payloads(2))
        time.sleep(0.3)
        assert broker.payloads(2) == broker.payloads(1)[:1]


def test_events_of_a_former_name_are_quarantined_when_the_broker_closes_the_connection(
    broker: FakeBroker, tmp_path: Path
) -> None:
    broker.reason_code = refuses(HANGS_UP, topic="smile/old-name/events")
    with closing(renamed(tmp_path / "o.sqlite", 28, 10)) as outbox:
        with closing(sink_to(broker, outbox)):
            wait_until(lambda: not len(outbox), 20)
        assert outbox.status().quarantined == 28
    assert arrived(broker) == expected("cam-1", range(10))
    assert len(broker.received) < 40


def test_live_events_arrive_while_the_broker_closes_the_connection_for_others(
    broker: FakeBroker, tmp_path: Path
) -> None:
    broker.reason_code = refuses(HANGS_UP, topic="smile/old-name/events")
    with (
        closing(renamed(tmp_path / "o.sqlite", 28, 0)) as outbox,
        closing(sink_to(broker, outbox)) as sink,
    ):
        for _ in range(3):
            sink.offer(outbox.put(smile_event()))
        wait_until(lambda: arrived(broker) == expected("cam-1", range(3)), 20)


def test_nothing_is_quarantined_when_the_network_is_the_cause(
    broker: FakeBroker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broker.hangs_up = True
    broker.confirms = False
    with closing(waiting_outbox(tmp_path / "o.sqlite", 10)) as outbox:
        with closing(sink_to(broker, outbox)):
            wait_until(lambda: len(reasons(caplog)) >= 8, 20)
            broker.hangs_up, broker.confirms = False, True
            wait_until(lambda: not len(outbox), 20)
        assert outbox.status().quarantined == 0


def test_events_arrive_when_the_broker_closes_the_connection_for_the_heartbeat(
    broker: FakeBroker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broker.reason_code = lambda topic, _: HANGS_UP if topic.endswith("/status") else 0
    with (
        closing(waiting_outbox(tmp_path / "o.sqlite", 10)) as outbox,
        closing(sink_to(broker, outbox)) as sink,
    ):
        sink.publish_status(b"{}")
        wait_until(lambda: "heartbeat stopped for a day" in caplog.messages)
        wait_until(lambda: not len(outbox))
        assert outbox.status().quarantined == 0
    assert len(broker.received) <= 4


@pytest.mark.parametrize("is_silent", [False, True])
def test_mqtt_3_1_1_is_used_when_the_broker_does_not_speak_5(
    broker: FakeBroker, tmp_path: Path, caplog: pytest.LogCaptureFixture, is_silent: bool
) -> None:
    broker.speaks_5, broker.ignores_5 = False, is_silent
    with (
        closing(waiting_outbox(tmp_path / "o.sqlite", 5)) as outbox,
        closing(sink_to(broker, outbox)) as sink,
    ):
        wait_until(lambda: not len(outbox))
        assert sink.status.protocol == "mqtt 3.1.1"
        broker.hang_up()
        wait_until(lambda: len(broker.versions) == 3)
    assert broker.versions == [5, 4, 4]  # the answer is remembered
    assert "broker does not speak MQTT 5, using 3.1.1" in caplog.messages


def test_both_versions_are_tried_when_the_broker_hangs_up_without_an_answer(
    broker: FakeBroker, tmp_path: Path
) -> None:
    broker.cuts_5 = True
    with (
        closing(waiting_outbox(tmp_path / "o.sqlite", 5)) as outbox,
        closing(sink_to(broker, outbox)) as sink,
    ):
        wait_until(lambda: not len(outbox))
        broker.cuts_5 = False  # it was the network
        broker.hang_up()
        wait_until(lambda: sink.status.protocol == "mqtt 5")
    assert broker.versions == [5, 4, 5]
