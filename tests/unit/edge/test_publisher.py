from __future__ import annotations

import io
import json
import socket
import threading
import time
from pathlib import Path

import pytest

from edge_lambda.backoff import Backoff
from edge_lambda.delivery import MqttSink, StdoutSink
from edge_lambda.delivery.broker import Broker
from edge_lambda.delivery.outbox import Outbox
from edge_lambda.delivery.publisher import Publisher
from edge_lambda.errors import ConfigError, OutboxError, SinkError
from tests.helpers.events import read_events


def never() -> bool:
    return False


def test_line_is_the_message_when_sink_is_stdout(make_event) -> None:
    stream = io.BytesIO()
    outbox = Outbox(None)
    publisher = Publisher(outbox, [StdoutSink(stream)])
    publisher.publish(make_event("started"))
    publisher.publish(make_event("ended"))
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    events = [event for line in lines for event in read_events(line, device_id="cam-1")]
    assert [(event.phase, event.seq) for event in events] == [("started", 0), ("ended", 1)]
    assert len(outbox) == publisher.undelivered == 0


def test_reader_that_left_is_told_as_one_line(make_event) -> None:
    class Closed(io.BytesIO):
        def write(self, _: object) -> int:
            raise BrokenPipeError(32, "Broken pipe")

    publisher = Publisher(Outbox(None), [StdoutSink(Closed())])
    with pytest.raises(SinkError, match="stdout: cannot be written: Broken pipe"):
        publisher.publish(make_event())


def test_camera_goes_on_when_the_outbox_cannot_be_written(tmp_path: Path, make_event) -> None:
    outbox = Outbox(tmp_path / "o.sqlite")
    stream = io.BytesIO()
    publisher = Publisher(outbox, [StdoutSink(stream)])
    publisher.publish(make_event())
    outbox.close()
    publisher.publish(make_event())
    with pytest.raises(OutboxError):
        outbox.put(make_event())
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["seq"] for line in lines] == [0, 1]
    assert publisher.lost == 0  # who reads along has it


def test_event_counts_as_lost_when_only_a_broker_would_have_got_it(
    tmp_path: Path, make_event
) -> None:
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        outbox = Outbox(tmp_path / "o.sqlite")
        sink = MqttSink(outbox, Broker(host="127.0.0.1", port=taken.getsockname()[1]), "cam-1")
        publisher = Publisher(outbox, [sink])
        outbox.close()
        publisher.publish(make_event())
        publisher.close()
        assert publisher.lost == 1


def test_waits_grow_when_the_broker_accepts_and_then_throws_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def throw_out() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(1024)
                    connection.sendall(b"\x20\x02\x00\x00")  # CONNACK: accepted
                    time.sleep(0.05)

        threading.Thread(target=throw_out, daemon=True).start()
        broker = Broker(host="127.0.0.1", port=server.getsockname()[1])
        sink = MqttSink(Outbox(tmp_path / "o.sqlite"), broker, "cam-1")
        waits: list[float] = []
        until = time.monotonic() + 20
        with caplog.at_level("INFO", "edge_lambda"):
            while len(waits) < 3 and time.monotonic() < until:
                time.sleep(0.05)
                waits = [r.retry_in_s for r in caplog.records if hasattr(r, "retry_in_s")]
        sink.close()
        server.shutdown(socket.SHUT_RDWR)
    assert "broker connected" in caplog.messages
    assert waits[2] >= 1


def test_events_wait_when_the_broker_is_down(tmp_path: Path, make_event) -> None:
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        outbox = Outbox(tmp_path / "o.sqlite")
        sink = MqttSink(outbox, Broker(host="127.0.0.1", port=taken.getsockname()[1]), "cam-1")
        publisher = Publisher(outbox, [sink])
        publisher.publish(make_event())
        publisher.drain(0.1, 0.1, never)
        assert publisher.undelivered == 1
        begun = time.monotonic()
        publisher.close()
        assert time.monotonic() - begun < 1


def test_silent_server_does_not_hold_up_the_stop(tmp_path: Path, make_event) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        outbox = Outbox(tmp_path / "o.sqlite")
        sink = MqttSink(outbox, Broker(host="127.0.0.1", port=server.getsockname()[1]), "cam-1")
        publisher = Publisher(outbox, [sink])
        publisher.publish(make_event())
        stop = threading.Timer(0.2, lambda: None)
        stop.start()
        begun = time.monotonic()
        publisher.drain(10, 0.3, lambda: not stop.is_alive())
        publisher.close()
        assert time.monotonic() - begun < 2


def test_waits_grow_up_to_the_limit_and_differ() -> None:
    backoff = Backoff(1.0, 8.0)
    waits = [backoff.next_s() for _ in range(6)]
    for wait, most in zip(waits, [1, 2, 4, 8, 8, 8], strict=True):
        assert most / 2 <= wait <= most
    assert len(set(waits)) == 6
    backoff.reset()
    assert backoff.next_s() <= 1


def test_url_names_host_port_and_credentials() -> None:
    broker = Broker.from_url("mqtts://me:p%40ss@iot.example:443")
    assert (broker.host, broker.port, broker.is_encrypted) == ("iot.example", 443, True)
    assert (broker.username, broker.password) == ("me", "p@ss")
    assert "p@ss" not in repr(broker)
    assert Broker.from_url("mqtt://[::1]").port == 1883
    assert Broker.from_url("mqtts://x").port == 8883


@pytest.mark.parametrize(
    "url",
    ["", "127.0.0.1:1883", "http://x", "mqtt://", "mqtt://x:99999", "mqtt://x:0", "mqtt://x/topic"],
)
def test_url_is_refused_without_its_password_when_wrong(url: str) -> None:
    with pytest.raises(ConfigError, match=r"^mqtt\.url: expected mqtt://"):
        Broker.from_url(url)


def test_files_are_refused_when_they_make_no_sense(tmp_path: Path) -> None:
    pem = tmp_path / "x.pem"
    pem.write_text("nothing")
    with pytest.raises(ConfigError, match=r"mqtt\.ca_file: needs an mqtts"):
        Broker.from_url("mqtt://x", ca_file=pem)
    with pytest.raises(ConfigError, match=r"mqtt\.key_file: expected"):
        Broker.from_url("mqtts://x", cert_file=pem)
    with pytest.raises(ConfigError, match=r"mqtt\.ca_file: .*nowhere: no such file"):
        Broker.from_url("mqtts://x", ca_file=Path("nowhere")).tls_context()
    with pytest.raises(ConfigError, match=r"mqtt\.ca_file"):
        Broker.from_url("mqtts://x", ca_file=pem).tls_context()
    with pytest.raises(ConfigError, match=r"mqtt\.cert_file"):
        Broker.from_url("mqtts://x", cert_file=pem, key_file=pem).tls_context()
    with pytest.raises(ConfigError, match=r"mqtt\.key_file: no such file"):
        Broker.from_url("mqtts://x", cert_file=pem, key_file=Path("nowhere")).tls_context()
