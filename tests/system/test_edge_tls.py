"""Mutual TLS as AWS IoT Core asks for it, against a real broker that checks certificates."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import threading
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from edge_lambda.delivery import MqttSink
from edge_lambda.delivery.broker import Broker
from edge_lambda.delivery.outbox import Outbox
from smile_contract import Face, Model, SmileEvent, uuid7

MOSQUITTO = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin")
pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is missing"),
]
AT = datetime(2026, 1, 1, tzinfo=UTC)
TEMPLATE = Path(__file__).parents[2] / "template.yaml"


def access_list() -> str:
    """Return what the template's policy lets devices publish to, in mosquitto's words."""
    policy = TEMPLATE.read_text(encoding="utf-8").split("\n  DevicePolicy:\n")[1].split("\n\n")[0]
    topics = re.findall(r":topic/(\S+)", policy)
    assert topics
    for index, topic in enumerate(topics):
        own = topic.replace("${!iot:Connection.Thing.ThingName}", "%u")
        topics[index] = "pattern write " + own.replace("${SmileEventsRule}", "smile_events")
    readers = ["user observer", "topic read #", "topic read $aws/rules/#"]
    return "\n".join([*topics, *readers, ""])


CONFIG = """\
listener {port} 127.0.0.1
cafile {folder}/ca.crt
certfile {folder}/server.crt
keyfile {folder}/server.secret
require_certificate true
use_identity_as_username true
acl_file {folder}/acl
user {user}
"""


def certificate(
    folder: Path, name: str, issuer: tuple[x509.Name, ec.EllipticCurvePrivateKey] | None = None
) -> tuple[x509.Name, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    authority_key = issuer[1] if issuer else key
    # All that RFC 5280 asks for: Python 3.13 and later refuse certificates that lack any of it.
    usage = dict.fromkeys(
        (
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    is_authority = issuer is None
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0] if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True, key_cert_sign=is_authority, crl_sign=is_authority, **usage
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()),
            critical=False,
        )
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(authority_key, hashes.SHA256())
    )
    (folder / f"{name}.crt").write_bytes(built.public_bytes(serialization.Encoding.PEM))
    (folder / f"{name}.secret").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return subject, key


@pytest.fixture
def broker_port(tmp_path: Path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    authority = certificate(tmp_path, "ca")
    certificate(tmp_path, "server", authority)
    certificate(tmp_path, "cam-1", authority)
    certificate(tmp_path, "observer", authority)
    certificate(tmp_path, "stranger")
    (tmp_path / "acl").write_text(access_list())
    config = tmp_path / "mosquitto.conf"
    user = os.environ.get("USER") or "root"
    config.write_text(CONFIG.format(port=port, folder=tmp_path, user=user))
    process = subprocess.Popen([str(MOSQUITTO), "-c", str(config)], stderr=subprocess.PIPE)
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    yield port
    process.kill()
    process.communicate()


def send(
    folder: Path, port: int, ca: str | None, name: str, timeout_s: float = 10, *, prefix: str = ""
) -> int:
    """Send one event; return how many were not confirmed."""
    broker = Broker.from_url(
        f"mqtts://127.0.0.1:{port}",
        ca_file=folder / f"{ca}.crt" if ca else None,
        cert_file=folder / f"{name}.crt",
        key_file=folder / f"{name}.secret",
    )
    outbox = Outbox(None)
    event = SmileEvent(
        event_id=uuid7(AT),
        device_id="cam-1",
        seq=0,
        phase="started",
        started_at=AT,
        duration_ms=500,
        peak_score=0.9,
        mean_score=0.8,
        face=Face(0.9, (0.1, 0.1, 0.2, 0.2)),
        track_id=1,
        model=Model("0" * 64, 0.6, 0.4),
    )
    outbox.put(event)
    sink = MqttSink(outbox, broker, "cam-1", topic_prefix=prefix)
    until = time.monotonic() + timeout_s
    while len(outbox) and time.monotonic() < until:
        time.sleep(0.05)
    sink.close()
    return len(outbox)


def test_event_arrives_when_both_sides_show_certificates(tmp_path: Path, broker_port: int) -> None:
    assert send(tmp_path, broker_port, "ca", "cam-1") == 0


def test_broker_is_not_trusted_when_its_authority_is_unknown(
    tmp_path: Path, broker_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    assert send(tmp_path, broker_port, None, "cam-1", 1.0) == 1
    reasons = {record.reason for record in caplog.records if hasattr(record, "reason")}
    assert reasons == {"tls: certificate verify failed"}


def test_event_waits_when_the_broker_refuses_the_device(tmp_path: Path, broker_port: int) -> None:
    assert send(tmp_path, broker_port, "ca", "stranger", 1.0) == 1


def connected(folder: Path, port: int, name: str) -> paho.Client:
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id=name)
    client.tls_set(
        str(folder / "ca.crt"), str(folder / f"{name}.crt"), str(folder / f"{name}.secret")
    )
    client.connect("127.0.0.1", port)
    client.loop_start()
    return client


@pytest.fixture
def seen(tmp_path: Path, broker_port: int):
    """Return the topics of all messages that the broker let through."""
    topics: list[str] = []
    subscribed = threading.Event()
    observer = connected(tmp_path, broker_port, "observer")
    observer.on_message = lambda _client, _data, message: topics.append(message.topic)
    observer.on_subscribe = lambda *_: subscribed.set()
    observer.subscribe([("#", 1), ("$aws/rules/#", 1)])
    assert subscribed.wait(10)
    yield topics
    observer.disconnect()
    observer.loop_stop()


@pytest.mark.parametrize(
    "forbidden",
    [
        "smile/cam-2/events",
        "smile/cam-2/status",
        "smile/cam-1/other",
        "smile/cam-1",
        "smile/cam-1/events/more",
        "$aws/rules/smile_events/smile/cam-2/events",
        "$aws/rules/other_rule/smile/cam-1/events",
        "cam-1",
    ],
)
def test_message_goes_nowhere_when_its_topic_is_forbidden(
    tmp_path: Path, broker_port: int, seen: list[str], forbidden: str
) -> None:
    camera = connected(tmp_path, broker_port, "cam-1")
    for topic in (forbidden, "smile/cam-1/status"):
        camera.publish(topic, b"{}", qos=1).wait_for_publish(10)
    until = time.monotonic() + 10
    while not seen and time.monotonic() < until:
        time.sleep(0.02)
    camera.disconnect()
    camera.loop_stop()
    assert seen == ["smile/cam-1/status"]


def test_nothing_is_read_when_a_device_subscribes(
    tmp_path: Path, broker_port: int, seen: list[str]
) -> None:
    camera = connected(tmp_path, broker_port, "cam-1")
    heard: list[str] = []
    camera.on_message = lambda _client, _data, message: heard.append(message.topic)
    camera.subscribe("smile/#", 1)
    assert send(tmp_path, broker_port, "ca", "cam-1") == 0
    until = time.monotonic() + 10
    while not seen and time.monotonic() < until:
        time.sleep(0.02)
    camera.disconnect()
    camera.loop_stop()
    assert (seen, heard) == (["smile/cam-1/events"], [])


def test_event_goes_straight_to_the_rule_when_one_is_named(
    tmp_path: Path, broker_port: int, seen: list[str]
) -> None:
    assert send(tmp_path, broker_port, "ca", "cam-1", prefix="$aws/rules/smile_events/") == 0
    until = time.monotonic() + 10
    while not seen and time.monotonic() < until:
        time.sleep(0.02)
    assert seen == ["$aws/rules/smile_events/smile/cam-1/events"]
