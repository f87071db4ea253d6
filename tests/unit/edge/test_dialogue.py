"""A conversation over the connection that delivers the events, and brokers that refuse it."""

from __future__ import annotations

import time
from collections import deque
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from edge_lambda.delivery import GreengrassSink, MqttSink, dialogue
from edge_lambda.delivery.broker import Broker
from edge_lambda.delivery.outbox import Outbox
from tests.helpers.delivery import shorten_waits
from tests.helpers.events import smile_event
from tests.helpers.mosquitto import needs_mosquitto, running_mosquitto
from tests.helpers.mqtt_broker import fake_broker
from tests.helpers.waiting import LOOPBACK, wait_until

ASK, ANSWER = "$aws/things/cam-1/shadow/name/settings/get", "answers"


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    shorten_waits(monkeypatch)


class Talk:
    """Asks once for each connection and keeps what it receives."""

    topics = (ANSWER, "more")

    def __init__(self, topic: str = ASK) -> None:
        self.opens = 0
        self.received: list[tuple[str, bytes]] = []
        self._topic = topic
        self._outgoing: deque[tuple[str, bytes]] = deque()

    def opened(self) -> None:
        self.opens += 1
        self._outgoing.append((self._topic, b"ask"))

    def receive(self, topic: str, payload: bytes) -> None:
        self.received.append((topic, payload))

    def take(self) -> tuple[str, bytes] | None:
        return self._outgoing.popleft() if self._outgoing else None


def deliver(port: int, talk: Talk, until: Any) -> None:
    """Deliver an event and hold the conversation until a condition is true."""
    outbox = Outbox(None)
    broker = Broker(host=LOOPBACK, port=port)
    with closing(MqttSink(outbox, broker, "cam-1", conversation=talk)) as sink:
        sink.offer(outbox.put(smile_event()))
        wait_until(lambda: not len(outbox))
        wait_until(until)


@needs_mosquitto
def test_conversation_gets_messages_of_its_topics_only(tmp_path: Path) -> None:
    talk = Talk(ANSWER)  # its own message comes back
    with running_mosquitto("allow_anonymous true\n", tmp_path) as port:
        deliver(port, talk, lambda: talk.received)
    assert talk.received == [(ANSWER, b"ask")]
    assert talk.opens == 1


@needs_mosquitto
@pytest.mark.parametrize("allowed", ["", "topic read answers\ntopic read more\n"])
def test_events_are_delivered_when_the_broker_denies_the_conversation(
    allowed: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "acl").write_text(f"topic write smile/#\n{allowed}")
    settings = f"allow_anonymous true\nacl_file {tmp_path}/acl\nuser root\n"
    talk = Talk()
    with running_mosquitto(settings, tmp_path) as port:
        deliver(port, talk, lambda: "update the device's policy" in caplog.text)
    assert caplog.text.count("update the device's policy") == 1


class Connection:
    """A connection whose answers the test gives."""

    def __init__(self) -> None:
        self.incoming: deque[tuple[str, bytes]] = deque()
        self.is_granted: bool | None = None
        self.is_denied = self.awaits_answer = False
        self.subscribed: list[str] = []
        self.sent: list[tuple[str, bytes]] = []

    def subscribe(self, topics: list[str]) -> None:
        self.subscribed += topics
        self.awaits_answer = True

    def send(self, topic: str, payload: bytes) -> None:
        self.sent.append((topic, payload))


def test_nothing_is_sent_before_the_subscription_is_granted() -> None:
    link, talk = Connection(), Talk()
    one = dialogue.Dialogue(talk)
    one.start(link)
    one.turn(link)
    assert (link.subscribed, link.sent) == (list(talk.topics), [])
    link.is_granted = True
    one.turn(link)
    assert link.sent == [(ASK, b"ask")]


