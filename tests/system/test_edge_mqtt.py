"""The real command against a real broker: no event is lost when either of them stops."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import av
import numpy as np
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from edge_lambda.counted import counted
from smile_contract import SmileEvent
from tests.helpers.events import read_events, read_payload
from tests.helpers.mosquitto import needs_mosquitto, running_broker, running_mosquitto
from tests.helpers.waiting import LOOPBACK, free_port, wait_until

pytestmark = pytest.mark.system

CLIP = Path(__file__).parents[2] / "local" / "clip" / "smiles.mp4"
SHORT_S = 12
NO_ROOM, LITTLE_ROOM = 8, 64  # blocks of 512 bytes; a new outbox has 60
BROKERS = [pytest.param("mosquitto", marks=needs_mosquitto), "amqtt"]
AMQTT_CONFIG = """\
listeners: {{default: {{type: tcp, bind: "127.0.0.1:{port}"}}}}
plugins:
  amqtt.plugins.authentication.AnonymousAuthPlugin: {{allow_anonymous: true}}
"""


def broker_on(kind: str, port: int, folder: Path) -> AbstractContextManager[object]:
    if kind == "mosquitto":
        return running_mosquitto("allow_anonymous true\n", folder, port)
    config = folder / "amqtt.conf"
    config.write_text(AMQTT_CONFIG.format(port=port))
    return running_broker([str(Path(sys.executable).parent / "amqtt"), "-c", str(config)], port)


@contextmanager
def subscriber(port: int) -> Iterator[list[SmileEvent]]:
    received: list[SmileEvent] = []
    ready: list[bool] = []
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.on_connect = lambda *_: client.subscribe("smile/+/events", qos=1)
    client.on_subscribe = lambda *_: ready.append(True)

    def receive(_client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        device_id = message.topic.split("/")[1]
        received.extend(read_events(json.loads(message.payload), device_id=device_id))

    client.on_message = receive
    client.connect(LOOPBACK, port)
    client.loop_start()
    wait_until(lambda: bool(ready))
    try:
        yield received
    finally:
        client.disconnect()
        client.loop_stop()


def edge(
    source: Path, port: int, outbox: Path, *more: str, before: Sequence[str] = ()
) -> subprocess.Popen[str]:
    command = [*before, sys.executable, "-m", "edge_lambda", "--source", str(source)]
    command += ["--device-id", "cam-1", "--sink", "mqtt", "--sink", "stdout"]
    command += ["--mqtt-url", f"mqtt://{LOOPBACK}:{port}", "--outbox", str(outbox), *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def full_disk(blocks: int) -> list[str]:
    """Return a command prefix that lets no file grow further: a full disk to SQLite."""
    return ["/bin/sh", "-c", f'ulimit -f {blocks}; exec "$@"', "sh"]


@pytest.fixture(scope="module")
def short_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the first 12 seconds of the clip: a smile that ends, and one that lasts beyond."""
    path = tmp_path_factory.mktemp("clip") / "short.mp4"
    with av.open(str(CLIP)) as whole, av.open(str(path), "w") as part:
        stream = part.add_stream_from_template(whole.streams.video[0])
        for packet in whole.demux(video=0):
            if packet.pts is None or packet.pts * packet.time_base > SHORT_S:
                continue
            packet.stream = stream
            part.mux(packet)
    return path


