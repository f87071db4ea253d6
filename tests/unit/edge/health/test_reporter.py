"""Heartbeats: what they say, when they are sent, and when systemd hears of the device."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from edge_lambda.config import EdgeConfig
from edge_lambda.delivery.outbox import Outbox
from edge_lambda.delivery.publisher import Publisher
from edge_lambda.health import reporter as module
from edge_lambda.health.clock_gate import ClockGate
from edge_lambda.health.heartbeats import Heartbeats, configuration_version, encoded
from edge_lambda.health.reporter import Reporter
from edge_lambda.health.service_manager import ServiceManager
from edge_lambda.health.vitals import Vitals
from edge_lambda.version import RELEASED, VERSION
from smile_contract import Heartbeat, schema
from tests.helpers.events import smile_event
from tests.helpers.loop import FakeCamera
from tests.helpers.waiting import wait_until
from tests.unit.edge.health.test_vitals import frame_at

SHA256 = "0f" * 32
ROOT = Path(__file__).parents[4]


class FakeService(ServiceManager):
    """Keeps the messages to systemd."""

    def __init__(self, watchdog_s: float | None = None) -> None:
        self.watchdog_s = watchdog_s
        self.messages: list[str] = []

    def notify(self, *lines: str) -> None:
        self.messages += lines


@pytest.fixture
def outbox() -> Iterator[Outbox]:
    outbox = Outbox(None)
    yield outbox
    outbox.close()


@pytest.fixture
def vitals() -> Vitals:
    return Vitals(FakeCamera())


@pytest.fixture
def heartbeats(outbox: Outbox, vitals: Vitals) -> Heartbeats:
    made = Heartbeats(config(), SHA256, outbox)
    made.vitals = vitals
    made.gate = ClockGate(Publisher(outbox, []))
    return made


def config(**changes: object) -> EdgeConfig:
    values = {"source": "rtsp://me:s3cret@cam/live", "device_id": "cam-1"}
    return EdgeConfig.model_validate(values | changes)


def read(payload: bytes) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(payload)
    jsonschema.validate(fields, schema("heartbeat"))
    Heartbeat.from_dict(fields)
    return fields


def test_heartbeat_says_how_the_device_is(
    heartbeats: Heartbeats, vitals: Vitals, outbox: Outbox
) -> None:
    outbox.put(smile_event("started"))
    outbox.put(smile_event("ended"))
    vitals.see(frame_at(0), time.monotonic() - 0.01, 2, {1: 0.8})
    beat = read(encoded(heartbeats.online()))
    assert (beat["status"], beat["device_id"], beat["faces"]) == ("online", "cam-1", 2)
    assert (beat["next_seq"], beat["outbox_events"], beat["best_smile_score"]) == (2, 2, 0.8)
    assert 0 <= beat["outbox_oldest_ms"] < 10_000
    assert (beat["camera"], beat["model_sha256"]) == ("starting", SHA256)
    assert beat["program_version"] == VERSION
    assert beat["frame_rate"] > 0 and beat["latency_p50_ms"] >= 10
    sent_at = datetime.fromisoformat(beat["sent_at"])
    assert abs((datetime.now(UTC) - sent_at).total_seconds()) < 5


def test_second_heartbeat_is_about_the_time_since_the_first(
    heartbeats: Heartbeats, vitals: Vitals
) -> None:
    vitals.see(frame_at(0), 0, 2, {1: 0.8})
    heartbeats.online()
    beat = read(encoded(heartbeats.online()))
    assert beat["frame_rate"] == 0
    assert "latency_p50_ms" not in beat and "best_smile_score" not in beat


def test_held_and_undated_events_are_counted(heartbeats: Heartbeats) -> None:
    assert heartbeats.gate is not None
    heartbeats.gate._held.extend([None] * 2)  # type: ignore[list-item]
    heartbeats.gate.lost = 3
    beat = read(encoded(heartbeats.online()))
    assert (beat["outbox_events"], beat["lost_events"]) == (2, 3)


def test_last_will_can_be_made_before_the_camera_is_open(outbox: Outbox) -> None:
    will = read(Heartbeats(config(), SHA256, outbox).offline())
    assert (will["status"], will["frame_rate"], will["next_seq"]) == ("offline", 0, 0)
    assert "camera" not in will
    assert read(encoded(Heartbeats(config(), SHA256, outbox).online()))["status"] == "online"


def test_heartbeats_name_the_connection_whose_last_will_was_made_last(
    heartbeats: Heartbeats,
) -> None:
    before = read(encoded(heartbeats.online()))
    assert before["interval_s"] == 300
    assert "connected_at" not in before, "Greengrass opens the connection"
    wills = [read(heartbeats.will()) for _ in range(2)]
    assert all(will["connected_at"] == will["sent_at"] for will in wills)
    for beat in (read(encoded(heartbeats.online())), read(heartbeats.offline())):
        assert beat["connected_at"] == wills[-1]["sent_at"] <= beat["sent_at"]


def test_a_heartbeat_is_published_soon_after_a_new_connection(
    heartbeats: Heartbeats, vitals: Vitals
) -> None:
    sent: list[dict[str, Any]] = []
    reporter = Reporter(
        heartbeats,
        vitals,
        publish=lambda payload, _: sent.append(read(payload)),
        is_delivering=lambda: True,
        interval_s=600,
    )
    heartbeats.will()
    now_s = time.monotonic()
    reporter._turn(now_s)
    assert sent == [], "the first one has a rate"
    reporter._turn(now_s + 6)
    reporter._turn(now_s + 7)
    assert len(sent) == 1
    will = read(heartbeats.will())
    for later_s in (8, 9):
        reporter._turn(now_s + later_s)
    reporter.close()
    assert [one["status"] for one in sent] == ["online", "online", "offline"]
    assert sent[1]["connected_at"] == will["sent_at"]


def test_configuration_changes_with_settings_but_not_with_secrets() -> None:
    version = configuration_version(config())
    assert len(version) == 16
    same = [
        config(source="rtsp://me:0ther@cam/live"),
        config(stream={"token": "correct-horse-battery"}),
        config(mqtt={"url": "mqtt://me:s3cret@127.0.0.1:1883"}),
    ]
    assert {configuration_version(one) for one in same} == {version}
    others = [config(source="rtsp://cam-2/live"), config(smile={"threshold_on": 0.7})]
    assert version not in {configuration_version(one) for one in others}


def test_version_is_that_of_the_project() -> None:
    assert f'version = "{VERSION}"' in (ROOT / "pyproject.toml").read_text()
    assert f"## [{VERSION}] - {RELEASED:%Y-%m-%d}" in (ROOT / "CHANGELOG.md").read_text()


def test_heartbeats_are_published_and_the_last_says_offline(
    monkeypatch: pytest.MonkeyPatch, heartbeats: Heartbeats, vitals: Vitals,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    caplog.set_level(logging.INFO, "edge_lambda")
    monkeypatch.setattr(module, "_TURN_S", 0.02)
    sent: list[bytes] = []
    service = FakeService()
    reporter = Reporter(
        heartbeats, vitals, publish=lambda payload, _: sent.append(payload),
        is_delivering=lambda: True, interval_s=0.1, is_logged=True, service=service,
    )  # fmt: skip
    assert reporter.now() == {"camera": "starting", "faces": 0, "paused": False}
    wait_until(lambda: len(sent) >= 3)
    assert reporter.now()["status"] == "online"
    reporter.close()
    statuses = [read(payload)["status"] for payload in sent]
    assert statuses == ["online"] * (len(sent) - 1) + ["offline"]
    assert caplog.messages.count("health") == len(sent) - 1
    assert service.messages[0] == "READY=1" and service.messages[-1] == "STOPPING=1"
    assert any(one.startswith("STATUS=camera starting, ") for one in service.messages)


@pytest.mark.parametrize(("interval_s", "expiry_s"), [(10, 600), (3600, 10_800)])
def test_heartbeats_expire_but_the_last_message_does_not(
    heartbeats: Heartbeats, vitals: Vitals, interval_s: float, expiry_s: int
) -> None:
    sent: list[tuple[str, int | None]] = []

    def publish(payload: bytes, expiry_s: int | None) -> None:
        sent.append((read(payload)["status"], expiry_s))

    reporter = Reporter(
        heartbeats, vitals, publish=publish, is_delivering=lambda: True, interval_s=interval_s
    )
    reporter._turn(time.monotonic() + 6)
    reporter.close()
    assert sent == [("online", expiry_s), ("offline", None)]


def test_news_of_the_camera_and_a_pause_do_not_wait_for_the_next_heartbeat(
    heartbeats: Heartbeats, vitals: Vitals, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[bytes] = []
    reporter = Reporter(
        heartbeats,
        vitals,
        publish=lambda payload, _: sent.append(payload),
        is_delivering=lambda: True,
        interval_s=300,
    )
    now_s = time.monotonic() + 6
    counts = []

    def turn(later_s: float) -> None:
        reporter._turn(now_s + later_s)
        counts.append(len(sent))

    turn(0)
    turn(61)  # nothing new
    heartbeats.is_paused = True
    turn(62)
    turn(63)
    heartbeats.is_paused = False
    turn(121)  # the latest one is not a minute old
    turn(123)
    monkeypatch.setattr(type(vitals), "camera", "too_dark")
    turn(184)
    turn(245)
    turn(485)  # 300 s after the latest
    reporter.close()
    assert counts == [1, 1, 2, 2, 2, 3, 4, 4, 5]
    assert [read(payload).get("paused") for payload in sent[:3]] == [False, True, False]


def test_new_interval_counts_from_the_latest_heartbeat(
    heartbeats: Heartbeats, vitals: Vitals
) -> None:
    sent: list[bytes] = []
    reporter = Reporter(
        heartbeats,
        vitals,
        publish=lambda payload, _: sent.append(payload),
        is_delivering=lambda: True,
        interval_s=600,
    )
    now_s = time.monotonic() + 6
    reporter._turn(now_s)
    reporter.change_interval(30)
    counts = []
    for later_s in (29, 31, 60, 62):
        reporter._turn(now_s + later_s)
        counts.append(len(sent))
    reporter.close()
    assert counts == [1, 2, 2, 3]


def test_heartbeat_names_the_configuration_in_effect(heartbeats: Heartbeats) -> None:
    changed = config(smile={"threshold_on": 0.7})
    before = heartbeats.online().configuration
    heartbeats.configure(changed)
    assert heartbeats.online().configuration == configuration_version(changed) != before


def test_pause_is_in_heartbeats_in_the_state_of_now_and_in_that_of_the_service(
    heartbeats: Heartbeats, vitals: Vitals
) -> None:
    service = FakeService()
    sent: list[dict[str, Any]] = []
    reporter = Reporter(
        heartbeats, vitals, publish=lambda payload, _: sent.append(read(payload)),
        is_delivering=lambda: True, interval_s=600, service=service,
    )  # fmt: skip
    reporter._turn(time.monotonic() + 6)
    heartbeats.configure(config(paused=True))
    assert reporter.now()["paused"] is True
    reporter._turn(time.monotonic() + 700)
    reporter.close()
    assert [beat.get("paused") for beat in sent] == [False, True, None]
    states = [one.partition("camera")[0] for one in service.messages if "STATUS" in one]
    assert states == ["STATUS=", "STATUS=paused, "]


def test_heartbeats_are_not_logged_without_progress(
    monkeypatch: pytest.MonkeyPatch, heartbeats: Heartbeats, vitals: Vitals,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    caplog.set_level(logging.INFO, "edge_lambda")
    monkeypatch.setattr(module, "_TURN_S", 0.02)
    sent: list[bytes] = []
    reporter = Reporter(
        heartbeats,
        vitals,
        publish=lambda payload, _: sent.append(payload),
        is_delivering=lambda: True,
        interval_s=0.1,
    )
    wait_until(lambda: sent)
    reporter.close()
    assert "health" not in caplog.messages


def test_state_is_running_once_frames_flow_and_errored_when_the_device_hangs(
    heartbeats: Heartbeats, vitals: Vitals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_TURN_S", 0.01)
    monkeypatch.setattr(module, "_HANGS_S", 0.3)
    states: list[str] = []
    is_delivering = True
    reporter = Reporter(
        heartbeats,
        vitals,
        publish=lambda *_: None,
        is_delivering=lambda: is_delivering,
        report_state=states.append,
    )
    time.sleep(0.4)
    assert states == []  # no frame yet, but the device tries to get one
    vitals.see(frame_at(0), time.monotonic(), 0, {})
    wait_until(lambda: states)
    is_delivering = False
    time.sleep(0.1)
    assert set(states) == {"RUNNING"}
    wait_until(lambda: states[-1] == "ERRORED")
    is_delivering = True
    wait_until(lambda: states[-1] == "RUNNING")
    reporter.close()


def test_watchdog_is_fed_only_while_frames_and_delivery_move(
    monkeypatch: pytest.MonkeyPatch, heartbeats: Heartbeats, vitals: Vitals,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    monkeypatch.setattr(module, "_TURN_S", 0.01)
    service = FakeService(watchdog_s=0.2)
    is_delivering = [True]
    reporter = Reporter(
        heartbeats, vitals, publish=lambda *_: None, is_delivering=lambda: is_delivering[0],
        service=service,
    )  # fmt: skip
    begun = time.monotonic()
    wait_until(lambda: service.messages.count("WATCHDOG=1") >= 3)
    assert 0.1 <= time.monotonic() - begun < 2
    is_delivering[0] = False
    wait_until(lambda: "device hangs" in caplog.messages)
    fed = service.messages.count("WATCHDOG=1")
    time.sleep(0.2)
    assert service.messages.count("WATCHDOG=1") == fed
    monkeypatch.setattr(Vitals, "is_moving", False)
    is_delivering[0] = True
    time.sleep(0.2)
    assert service.messages.count("WATCHDOG=1") == fed
    monkeypatch.undo()
    wait_until(lambda: service.messages.count("WATCHDOG=1") > fed)
    reporter.close()
    assert caplog.messages.count("device hangs") == 1


def test_heartbeats_go_on_after_one_failed(
    monkeypatch: pytest.MonkeyPatch, heartbeats: Heartbeats, vitals: Vitals,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    monkeypatch.setattr(module, "_TURN_S", 0.02)
    sent: list[bytes] = []

    def publish(payload: bytes, _: int | None) -> None:
        if "health report failed" not in caplog.messages:
            raise ValueError("unforeseen")
        sent.append(payload)

    reporter = Reporter(
        heartbeats, vitals, publish=publish, is_delivering=lambda: True, interval_s=0.1
    )
    wait_until(lambda: sent)
    reporter.close()
