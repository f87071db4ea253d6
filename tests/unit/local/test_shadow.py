"""Device shadows of the local run: documents, topics, and the command that changes settings.

Expected messages: "Device Shadow service documents" and "Device Shadow MQTT topics", AWS IoT Core.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from edge_lambda.config import load_config
from edge_lambda.control.accepted_file import AcceptedFile
from edge_lambda.control.runtime_settings import RuntimeSettings
from edge_lambda.control.shadow import Shadow
from edge_lambda.delivery import MqttSink
from edge_lambda.delivery.broker import Broker
from edge_lambda.delivery.outbox import Outbox
from local.errors import StartError
from local.iot.shadow_document import RejectedError, ShadowDocument
from local.iot.shadow_service import ShadowService
from local.shadow.command import main
from tests.helpers.mosquitto import needs_mosquitto, running_mosquitto
from tests.helpers.waiting import LOOPBACK, free_port, wait_until

NAMED = "$aws/things/cam-1/shadow/name/settings"


def shadow_with(**state: object) -> ShadowDocument:
    shadow = ShadowDocument()
    shadow.update({"state": state})
    return shadow


def state_of(shadow: ShadowDocument) -> dict[str, Any]:
    state: dict[str, Any] = shadow.get()["state"]
    return state


def test_update_merges_objects_and_replaces_arrays() -> None:
    shadow = shadow_with(desired={"a": {"b": 1, "c": [1, 2]}})
    shadow.update({"state": {"desired": {"a": {"c": [3]}, "d": 2}}})
    assert state_of(shadow)["desired"] == {"a": {"b": 1, "c": [3]}, "d": 2}


@pytest.mark.parametrize(
    ("request_state", "left"),
    [
        ({"desired": {"a": {"b": None}}}, {"desired": {"c": 1}, "reported": {"c": 1}}),
        ({"desired": None}, {"reported": {"c": 1}}),
    ],
)
def test_null_removes_a_value_and_what_is_then_empty(
    request_state: dict[str, Any], left: dict[str, Any]
) -> None:
    shadow = shadow_with(desired={"a": {"b": 1}, "c": 1}, reported={"c": 1})
    shadow.update({"state": request_state})
    assert state_of(shadow) == left


def test_delta_has_the_desired_values_that_are_not_reported() -> None:
    shadow = ShadowDocument()
    desired = {"a": 1, "b": {"c": [1], "d": 2}, "e": 3}
    shadow.update({"state": {"reported": {"a": 1, "b": {"c": [2], "d": 2}, "x": 1}}})
    messages = shadow.update({"state": {"desired": desired}})
    assert set(messages) == {"update/accepted", "update/delta", "update/documents"}
    assert messages["update/accepted"]["state"] == {"desired": desired}
    assert messages["update/delta"]["state"] == {"b": {"c": [1]}, "e": 3}
    assert messages["update/delta"]["version"] == 2
    assert messages["update/documents"]["previous"]["version"] == 1
    assert state_of(shadow)["delta"] == {"b": {"c": [1]}, "e": 3}
    messages = shadow.update({"state": {"reported": {"b": {"c": [1]}, "e": 3}}})
    assert set(messages) == {"update/accepted", "update/documents"}
    assert "delta" not in state_of(shadow)


@pytest.mark.parametrize(
    ("request_document", "code"),
    [
        ({}, 400),
        ({"state": {}}, 400),
        ({"state": 1}, 400),
        ({"state": {"wanted": {}}}, 400),
        ({"state": {"desired": 1}}, 400),
        ({"state": {"desired": {"a": 1}}, "version": 7}, 409),
        ({"state": {"desired": {"a": "x" * 8192}}}, 413),
        ({"state": {"desired": {"a": [[[[[[[[]]]]]]]]}}}, 400),
        ({"state": {"desired": json.loads('{"a": ' * 700 + "1" + "}" * 700)}}, 400),
    ],
)
def test_bad_update_is_rejected_and_changes_nothing(
    request_document: dict[str, Any], code: int
) -> None:
    shadow = shadow_with(desired={"a": 1})
    with pytest.raises(RejectedError) as caught:
        shadow.update(request_document)
    assert caught.value.code == code
    assert state_of(shadow)["desired"] == {"a": 1}
    shadow.update({"state": {"desired": {"a": 2}}, "version": 1})
    assert shadow.get()["version"] == 2


def test_deleted_shadow_does_not_exist_but_keeps_its_version() -> None:
    shadow = shadow_with(desired={"a": 1})
    assert shadow.delete()["version"] == 1
    for action in (shadow.get, shadow.delete):
        with pytest.raises(RejectedError) as caught:
            action()
        assert caught.value.code == 404
    shadow.update({"state": {"desired": {"b": 1}}})
    assert shadow.get()["version"] == 2 and state_of(shadow)["desired"] == {"b": 1}


def test_service_answers_on_the_topics_of_each_shadow() -> None:
    service = ShadowService(print)
    request = b'{"state": {"desired": {"a": 1}}, "clientToken": "t"}'
    answers = service.handle(f"{NAMED}/update", request)
    assert {topic.removeprefix(NAMED) for topic in answers} == {
        "/update/accepted", "/update/delta", "/update/documents"
    }  # fmt: skip
    assert all(answer["clientToken"] == "t" for answer in answers.values())
    assert list(service.handle(f"{NAMED}/get", b"")) == [f"{NAMED}/get/accepted"]
    for other in ("$aws/things/cam-2/shadow/name/settings", "$aws/things/cam-1/shadow"):
        ((topic, answer),) = service.handle(f"{other}/get", b"").items()
        assert (topic, answer["code"]) == (f"{other}/get/rejected", 404)
    assert service.handle(f"{NAMED}/get/accepted", b"{}") == {}
    assert service.handle(f"{NAMED}/delete", b"")[f"{NAMED}/delete/accepted"]["version"] == 1


@pytest.mark.parametrize(
    "payload", [b"{", b"[]", b"\xff", b'{"state": {"desired": {"a": NaN}}}', b"[" * 100_000]
)
def test_malformed_request_is_rejected(payload: bytes) -> None:
    ((topic, answer),) = ShadowService(print).handle(f"{NAMED}/update", payload).items()
    assert (topic, answer["code"]) == (f"{NAMED}/update/rejected", 400)


@pytest.fixture
def broker_port(tmp_path: Path) -> Iterator[int]:
    with running_mosquitto("allow_anonymous true\n", tmp_path) as port:
        yield port


@pytest.fixture
def service(broker_port: int) -> Iterator[ShadowService]:
    service = ShadowService(print)
    service.start(broker_port)
    yield service
    service.stop()


@pytest.fixture
def device(service: ShadowService, broker_port: int) -> Iterator[None]:
    """The device `cam-1`, without a camera, once it has reported."""
    base = load_config(None, {"source": "0"})
    settings = RuntimeSettings(base, lambda _config: {}, AcceptedFile(None))
    broker = Broker(host=LOOPBACK, port=broker_port)
    with closing(MqttSink(Outbox(None), broker, "cam-1", conversation=Shadow("cam-1", settings))):
        wait_until(lambda: f"{NAMED}/get/accepted" in service.handle(f"{NAMED}/get", b""))
        yield


def change(port: int, settings: object, *flags: str) -> int:
    """Run the command."""
    return main(["--mqtt-port", str(port), *flags, json.dumps(settings)])


@needs_mosquitto
@pytest.mark.usefixtures("device")
def test_command_changes_settings_and_prints_the_report(
    broker_port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):  # the second time, the device has nothing new to report
        assert change(broker_port, {"paused": True}) == 0
        assert json.loads(capsys.readouterr().out)["paused"] is True
    assert change(broker_port, {}) == 0
    assert json.loads(capsys.readouterr().out)["paused"] is True


@needs_mosquitto
@pytest.mark.usefixtures("device")
def test_command_fails_when_the_device_rejects_settings(
    broker_port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    long_key = "x" * 300
    bad = {"smile": {"treshold": 1}, "health": {"interval_s": 1}, "old": 1, long_key: 1}
    for _ in range(2):
        assert change(broker_port, bad) == 1
        lines = capsys.readouterr().err.splitlines()
        assert "local.shadow: smile.treshold: unknown key" in lines
        assert "local.shadow: health.interval_s: expected at least 10.0, got 1" in lines
        assert len(lines) == 4
    # What was rejected before is in the report, but is not a fault of this change.
    assert change(broker_port, {"paused": True}) == 0
    output = capsys.readouterr()
    assert (len(json.loads(output.out)["rejected"]), output.err) == (4, "")


@needs_mosquitto
def test_command_fails_when_no_device_answers(
    broker_port: int, service: ShadowService, capsys: pytest.CaptureFixture[str]
) -> None:
    assert change(broker_port, {}) == 3
    assert "cam-1 has reported nothing" in capsys.readouterr().err
    service.handle(f"{NAMED}/update", b'{"state": {"reported": {"paused": false}}}')
    assert change(broker_port, {"paused": True}, "--wait-s", "0.3") == 3
    assert "cam-1 does not answer within 0.3 s" in capsys.readouterr().err
    ((_, answer),) = service.handle(f"{NAMED}/get", b"").items()
    assert answer["state"]["delta"] == {"paused": True}


@needs_mosquitto
def test_command_ends_without_a_word_when_it_is_interrupted(
    broker_port: int, service: ShadowService
) -> None:
    argv = ["--mqtt-port", str(broker_port), "--wait-s", "600", '{"paused": true}']
    command = subprocess.Popen(
        [sys.executable, "-m", "local.shadow", *argv], stderr=subprocess.PIPE, text=True
    )
    wait_until(lambda: f"{NAMED}/get/accepted" in service.handle(f"{NAMED}/get", b""))
    command.send_signal(signal.SIGINT)
    assert command.communicate(timeout=60)[1] == ""
    assert command.returncode == 130


@needs_mosquitto
@pytest.mark.usefixtures("service")
def test_command_fails_when_the_shadow_gets_too_large(
    broker_port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert change(broker_port, {"x": "y" * 9000}) == 2
    assert "413" in capsys.readouterr().err


@pytest.mark.parametrize("wait", ["-1", "nan", "soon"])
def test_command_rejects_a_wait_that_is_not_a_time(
    wait: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert change(1, {}, f"--wait-s={wait}") == 2
    assert "expected 0 to 3600 seconds" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("settings", "problem"),
    [("{", "expected JSON"), ("[]", "expected an object"), ("{}", "no broker on port")],
)
def test_command_says_what_is_wrong(
    settings: str, problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--mqtt-port", str(free_port()), settings]) == 2
    assert problem in capsys.readouterr().err


def test_service_says_that_there_is_no_broker() -> None:
    with pytest.raises(StartError, match="cannot reach the broker"):
        ShadowService(print).start(free_port())
