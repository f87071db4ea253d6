"""The conversation of the device with its shadow, against the shadow service of the local run."""

from __future__ import annotations

import json
from typing import Any

import pytest

from edge_lambda.config import load_config
from edge_lambda.control import shadow as module
from edge_lambda.control.accepted_file import AcceptedFile
from edge_lambda.control.runtime_settings import RuntimeSettings
from edge_lambda.control.shadow import Shadow
from local.iot.shadow_service import ShadowService
from tests.helpers.delivery import Clock

PREFIX = "$aws/things/cam-1/shadow/name/settings"


class Cloud:
    """A shadow service, and a device that receives its messages."""

    def __init__(self) -> None:
        self.service = ShadowService(print)
        base = load_config(None, {"source": "0"})
        self.settings = RuntimeSettings(
            base,
            lambda _: {"smile.threshold_on": 0.6, "smile.threshold_off": 0.4},
            AcceptedFile(None),
        )
        self.shadow = Shadow("cam-1", self.settings)
        self.sent: list[tuple[str, dict[str, Any]]] = []

    def want(self, state: object, **more: object) -> None:
        self.request("update", {"state": {"desired": state}} | more)

    def request(self, action: str, message: object) -> None:
        answers = self.service.handle(f"{PREFIX}/{action}", json.dumps(message).encode())
        for topic, answer in answers.items():
            if topic in self.shadow.topics:
                self.shadow.receive(topic, json.dumps(answer).encode())

    def connect(self) -> None:
        self.shadow.opened()
        self.exchange()

    def exchange(self) -> None:
        """Pass messages until the device has nothing more to say."""
        while (message := self.shadow.take()) is not None:
            topic, payload = message
            assert len(self.sent) < 100, "endless"
            self.sent.append((topic.removeprefix(f"{PREFIX}/"), json.loads(payload)))
            self.request(topic.removeprefix(f"{PREFIX}/"), json.loads(payload))

    def state(self) -> dict[str, Any]:
        ((_, answer),) = self.service.handle(f"{PREFIX}/get", b"").items()
        state: dict[str, Any] = answer["state"]
        return state


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


def test_device_reports_its_settings_when_there_is_no_shadow_yet(cloud: Cloud) -> None:
    cloud.connect()
    assert [action for action, _ in cloud.sent] == ["get", "update"]
    assert cloud.state()["reported"] == cloud.settings.report()


def test_settings_of_the_shadow_are_applied_at_connect(cloud: Cloud) -> None:
    cloud.want({"paused": True})
    cloud.connect()
    assert cloud.settings.config.paused is True
    assert "delta" not in cloud.state()


def test_change_is_applied_and_reported(cloud: Cloud) -> None:
    cloud.connect()
    cloud.sent.clear()
    cloud.want({"smile": {"min_duration_ms": 700}})
    cloud.exchange()
    assert cloud.settings.config.smile.min_duration_ms == 700
    assert cloud.state()["reported"]["smile"]["min_duration_ms"] == 700
    assert "delta" not in cloud.state()
    assert [action for action, _ in cloud.sent] == ["get", "update"]


def test_several_changes_are_fetched_at_once(cloud: Cloud) -> None:
    cloud.connect()
    cloud.sent.clear()
    for number in range(1, 6):
        cloud.want({"vision": {"max_faces": number}})
    cloud.exchange()
    assert cloud.settings.config.vision.max_faces == 5
    assert [action for action, _ in cloud.sent] == ["get", "update"]


def test_removed_setting_goes_back_although_no_delta_says_so(cloud: Cloud) -> None:
    cloud.connect()
    cloud.want({"paused": True})
    cloud.exchange()
    cloud.want({"paused": None})
    cloud.exchange()
    assert cloud.settings.config.paused is False
    assert cloud.state()["reported"]["paused"] is False


def test_bad_change_is_reported_once_with_field_and_reason(cloud: Cloud) -> None:
    cloud.connect()
    cloud.sent.clear()
    cloud.want({"health": {"interval_s": 1}})
    cloud.exchange()
    state = cloud.state()
    assert state["reported"]["rejected"] == [
        {"field": "health.interval_s", "reason": "expected at least 10.0, got 1", "value": 1}
    ]
    assert state["reported"]["health"]["interval_s"] == 300
    assert state["delta"] == {"health": {"interval_s": 1}}
    assert [action for action, _ in cloud.sent] == ["get", "update", "get"]
    cloud.want({"health": {"interval_s": 20}})
    cloud.exchange()
    assert cloud.state()["reported"]["rejected"] == []


def test_nothing_is_reported_when_the_shadow_knows_it_already(cloud: Cloud) -> None:
    cloud.connect()
    cloud.sent.clear()
    cloud.connect()
    assert [action for action, _ in cloud.sent] == ["get"]


def test_same_report_is_not_sent_again_when_the_shadow_changes_it(cloud: Cloud) -> None:
    cloud.shadow.opened()
    assert cloud.shadow.take() is not None
    changed = {"state": {"reported": {"paused": 0}}, "version": 1}
    for _ in range(3):
        cloud.shadow.receive(f"{PREFIX}/get/accepted", json.dumps(changed).encode())
    assert cloud.shadow.take() is not None
    assert cloud.shadow.take() is None


def test_older_answer_is_ignored(cloud: Cloud) -> None:
    cloud.shadow.opened()
    for version, paused in ((5, True), (4, False)):
        message = {"state": {"desired": {"paused": paused}}, "version": version}
        cloud.shadow.receive(f"{PREFIX}/get/accepted", json.dumps(message).encode())
    assert cloud.settings.config.paused is True


def test_shadow_is_asked_again_after_a_failure(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    cloud.shadow.opened()
    assert cloud.shadow.take() is not None
    failure = {"code": 500, "message": "Internal error"}
    cloud.shadow.receive(f"{PREFIX}/get/rejected", json.dumps(failure).encode())
    assert cloud.shadow.take() is None
    assert "shadow cannot be read" in caplog.text
    clock.now_s += 31
    assert cloud.shadow.take() == (f"{PREFIX}/get", b"{}")


def test_settings_go_back_when_the_shadow_was_deleted(cloud: Cloud) -> None:
    cloud.want({"paused": True})
    cloud.connect()
    cloud.request("delete", {})
    cloud.connect()
    assert cloud.settings.config.paused is False


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xff",
        b"[]",
        b"5",
        b'{"state": 5}',
        b'{"state": {"desired": 3}, "version": 1}',
        b"[" * 9000,
        b'{"state": {}, "version": "x"}',
        b'{"state": {"desired": {"a": [1]}, "reported": 4}}',
    ],
)
@pytest.mark.parametrize(
    "topic", ["get/accepted", "get/rejected", "update/delta", "update/rejected"]
)
def test_malformed_message_does_no_harm(cloud: Cloud, topic: str, payload: bytes) -> None:
    cloud.connect()
    cloud.shadow.receive(f"{PREFIX}/{topic}", payload)
    cloud.want({"paused": True})
    cloud.connect()
    assert cloud.settings.config.paused is True


def test_rejected_report_is_logged(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    cloud.shadow.receive(f"{PREFIX}/update/rejected", b'{"code": 413, "message": "too large"}')
    (record,) = caplog.records
    assert (record.code, record.reason) == (413, "too large")  # type: ignore[attr-defined]
