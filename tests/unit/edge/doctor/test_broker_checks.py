"""The doctor on the way to the broker: certificates, network and a confirmed message."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from edge_lambda.config import EdgeConfig, load_config
from edge_lambda.delivery import mqtt_session
from edge_lambda.delivery.reason_codes import NAMES, UNSUPPORTED_VERSION
from edge_lambda.doctor import broker_advice, broker_checks
from edge_lambda.doctor.broker_checks import check_broker, check_probe
from edge_lambda.doctor.check import Check
from edge_lambda.errors import ConfigError
from smile_contract import Heartbeat
from tests.helpers.device_files import device_files
from tests.helpers.mosquitto import needs_mosquitto, running_mosquitto
from tests.helpers.mqtt_broker import (
    HANGS_UP,
    NOT_AUTHORIZED,
    FakeBroker,
    fake_broker,
    unreachable_port,
)
from tests.helpers.waiting import LOOPBACK

SHA256 = "0" * 64
DAY = timedelta(days=1)


@pytest.fixture
def broker() -> Iterator[FakeBroker]:
    with fake_broker() as one:
        yield one


def config_of(port: int, scheme: str = "mqtt", **more: object) -> EdgeConfig:
    values = {"source": "0", "device_id": "cam-1", "sinks": ("mqtt",)}
    return load_config(None, values | {"mqtt.url": f"{scheme}://{LOOPBACK}:{port}"} | more)


def probe(port: int, folder: Path) -> Check:
    return check_probe(config_of(port, **{"outbox.path": folder / "o.sqlite"}), SHA256)


def test_probe_is_ok_when_the_broker_confirms_it(broker: FakeBroker, tmp_path: Path) -> None:
    check = probe(broker.port, tmp_path)
    assert (check.result, check.found) == ("ok", "confirmed on smile/cam-1/status")
    ((topic, payload),) = broker.received[0]
    assert topic == "smile/cam-1/status"
    assert Heartbeat.from_dict(json.loads(payload)).status == "offline"


def test_probe_says_what_mqtt_3_cannot_tell(broker: FakeBroker, tmp_path: Path) -> None:
    broker.speaks_5 = False
    check = probe(broker.port, tmp_path)
    assert check.result == "ok"
    assert "MQTT 3.1.1" in check.found


@pytest.mark.parametrize(
    ("code", "found"),
    [
        (0x87, "the broker refuses smile/cam-1/status: not authorized (0x87)"),
        (HANGS_UP, "closes the connection"),
    ],
)
def test_probe_fails_when_the_policy_forbids_it(
    broker: FakeBroker, tmp_path: Path, code: int, found: str
) -> None:
    broker.reason_code = lambda _topic, _payload: code
    check = probe(broker.port, tmp_path)
    assert check.result == "failed"
    assert found in check.found
    assert "rights of that user" in check.advice


def test_probe_fails_when_the_broker_refuses_the_connection(
    broker: FakeBroker, tmp_path: Path
) -> None:
    broker.answer = NOT_AUTHORIZED
    check = probe(broker.port, tmp_path)
    assert (check.result, check.found) == (
        "failed",
        "the broker refuses the connection: not authorized (0x87)",
    )
    assert "the user name and the password" in check.advice


ON_MESSAGES = {0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99}  # MQTT 5, section 3.4.2.1


@pytest.mark.parametrize("code", sorted(NAMES.keys() - {UNSUPPORTED_VERSION}))
def test_every_reason_code_is_explained(broker: FakeBroker, tmp_path: Path, code: int) -> None:
    if code in ON_MESSAGES:
        broker.reason_code = lambda _topic, _payload: code
    else:
        broker.answer = code
    check = probe(broker.port, tmp_path)
    refused = "smile/cam-1/status" if code in ON_MESSAGES else "the connection"
    assert check.found == f"the broker refuses {refused}: {NAMES[code]} (0x{code:02x})"
    assert check.advice == broker_advice.refusal_advice(code, config_of(1))
    assert len(check.advice) > 20


def test_advice_names_the_policy_when_the_device_has_a_certificate(tmp_path: Path) -> None:
    config = config_of(1, "mqtts", **device_files(tmp_path))
    assert "attach the device policy" in broker_advice.refusal_advice(0x87, config)


@pytest.mark.parametrize(
    ("url", "more", "advice"),
    [
        ("mqtt://h", {}, "use mqtts:// in mqtt.url if the broker has TLS"),
        ("mqtts://h", {}, "set mqtt.cert_file and mqtt.key_file"),
        (
            "mqtts://h",
            {"mqtt.cert_file": "a.crt", "mqtt.key_file": "a.key"},
            "check that the certificate is valid and active",
        ),
    ],
)
def test_advice_fits_when_the_broker_hangs_up(
    url: str, more: dict[str, object], advice: str
) -> None:
    config = config_of(1, **({"mqtt.url": url} | more))
    assert broker_advice.cut_advice(config).startswith(advice)


def test_probe_fails_when_the_broker_hangs_up(broker: FakeBroker, tmp_path: Path) -> None:
    broker.answer, broker.hangs_up = None, True
    check = probe(broker.port, tmp_path)
    assert check.found == "the broker closes the connection before it answers"
    assert check.advice == broker_advice.cut_advice(config_of(1))


def test_probe_fails_when_the_broker_confirms_nothing(
    broker: FakeBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker_checks, "_CONFIRM_S", 0.2)
    broker.confirms = False
    check = probe(broker.port, tmp_path)
    assert (check.result, "does not confirm" in check.found) == ("failed", True)


def test_probe_fails_when_the_broker_does_not_answer(
    broker: FakeBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt_session, "_ANSWER_TO_5_S", 0.1)
    monkeypatch.setattr(mqtt_session, "CONNECT_S", 0.1)
    broker.answer = None
    check = probe(broker.port, tmp_path)
    assert (check.result, "no answer" in check.found) == ("failed", True)


def test_broker_is_ok_when_it_answers(broker: FakeBroker) -> None:
    check = check_broker(config_of(broker.port))
    assert (check.result, "without encryption" in check.found) == ("ok", True)


def test_broker_fails_when_nothing_listens() -> None:
    with unreachable_port() as port:
        check = check_broker(config_of(port))
    assert check.result == "failed"
    assert "start the broker" in check.advice


def test_broker_fails_when_its_name_does_not_exist() -> None:
    config = config_of(1, **{"mqtt.url": "mqtt://user:word@broker.invalid"})
    check = check_broker(config)
    assert check.found == "broker.invalid: no such host"


TLS = "cafile {0}/ca.crt\ncertfile {0}/server.crt\nkeyfile {0}/server.secret\nuser root\n"


@pytest.mark.parametrize(
    "error", [ssl.SSLError(1, "wrong version number"), ConnectionResetError(104, "reset")]
)
def test_broker_fails_when_it_has_no_tls(monkeypatch: pytest.MonkeyPatch, error: OSError) -> None:
    def fail(_broker: object) -> None:
        raise error

    monkeypatch.setattr(broker_checks, "_greet", fail)
    check = check_broker(config_of(1, "mqtts"))
    assert (check.result, "use mqtt://" in check.advice) == ("failed", True)


@needs_mosquitto
def test_broker_fails_when_its_certificate_has_another_name(tmp_path: Path) -> None:
    files = device_files(tmp_path)
    with running_mosquitto(TLS.format(tmp_path), tmp_path) as port:
        config = config_of(port, **files, **{"mqtt.url": f"mqtts://localhost:{port}"})
        check = check_broker(config)
    assert "set the host in mqtt.url to the name" in check.advice
    assert not check.found.endswith(".")


@needs_mosquitto
def test_broker_is_ok_when_its_certificate_is_trusted(tmp_path: Path) -> None:
    files = device_files(tmp_path)
    with running_mosquitto(TLS.format(tmp_path) + "require_certificate true\n", tmp_path) as port:
        check = check_broker(config_of(port, "mqtts", **files))
    assert (check.result, "is trusted" in check.found) == ("ok", True)


@needs_mosquitto
def test_broker_fails_when_its_certificate_is_unknown(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    device_files(tmp_path)
    files = device_files(other)
    with running_mosquitto(TLS.format(tmp_path), tmp_path) as port:
        check = check_broker(config_of(port, "mqtts", **files))
    assert check.result == "failed"
    assert "mqtt.ca_file" in check.advice


def test_nucleus_fails_without_the_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise ConfigError("sinks: greengrass needs the package awsiotsdk")

    monkeypatch.setattr(broker_checks, "load_ipc_client", fail)
    check = broker_checks.check_greengrass()
    assert (check.result, "pip install awsiotsdk" in check.advice) == ("failed", True)


def test_nucleus_is_skipped_outside_of_a_component(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker_checks, "load_ipc_client", lambda: None)
    monkeypatch.delenv("SVCUID", raising=False)
    assert broker_checks.check_greengrass().result == "skipped"
    monkeypatch.setenv("SVCUID", "token")
    assert broker_checks.check_greengrass().result == "ok"


def test_probe_leaves_no_thread_behind(broker: FakeBroker, tmp_path: Path) -> None:
    before = {one for one in threading.enumerate() if "paho" in one.name}
    probe(broker.port, tmp_path)
    assert {one for one in threading.enumerate() if "paho" in one.name} == before
