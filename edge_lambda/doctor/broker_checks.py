"""Checks of the way to the broker: network, trust, and a message that is confirmed."""

from __future__ import annotations

import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from paho.mqtt.enums import MQTTProtocolVersion

from edge_lambda.app import make_broker
from edge_lambda.config import EdgeConfig
from edge_lambda.delivery.broker import Broker
from edge_lambda.delivery.greengrass_sink import load_ipc_client
from edge_lambda.delivery.mqtt_client import Client
from edge_lambda.delivery.mqtt_session import NO_ANSWER, MqttSession
from edge_lambda.delivery.outbox import Outbox
from edge_lambda.delivery.reason_codes import FAILURE, in_words
from edge_lambda.delivery.salvage import copied
from edge_lambda.doctor.broker_advice import (
    NETWORK,
    NO_TLS,
    NOTHING_LISTENS,
    access_advice,
    cut_advice,
    refusal_advice,
    trust_advice,
)
from edge_lambda.doctor.check import Check, failed, ok, skipped
from edge_lambda.errors import ConfigError
from edge_lambda.health.heartbeats import Heartbeats
from smile_contract import status_topic

_TIMEOUT_S = 5.0
_CONFIRM_S = 10.0


def check_broker(config: EdgeConfig) -> Check:
    """Check that the broker can be reached and that its certificate is trusted."""
    broker = make_broker(config.mqtt)
    address = f"{broker.host}:{broker.port}"
    try:
        version = _greet(broker)
    except ConfigError:
        return skipped("broker", "the files for TLS cannot be used")
    except OSError as error:
        return _not_reached(broker.host, address, error)
    if version is None:
        return ok("broker", f"{address} accepts connections, without encryption")
    return ok("broker", f"{address} answers with {version}, its certificate is trusted")


def check_probe(config: EdgeConfig, model_sha256: str) -> Check:
    """Publish the state ``offline``, which is true while the device does not run."""
    with _outbox_copy(config.outbox_path) as outbox:
        payload = Heartbeats(config, model_sha256, outbox).offline()
    client = Client(
        id=config.device_id,
        keepalive_s=config.mqtt.keepalive_s,
        status_topic=status_topic(config.device_id),
    )
    broker = make_broker(config.mqtt)
    for version in (MQTTProtocolVersion.MQTTv5, MQTTProtocolVersion.MQTTv311):
        session = MqttSession(broker, broker.tls_context(), client, version, threading.Event())
        with closing(session):
            session.connect()
            if session.is_connected:
                return _probe(session, payload, client.status_topic, config)
            if not (session.is_version_refused or session.was_cut):
                break
    return _not_connected(session, config)


def check_greengrass() -> Check:
    """Check that this process may talk to the nucleus of AWS IoT Greengrass."""
    try:
        load_ipc_client()
    except ConfigError:
        found = "the SDK of AWS IoT Greengrass is missing"
        return failed("nucleus", found, "run pip install awsiotsdk, or install the package again")
    if os.environ.get("SVCUID"):
        return ok("nucleus", "this is a component of AWS IoT Greengrass")
    advice = "run the doctor as a component to check the way to the nucleus"
    return skipped("nucleus", "this is not a component of AWS IoT Greengrass", advice)


def _greet(broker: Broker) -> str | None:
    """Connect; return the version of TLS, None without it."""
    tls = broker.tls_context()
    with socket.create_connection((broker.host, broker.port), _TIMEOUT_S) as connection:
        if tls is None:
            return None
        with tls.wrap_socket(connection, server_hostname=broker.host) as encrypted:
            return encrypted.version()


def _not_reached(host: str, address: str, error: OSError) -> Check:
    if isinstance(error, socket.gaierror):
        return failed("broker", f"{host}: no such host", NETWORK)
    if isinstance(error, ConnectionRefusedError):
        return failed("broker", f"{address}: connection refused", NOTHING_LISTENS)
    if isinstance(error, ssl.SSLCertVerificationError):
        found = f"{address}: {error.verify_message.rstrip('.')}"
        return failed("broker", found, trust_advice(error.verify_code))
    if isinstance(error, ssl.SSLError):
        reason = (getattr(error, "reason", None) or "handshake failed").replace("_", " ").lower()
        return failed("broker", f"{address}: {reason}", NO_TLS)
    if isinstance(error, ConnectionResetError):
        return failed("broker", f"{address}: closes the connection", NO_TLS)
    return failed("broker", f"{address}: {(error.strerror or str(error)).lower()}", NETWORK)


def _probe(session: MqttSession, payload: bytes, topic: str, config: EdgeConfig) -> Check:
    session.publish_status(payload, None)
    deadline_s = time.monotonic() + _CONFIRM_S
    while session.is_connected and session.status_code is None:
        session.take_answers()
        if time.monotonic() >= deadline_s:
            return failed("probe", f"the broker does not confirm {topic}", NETWORK)
        time.sleep(0.05)
    code = session.status_code
    if code is None:
        found = f"the broker closes the connection on {topic}"
        return failed("probe", found, access_advice(config))
    if code >= FAILURE:
        found = f"the broker refuses {topic}: {in_words(code)} (0x{code:02x})"
        return failed("probe", found, refusal_advice(code, config))
    if session.version is MQTTProtocolVersion.MQTTv311:
        return ok("probe", f"confirmed on {topic}; MQTT 3.1.1 cannot say that it is forbidden")
    return ok("probe", f"confirmed on {topic}")


def _not_connected(session: MqttSession, config: EdgeConfig) -> Check:
    code = session.refusal_code
    if code is not None:
        found = f"the broker refuses the connection: {in_words(code)} (0x{code:02x})"
        return failed("probe", found, refusal_advice(code, config))
    if session.was_cut and session.problem != NO_ANSWER:
        found = "the broker closes the connection before it answers"
        return failed("probe", found, cut_advice(config))
    advice = NETWORK if session.problem == NO_ANSWER else access_advice(config)
    return failed("probe", f"the broker accepts no connection: {session.problem}", advice)


@contextmanager
def _outbox_copy(path: Path | None) -> Iterator[Outbox]:
    """Open a copy of the outbox: opening the outbox itself would change it."""
    with ExitStack() as stack:
        copy = stack.enter_context(copied(path)) if path is not None and path.exists() else None
        yield stack.enter_context(closing(Outbox(copy)))
