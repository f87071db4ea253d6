"""Events through Greengrass: a fake nucleus, because none runs here."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import closing
from types import ModuleType
from typing import Any

import pytest

from edge_lambda.cli import parse_arguments
from edge_lambda.delivery.greengrass_sink import GreengrassSink
from edge_lambda.delivery.outbox import Outbox
from edge_lambda.errors import ConfigError
from tests.helpers.delivery import never_poll, outbox_of, reasons, shorten_waits
from tests.helpers.events import read_payload, smile_event
from tests.helpers.waiting import wait_until


class Nucleus:
    """Accepts messages, except for those calls at which its connection breaks."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, str, bytes]] = []
        self.breaks_at: set[int] = set()
        self.calls = self.opened = self.open_now = self.most_open = 0
        self.close_fails = False

    def connect(self) -> Any:
        self.opened += 1
        self.open_now += 1
        self.most_open = max(self.most_open, self.open_now)
        return self

    def publish_to_iot_core(self, *, topic_name: str, qos: str, payload: bytes) -> None:
        self.calls += 1
        if self.calls in self.breaks_at:
            raise RuntimeError("connection lost")
        self.messages.append((topic_name, qos, payload))

    def close(self) -> None:
        self.open_now -= 1
        if self.close_fails:
            raise RuntimeError("closed already")

    def seqs(self) -> list[int]:
        return [read_payload(payload).seq for _, _, payload in self.messages]


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    shorten_waits(monkeypatch)


def send(nucleus: Nucleus, count: int, prefix: str = "") -> None:
    outbox = Outbox(None)
    with closing(GreengrassSink(outbox, prefix, nucleus.connect)) as sink:
        for _ in range(count):
            sink.offer(outbox.put(smile_event()))
        wait_until(lambda: not len(outbox))
    wait_until(lambda: nucleus.open_now == 0)


def test_events_arrive_in_order_and_leave_the_outbox() -> None:
    nucleus = Nucleus()
    send(nucleus, 30)
    assert {(topic, qos) for topic, qos, _ in nucleus.messages} == {("smile/cam-1/events", "1")}
    assert nucleus.seqs() == list(range(30))
    assert nucleus.opened == 1


def test_event_is_sent_again_when_the_connection_breaks(caplog: pytest.LogCaptureFixture) -> None:
    nucleus = Nucleus()
    nucleus.breaks_at = {1, 2}
    send(nucleus, 2)
    assert nucleus.seqs() == [0, 1]
    assert (nucleus.opened, nucleus.most_open) == (3, 1)  # one connection at a time
    assert [(r.message, r.reason) for r in caplog.records] == [
        ("greengrass not connected", "RuntimeError('connection lost')")
    ] * 2


def test_sending_goes_on_when_a_broken_connection_cannot_be_closed() -> None:
    nucleus = Nucleus()
    nucleus.breaks_at, nucleus.close_fails = {1}, True
    send(nucleus, 2)
    assert nucleus.seqs() == [0, 1]


def test_sending_goes_on_when_the_nucleus_was_down_at_the_start() -> None:
    nucleus = Nucleus()
    attempts: list[int] = []

    def connect() -> Any:
        attempts.append(1)
        if len(attempts) < 3:
            raise ConnectionRefusedError("no nucleus")
        return nucleus.connect()

    outbox = outbox_of(1)
    with closing(GreengrassSink(outbox, connect=connect)):
        wait_until(lambda: not len(outbox))
    assert nucleus.seqs() == [0]


def test_sending_goes_on_when_the_outbox_could_not_be_read(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    nucleus, outbox = Nucleus(), outbox_of(1)
    closed = Outbox(None)
    closed.close()
    with monkeypatch.context() as broken:
        broken.setattr(outbox, "_db", closed._db)
        sink = GreengrassSink(outbox, connect=nucleus.connect)
        wait_until(lambda: reasons(caplog))
    with closing(sink):
        wait_until(lambda: not len(outbox))
    assert reasons(caplog)[0] == "outbox: memory: Cannot operate on a closed database."


def test_event_is_sent_at_once_when_it_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    never_poll(monkeypatch)
    nucleus, outbox = Nucleus(), Outbox(None)
    with closing(GreengrassSink(outbox, connect=nucleus.connect)) as sink:
        wait_until(lambda: nucleus.open_now)
        time.sleep(0.1)  # the sender waits for news now
        sink.offer(outbox.put(smile_event()))
        wait_until(lambda: not len(outbox))


def test_outbox_is_not_read_all_the_time_when_it_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    nucleus, outbox, reads = Nucleus(), Outbox(None), []
    monkeypatch.setattr(Outbox, "after", lambda *_: reads.append(1) or [])
    with closing(GreengrassSink(outbox, connect=nucleus.connect)):
        wait_until(lambda: reads)
        time.sleep(0.2)
    assert len(reads) <= 2


def test_topic_starts_with_the_prefix_when_a_rule_is_configured() -> None:
    nucleus = Nucleus()
    send(nucleus, 1, "$aws/rules/smile_events/")
    assert nucleus.messages[0][0] == "$aws/rules/smile_events/smile/cam-1/events"


def test_sink_is_refused_and_starts_nothing_when_the_sdk_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "awsiot"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "awsiot", None)
    before = threading.active_count()
    with pytest.raises(
        ConfigError, match=r"^sinks: greengrass needs the package awsiotsdk: pip install awsiotsdk$"
    ):
        GreengrassSink(Outbox(None))
    assert threading.active_count() == before


def test_client_is_the_sdk_s_when_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    nucleus = Nucleus()
    names = ("awsiot", "awsiot.greengrasscoreipc", "awsiot.greengrasscoreipc.clientv2")
    for name in names:
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    sys.modules[names[-1]].GreengrassCoreIPCClientV2 = nucleus.connect  # type: ignore[attr-defined]
    outbox = outbox_of(1)
    with closing(GreengrassSink(outbox)):
        wait_until(lambda: not len(outbox))
    assert nucleus.seqs() == [0]
    assert nucleus.messages[0][0] == "smile/cam-1/events"


def test_mqtt_and_greengrass_are_refused_together() -> None:
    with pytest.raises(ConfigError, match="sinks: expected mqtt or greengrass, not both"):
        parse_arguments(["--source", "a.mp4", "--sink", "mqtt", "--sink", "greengrass"])


def test_outbox_is_on_disk_when_the_sink_is_greengrass() -> None:
    config = parse_arguments(["--source", "a.mp4", "--sink", "greengrass"])
    assert config.outbox_path is not None