def still_video(path: Path) -> Path:
    """Write a video of two seconds that shows nobody."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        grey = av.VideoFrame.from_ndarray(np.full((180, 320, 3), 90, np.uint8), format="rgb24")
        for index in range(50):
            grey.pts = index
            container.mux(stream.encode(grey))
        container.mux(stream.encode(None))
    return path


def written(output: str) -> list[SmileEvent]:
    return [read_payload(line.encode()) for line in output.splitlines()]


@pytest.mark.parametrize("kind", BROKERS)
def test_every_event_arrives_when_the_broker_runs(
    kind: str, tmp_path: Path, short_clip: Path
) -> None:
    port = free_port()
    with broker_on(kind, port, tmp_path), subscriber(port) as received:
        process = edge(short_clip, port, tmp_path / "o.sqlite")
        output, log = process.communicate(timeout=120)
        assert process.returncode == 0, log
        assert json.loads(log.splitlines()[-1])["undelivered"] == 0
        assert received == written(output)
        assert [event.seq for event in received] == list(range(len(received)))
        assert len(received) >= 3


@pytest.mark.parametrize("kind", BROKERS)
def test_every_event_arrives_when_the_broker_starts_late(
    kind: str, tmp_path: Path, short_clip: Path
) -> None:
    port = free_port()
    process = edge(short_clip, port, tmp_path / "o.sqlite", "--drain-timeout-s", "60")
    assert process.stdout is not None
    first = process.stdout.readline()  # an event is published, and no broker runs yet
    with broker_on(kind, port, tmp_path), subscriber(port) as received:
        output, log = process.communicate(timeout=120)
        assert process.returncode == 0, log
        assert received == written(first + output)


def test_events_wait_for_the_next_run_when_the_broker_never_starts(
    tmp_path: Path, short_clip: Path
) -> None:
    port, outbox = free_port(), tmp_path / "o.sqlite"
    process = edge(short_clip, port, outbox, "--drain-timeout-s", "0.3")
    output, log = process.communicate(timeout=120)
    assert process.returncode == 3
    made = written(output)
    assert f"{counted(len(made), 'event', 'stays/stay')} in the outbox" in log
    with broker_on("amqtt", port, tmp_path), subscriber(port) as received:
        process = edge(still_video(tmp_path / "still.mp4"), port, outbox)
        output, log = process.communicate(timeout=60)
        assert process.returncode == 0, log
        assert output == ""
        assert received == made


def test_next_run_sends_the_events_when_the_process_was_killed(
    tmp_path: Path, short_clip: Path
) -> None:
    port, outbox = free_port(), tmp_path / "o.sqlite"
    process = edge(short_clip, port, outbox)
    assert process.stdout is not None
    first = [process.stdout.readline() for _ in range(3)]
    process.kill()
    output, _ = process.communicate(timeout=10)
    made = written("".join(first) + output)
    with broker_on("amqtt", port, tmp_path), subscriber(port) as received:
        process = edge(still_video(tmp_path / "still.mp4"), port, outbox)
        output, log = process.communicate(timeout=60)
        assert process.returncode == 0, log
        # The events published before, and the end of every smile that was cut off: it is live.
        received.sort(key=lambda event: event.seq)
        assert received[: len(made)] == made
        assert [event.seq for event in received] == list(range(len(received)))
        started = {event.event_id for event in received if event.phase == "started"}
        assert started == {event.event_id for event in received if event.phase == "ended"}


@pytest.mark.parametrize("blocks", [NO_ROOM, LITTLE_ROOM])
def test_loss_is_reported_when_the_disk_is_full_and_no_broker_runs(
    tmp_path: Path, short_clip: Path, blocks: int
) -> None:
    port, outbox = free_port(), tmp_path / "o.sqlite"
    process = edge(short_clip, port, outbox, "--drain-timeout-s", "0", before=full_disk(blocks))
    output, log = process.communicate(timeout=120)
    assert process.returncode == 3, log
    made = written(output)
    assert len({event.seq for event in made}) == len(made) >= 3
    last = json.loads(log.splitlines()[-1])
    assert last["lost"] + last["undelivered"] == len(made)
    if blocks == NO_ROOM:
        assert last["lost"] == len(made)
        assert f"{counted(last['lost'], 'event', 'is/are')} lost" in log
    assert "outbox in memory" in log


@needs_mosquitto
@pytest.mark.parametrize("blocks", [NO_ROOM, LITTLE_ROOM])
def test_every_event_arrives_from_memory_when_the_disk_is_full(
    tmp_path: Path, short_clip: Path, blocks: int
) -> None:
    port = free_port()
    with broker_on("mosquitto", port, tmp_path), subscriber(port) as received:
        process = edge(short_clip, port, tmp_path / "o.sqlite", before=full_disk(blocks))
        output, log = process.communicate(timeout=120)
        assert process.returncode == 0, log
        assert received == written(output)
        assert len(received) >= 3
    assert "outbox in memory" in log


def test_events_wait_when_the_run_is_stopped_without_a_broker(
    tmp_path: Path, short_clip: Path
) -> None:
    process = edge(short_clip, free_port(), tmp_path / "o.sqlite", "--drain-timeout-s", "60")
    assert process.stdout is not None
    process.stdout.readline()
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=20)
    assert time.monotonic() - begun < 2
    assert process.returncode == 0
    assert json.loads(log.splitlines()[-1])["undelivered"] >= 1
