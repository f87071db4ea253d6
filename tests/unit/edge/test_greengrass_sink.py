"""Events through Greengrass: a fake nucleus, because none runs here."""

from __future__ import annotations

import json
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from edge_lambda.cli import parse_arguments
from edge_lambda.delivery.greengrass_sink import GreengrassSink
from edge_lambda.delivery.outbox import Outbox
from edge_lambda.errors import ConfigError
from tests.helpers.delivery import (
    never_poll,
    outbox_of,
    reasons,
    shorten_waits,
    waiting_outbox,
)
from tests.helpers.events import read_events, read_payload, smile_event
from tests.helpers.waiting import wait_until


class Nucleus:
    """Accepts messages, except for those calls at which its connection breaks."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, str, bytes]] = []
        self.breaks_at: set[int] = set()
        self.calls = self.opened = self.open_now = self.most_open = 0
        self.close_fails = self.has_old_sdk = False
        self.states: list[str] = []

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

    def update_state(self, *, state: str) -> None:
        self.states.append(state)
        if self.has_old_sdk:
            raise AttributeError("update_state")

    def close(self) -> None:
        self.open_now -= 1
        if self.close_fails:
            raise RuntimeError("closed already")

    def seqs(self) -> list[int]:
        return [read_payload(payload).seq for _, _, payload in self.messages]


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    shorten_waits(monkeypatch)


def sink_to(nucleus: Nucleus, outbox: Outbox, prefix: str = "") -> GreengrassSink:
    return GreengrassSink(outbox, prefix, nucleus.connect, device_id="cam-1")


def send(nucleus: Nucleus, count: int, prefix: str = "") -> None:
    outbox = Outbox(None)
    with closing(sink_to(nucleus, outbox, prefix)) as sink:
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


class UnauthorizedError(Exception):
    """Has the name of an error of the SDK."""


class InvalidArgumentsError(Exception):
    """Has the name of an error of the SDK."""


class RefusingNucleus(Nucleus):
    """Refuses messages of a former name, heartbeats, and messages with the event 3."""

    def publish_to_iot_core(self, *, topic_name: str, qos: str, payload: bytes) -> None:
        if topic_name != "smile/cam-1/events":
            raise UnauthorizedError
        if b'"seq":3,' in payload:
            raise InvalidArgumentsError
        super().publish_to_iot_core(topic_name=topic_name, qos=qos, payload=payload)


def test_refused_events_are_quarantined_and_the_rest_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "o.sqlite"
    with closing(Outbox(path)) as outbox:
        for device_id in ["old-name"] * 8 + ["cam-1"] * 8:
            outbox.put(smile_event(device_id=device_id))
    nucleus = RefusingNucleus()
    with closing(Outbox(path)) as outbox, closing(sink_to(nucleus, outbox)) as sink:
        sink.publish_status(b"{}")
        wait_until(lambda: not len(outbox))
        assert outbox.status().quarantined == 9
        assert (sink.status.is_connected, sink.status.protocol) == (True, "greengrass")
    sent = [
        event.seq
        for _, _, payload in nucleus.messages
        for event in read_events(json.loads(payload), device_id="cam-1")
    ]
    assert sent == [0, 1, 2, 4, 5, 6, 7]
    assert nucleus.opened == 1


def test_own_events_wait_when_the_component_may_not_publish(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    nucleus = RefusingNucleus()
    outbox = waiting_outbox(tmp_path / "o.sqlite", 2)
    with closing(outbox), closing(sink_to(nucleus, outbox, "$aws/rules/r/")):
        wait_until(lambda: len(reasons(caplog)) >= 2)
        assert (len(outbox), outbox.status().quarantined) == (2, 0)
    assert set(reasons(caplog)) == {"UnauthorizedError()"}


def test_heartbeat_goes_to_the_status_topic_and_the_last_one_before_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    never_poll(monkeypatch)
    nucleus = Nucleus()
    sink = sink_to(nucleus, Outbox(None))
    sink.publish_status(b"online")
    wait_until(lambda: len(nucleus.messages) == 1)
    sink.publish_status(b"offline")
    sink.close()
    payloads = [(topic, payload) for topic, _, payload in nucleus.messages]
    assert payloads[-1] == ("smile/cam-1/status", b"offline")
    assert len(payloads) == 2


def test_state_is_reported_when_it_changes_and_again_on_a_new_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    never_poll(monkeypatch)
    nucleus, outbox = Nucleus(), Outbox(None)
    with closing(sink_to(nucleus, outbox)) as sink:
        for state in ("RUNNING", "RUNNING", "ERRORED", "ERRORED", "RUNNING"):
            sink.report_state(state)
            wait_until(lambda state=state: nucleus.states[-1:] == [state])
        nucleus.breaks_at = {1}
        sink.offer(outbox.put(smile_event()))
        wait_until(lambda: not len(outbox))
    assert nucleus.states == ["RUNNING", "ERRORED", "RUNNING", "RUNNING"]


def test_events_are_sent_when_the_state_cannot_be_reported() -> None:
    nucleus, outbox = Nucleus(), outbox_of(2)
    nucleus.has_old_sdk = True
    sink = sink_to(nucleus, outbox)
    sink.report_state("RUNNING")
    with closing(sink):
        wait_until(lambda: not len(outbox) and nucleus.states == ["RUNNING"])
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
    with closing(GreengrassSink(outbox, connect=connect, device_id="cam-1")):
        wait_until(lambda: not len(outbox))
    assert nucleus.seqs() == [0]


def test_sending_goes_on_when_the_outbox_could_not_be_read(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    nucleus, outbox = Nucleus(), outbox_of(1)
    with monkeypatch.context() as broken:
        broken.setattr(outbox._keeper, "_is_closed", True)
        sink = sink_to(nucleus, outbox)
        wait_until(lambda: reasons(caplog))
    with closing(sink):
        wait_until(lambda: not len(outbox))
    assert reasons(caplog)[0] == "outbox: memory: closed"


def test_event_is_sent_at_once_when_it_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    never_poll(monkeypatch)
    nucleus, outbox = Nucleus(), Outbox(None)
    with closing(sink_to(nucleus, outbox)) as sink:
        wait_until(lambda: nucleus.open_now)
        time.sleep(0.1)  # the sender waits for news now
        sink.offer(outbox.put(smile_event()))
        wait_until(lambda: not len(outbox))


def test_outbox_is_not_read_all_the_time_when_it_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    nucleus, outbox, reads = Nucleus(), Outbox(None), []
    monkeypatch.setattr(Outbox, "backlog", lambda *_: reads.append(1) or [])
    with closing(sink_to(nucleus, outbox)):
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
        GreengrassSink(Outbox(None), device_id="cam-1")
    assert threading.active_count() == before


def test_client_is_the_sdk_s_when_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    nucleus = Nucleus()
    names = ("awsiot", "awsiot.greengrasscoreipc", "awsiot.greengrasscoreipc.clientv2")
    for name in names:
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    sys.modules[names[-1]].GreengrassCoreIPCClientV2 = nucleus.connect  # type: ignore[attr-defined]
    outbox = outbox_of(1)
    with closing(GreengrassSink(outbox, device_id="cam-1")):
        wait_until(lambda: not len(outbox))
    assert nucleus.seqs() == [0]
    assert nucleus.messages[0][0] == "smile/cam-1/events"


def test_mqtt_and_greengrass_are_refused_together() -> None:
    with pytest.raises(ConfigError, match="sinks: expected mqtt or greengrass, not both"):
        parse_arguments(["--source", "a.mp4", "--sink", "mqtt", "--sink", "greengrass"])


def test_outbox_is_on_disk_when_the_sink_is_greengrass() -> None:
    config = parse_arguments(["--source", "a.mp4", "--sink", "greengrass"])
    assert config.outbox_path is not None
