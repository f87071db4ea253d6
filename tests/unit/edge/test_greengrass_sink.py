"""Events by way of Greengrass: the nucleus is played, for none runs here."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from edge_lambda.cli import parse_arguments
from edge_lambda.delivery.greengrass_sink import GreengrassSink
from edge_lambda.delivery.outbox import Outbox
from edge_lambda.errors import ConfigError
from tests.helpers.events import read_events


class Nucleus:
    """Takes messages, unless it is told to break off."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, str, bytes]] = []
        self.breaks_at: set[int] = set()
        self.calls = self.opened = self.open_now = self.most_open = 0

    def client(self) -> Any:
        self.opened += 1
        self.open_now += 1
        self.most_open = max(self.most_open, self.open_now)
        return self

    def publish_to_iot_core(self, *, topic_name: str, qos: str, payload: bytes) -> None:
        self.calls += 1
        if self.calls in self.breaks_at:
            raise RuntimeError("connection lost")
        self.taken.append((topic_name, qos, payload))

    def close(self) -> None:
        self.open_now -= 1


def wait_until(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.01)


def send(nucleus: Nucleus, make_event: Any, count: int, prefix: str = "") -> Outbox:
    outbox = Outbox(None)
    sink = GreengrassSink(outbox, prefix, lambda: nucleus.client)
    for _ in range(count):
        sink.offer(outbox.put(make_event())[1])
    wait_until(lambda: not len(outbox))
    sink.close()
    return outbox


def test_events_are_handed_over_in_order_and_then_forgotten(make_event: Any) -> None:
    nucleus = Nucleus()
    send(nucleus, make_event, 3)
    assert {(topic, qos) for topic, qos, _ in nucleus.taken} == {("smile/cam-1/events", "1")}
    events = [
        read_events(json.loads(payload), device_id="cam-1")[0] for _, _, payload in nucleus.taken
    ]
    assert [event.seq for event in events] == [0, 1, 2]
    wait_until(lambda: nucleus.open_now == 0)


def test_event_is_handed_over_again_when_the_connection_breaks(make_event: Any) -> None:
    nucleus = Nucleus()
    nucleus.breaks_at = {1, 2}
    send(nucleus, make_event, 2)
    events = [
        read_events(json.loads(payload), device_id="cam-1")[0] for _, _, payload in nucleus.taken
    ]
    assert [event.seq for event in events] == [0, 1]
    assert (nucleus.opened, nucleus.most_open) == (3, 1)  # one connection at a time


def test_topic_leads_straight_to_the_rule_when_one_is_named(make_event: Any) -> None:
    nucleus = Nucleus()
    send(nucleus, make_event, 1, "$aws/rules/smile_events/")
    assert nucleus.taken[0][0] == "$aws/rules/smile_events/smile/cam-1/events"


def test_sdk_is_asked_for_only_when_the_sink_is_used(
    monkeypatch: pytest.MonkeyPatch, make_event: Any
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "awsiot"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "awsiot", None)
    before = threading.active_count()
    with pytest.raises(ConfigError, match="needs the package awsiotsdk"):
        GreengrassSink(Outbox(None))
    assert threading.active_count() == before


def test_client_is_the_one_of_the_sdk(monkeypatch: pytest.MonkeyPatch, make_event: Any) -> None:
    nucleus = Nucleus()
    names = ("awsiot", "awsiot.greengrasscoreipc", "awsiot.greengrasscoreipc.clientv2")
    for name in names:
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    sys.modules[names[-1]].GreengrassCoreIPCClientV2 = nucleus.client  # type: ignore[attr-defined]
    outbox = Outbox(None)
    sink = GreengrassSink(outbox)
    sink.offer(outbox.put(make_event())[1])
    wait_until(lambda: len(nucleus.taken) == 1)
    sink.close()


def test_both_confirming_sinks_are_refused_together() -> None:
    with pytest.raises(ConfigError, match="sinks: expected mqtt or greengrass, not both"):
        parse_arguments(["--source", "a.mp4", "--sink", "mqtt", "--sink", "greengrass"])


def test_outbox_is_kept_on_disk_when_greengrass_takes_the_events() -> None:
    config = parse_arguments(["--source", "a.mp4", "--sink", "greengrass"])
    assert config.outbox_path is not None