def test_conversation_pauses_for_an_hour_when_connections_close_because_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = SimpleNamespace(s=1000.0)
    monkeypatch.setattr(dialogue, "time", SimpleNamespace(monotonic=lambda: now.s))
    one = dialogue.Dialogue(Talk())
    tried = []
    for _ in range(4):
        link = Connection()
        one.start(link)
        tried.append(bool(link.subscribed))
        assert one.is_cause(link) == link.awaits_answer
    assert tried == [True, True, False, False]
    now.s += 3601
    link = Connection()
    one.start(link)
    assert link.subscribed


def test_conversation_goes_on_when_the_network_fails_now_and_then() -> None:
    one = dialogue.Dialogue(Talk())
    for _ in range(4):
        link = Connection()
        one.start(link)
        assert one.is_cause(link)
        link = Connection()
        one.start(link)
        link.is_granted = True
        link.incoming.append((ANSWER, b""))
        one.turn(link)
        link.awaits_answer = False
        assert not one.is_cause(link)
        assert link.subscribed


def test_events_are_delivered_when_a_broker_hangs_up_on_subscriptions(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with fake_broker() as broker:
        broker.hangs_up_on_subscriptions = True
        deliver(broker.port, Talk(), lambda: "update the device's policy" in caplog.text)
        assert len(broker.received) >= 3


def test_nothing_is_asked_over_mqtt_3_1_1() -> None:
    with fake_broker() as broker:
        broker.speaks_5 = False
        broker.hangs_up_on_subscriptions = True
        talk = Talk()
        outbox = Outbox(None)
        address = Broker(host=LOOPBACK, port=broker.port)
        with closing(MqttSink(outbox, address, "cam-1", conversation=talk)) as sink:
            for _ in range(20):
                sink.offer(outbox.put(smile_event()))
                wait_until(lambda: not len(outbox))
        assert broker.versions == [5, 4]
    assert talk.opens == 0


class Nucleus:
    """A nucleus that passes messages, or denies some calls."""

    def __init__(self, denied: str = "") -> None:
        self.denied = denied
        self.published: list[str] = []
        self.handlers: dict[str, Any] = {}

    def publish_to_iot_core(self, *, topic_name: str, qos: str, payload: bytes) -> None:
        assert qos == "1" and payload
        if self.denied == topic_name:
            raise type("UnauthorizedError", (Exception,), {})
        self.published.append(topic_name)
        if topic_name == ASK:
            message = SimpleNamespace(topic_name=ANSWER, payload=b"yes")
            self.handlers[ANSWER](SimpleNamespace(message=message))

    def subscribe_to_iot_core(self, *, topic_name: str, qos: str, on_stream_event: Any) -> None:
        assert qos == "1"
        if self.denied == topic_name:
            raise type("UnauthorizedError", (Exception,), {})
        self.handlers[topic_name] = on_stream_event

    def close(self) -> None: ...


def greengrass(nucleus: Nucleus, talk: Talk, until: Any) -> None:
    outbox = Outbox(None)
    sink = GreengrassSink(outbox, "", lambda: nucleus, device_id="cam-1", conversation=talk)
    with closing(sink):
        sink.offer(outbox.put(smile_event()))
        wait_until(lambda: not len(outbox))
        wait_until(until)


def test_conversation_goes_through_greengrass() -> None:
    nucleus, talk = Nucleus(), Talk()
    begun_s = time.monotonic()
    greengrass(nucleus, talk, lambda: talk.received)
    assert talk.received == [(ANSWER, b"yes")]
    assert set(nucleus.handlers) == set(talk.topics)
    assert time.monotonic() - begun_s < 5


@pytest.mark.parametrize("denied", ["more", ASK])
def test_events_are_delivered_when_greengrass_denies_the_conversation(
    denied: str, caplog: pytest.LogCaptureFixture
) -> None:
    nucleus = Nucleus(denied)
    greengrass(nucleus, Talk(), lambda: "update the device's policy" in caplog.text)
    assert nucleus.published == ["smile/cam-1/events"]
