"""Mutual TLS, as AWS IoT Core requires it, with a real broker that checks certificates."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import paho.mqtt.client as paho
import pytest

from edge_lambda.delivery import MqttSink
from edge_lambda.delivery.broker import Broker
from edge_lambda.delivery.outbox import Outbox
from tests.helpers.certificates import certificate
from tests.helpers.events import smile_event
from tests.helpers.mosquitto import needs_mosquitto, running_mosquitto
from tests.helpers.waiting import LOOPBACK, wait_until

pytestmark = [pytest.mark.system, needs_mosquitto]
TEMPLATE = Path(__file__).parents[2] / "template.yaml"


def access_list() -> str:
    """Return the topics that the template's policy allows, as an access list for mosquitto."""
    policy = TEMPLATE.read_text(encoding="utf-8").split("\n  DevicePolicy:\n")[1].split("\n\n")[0]
    topics = re.findall(r":topic/(\S+)", policy)
    assert topics
    for index, topic in enumerate(topics):
        own = topic.replace("${!iot:Connection.Thing.ThingName}", "%u")
        own = own.replace("${SmileEventsRule}", "smile_events")
        is_read = own.endswith("/*")  # the answers of its shadow
        topics[index] = f"pattern read {own[:-1]}#" if is_read else f"pattern write {own}"
    readers = ["user observer", "topic read #", "topic read $aws/rules/#"]
    return "\n".join([*topics, *readers, ""])


CONFIG = """\
cafile {folder}/ca.crt
certfile {folder}/server.crt
keyfile {folder}/server.secret
require_certificate true
use_identity_as_username true
acl_file {folder}/acl
user {user}
"""


@pytest.fixture
def broker_port(tmp_path: Path) -> Iterator[int]:
    root_ca = certificate(tmp_path, "ca")
    for name in ("server", "cam-1", "observer"):
        certificate(tmp_path, name, root_ca)
    certificate(tmp_path, "stranger")
    (tmp_path / "acl").write_text(access_list())
    user = os.environ.get("USER") or "root"
    with running_mosquitto(CONFIG.format(folder=tmp_path, user=user), tmp_path) as port:
        yield port


@contextmanager
def sending(
    folder: Path, port: int, ca: str | None, name: str, *, prefix: str = ""
) -> Iterator[Outbox]:
    """Send one event from an outbox."""
    broker = Broker.from_url(
        f"mqtts://{LOOPBACK}:{port}",
        ca_file=folder / f"{ca}.crt" if ca else None,
        cert_file=folder / f"{name}.crt",
        key_file=folder / f"{name}.secret",
    )
    outbox = Outbox(None)
    outbox.put(smile_event("started"))
    with closing(MqttSink(outbox, broker, "cam-1", topic_prefix=prefix)):
        yield outbox


def send(folder: Path, port: int, *, prefix: str = "") -> None:
    """Send one event as the device; fail the test when the broker does not confirm it."""
    with sending(folder, port, "ca", "cam-1", prefix=prefix) as outbox:
        wait_until(lambda: not len(outbox))


def reasons(caplog: pytest.LogCaptureFixture) -> set[str]:
    """Return the logged reasons why connections failed."""
    return {record.reason for record in caplog.records if hasattr(record, "reason")}


def test_event_arrives_when_both_sides_have_trusted_certificates(
    tmp_path: Path, broker_port: int
) -> None:
    send(tmp_path, broker_port)


def test_broker_is_not_trusted_when_its_root_ca_is_unknown(
    tmp_path: Path, broker_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    with sending(tmp_path, broker_port, None, "cam-1") as outbox:
        wait_until(lambda: reasons(caplog))
    assert reasons(caplog) == {"tls: certificate verify failed"}
    assert len(outbox) == 1


def test_event_waits_when_the_broker_rejects_the_device_s_certificate(
    tmp_path: Path, broker_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    with sending(tmp_path, broker_port, "ca", "stranger") as outbox:
        wait_until(lambda: reasons(caplog))
    assert len(outbox) == 1


def connected(folder: Path, port: int, name: str) -> paho.Client:
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id=name)
    client.tls_set(
        str(folder / "ca.crt"), str(folder / f"{name}.crt"), str(folder / f"{name}.secret")
    )
    client.connect(LOOPBACK, port)
    client.loop_start()
    return client


@pytest.fixture
def seen(tmp_path: Path, broker_port: int) -> Iterator[list[str]]:
    """Return the topics of all messages that the broker allowed."""
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
def test_message_is_discarded_when_its_topic_is_forbidden(
    tmp_path: Path, broker_port: int, seen: list[str], forbidden: str
) -> None:
    camera = connected(tmp_path, broker_port, "cam-1")
    for topic in (forbidden, "smile/cam-1/status"):
        camera.publish(topic, b"{}", qos=1).wait_for_publish(10)
    wait_until(lambda: seen)
    camera.disconnect()
    camera.loop_stop()
    assert seen == ["smile/cam-1/status"]


def test_device_receives_nothing_when_it_subscribes(
    tmp_path: Path, broker_port: int, seen: list[str]
) -> None:
    camera = connected(tmp_path, broker_port, "cam-1")
    received: list[str] = []
    camera.on_message = lambda _client, _data, message: received.append(message.topic)
    camera.subscribe("smile/#", 1)
    send(tmp_path, broker_port)
    wait_until(lambda: seen)
    camera.disconnect()
    camera.loop_stop()
    assert (seen, received) == (["smile/cam-1/events"], [])


def test_event_goes_directly_to_the_rule_when_one_is_configured(
    tmp_path: Path, broker_port: int, seen: list[str]
) -> None:
    send(tmp_path, broker_port, prefix="$aws/rules/smile_events/")
    wait_until(lambda: seen)
    assert seen == ["$aws/rules/smile_events/smile/cam-1/events"]
