"""A run of ``python -m local`` without an edge, which gets its messages from here."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import IO, cast

import boto3
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from bench.local.processes import ProcessUse, tree_use
from smile_contract import Face, Heartbeat, Model, SmileEvent, status_topic, uuid7

_MODEL = Model("0" * 64, 0.6, 0.4)
_READY = re.compile(r"ready after ([0-9.]+) s: API (\S+), \w+ on [0-9.]+:(\d+), AWS on (\S+)")
_SOURCES = ("EventsQueue", "AlertsQueue")
_POLL_S = 0.2


class LocalRun:
    """A running local stack.

    Attributes
    ----------
    ready_s : float
        How long it took to start.
    lines : list of str
        What it printed.
    """

    def __init__(self, process: subprocess.Popen[str], output: IO[str]) -> None:
        self.lines: list[str] = []
        self._process = process
        self._output = output
        ready = self._read_until_ready()
        self.ready_s = float(ready[1])
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.max_inflight_messages_set(100)
        self._client.connect("127.0.0.1", int(ready[3]))
        self._client.loop_start()
        session = boto3.session.Session("local", "local", region_name="us-east-1")
        self._sqs = session.client("sqs", endpoint_url=ready[4])
        self._dynamodb = session.client("dynamodb", endpoint_url=ready[4])
        threading.Thread(target=self._read, daemon=True).start()

    def publish(self, batches: Iterable[tuple[str, Sequence[SmileEvent]]]) -> None:
        """Publish batches of events, each with its device id, and wait for the broker."""
        sent = []
        for device_id, events in batches:
            body = {"schema_version": 1, "events": [event.to_dict() for event in events]}
            topic = f"smile/{device_id}/events"
            sent.append(self._client.publish(topic, json.dumps(body).encode(), qos=1))
        for message in sent:
            message.wait_for_publish(60)

    def publish_heartbeats(self, heartbeats: Iterable[Heartbeat]) -> None:
        """Publish heartbeats, and wait for the broker."""
        for one in heartbeats:
            payload = json.dumps(one.to_dict()).encode()
            self._client.publish(status_topic(one.device_id), payload, qos=1).wait_for_publish(60)

    def wait_handled(self, *, delayed: bool = False) -> None:
        """Wait until both queues are empty, without or with delayed messages."""
        while any(self._waiting(name, delayed=delayed) for name in _SOURCES):
            time.sleep(_POLL_S)

    def dead_letters(self) -> int:
        """Return the number of dead letters."""
        return self._waiting("DeadLetterQueue") + self._waiting("RuleErrorQueue")

    def stored(self) -> int:
        """Return the number of stored events."""
        pages = self._dynamodb.get_paginator("scan").paginate(
            TableName="smile-local-EventsTable",
            Select="COUNT",
            FilterExpression="begins_with(pk, :device) AND begins_with(sk, :event)",
            ExpressionAttributeValues={":device": {"S": "DEVICE#"}, ":event": {"S": "EVENT#"}},
        )
        return sum(page["Count"] for page in pages)

    def use(self) -> list[ProcessUse]:
        """Return what each process uses."""
        return list(tree_use(self._process.pid).values())

    def dashboard_url(self) -> str:
        """Return the address of the dashboard with its key, which is printed after the start."""
        name = "dashboard  "
        return next(line.removeprefix(name) for line in self.lines if line.startswith(name)).strip()

    def printed(self, text: str) -> int:
        """Return the number of printed lines with this text."""
        return sum(text in line for line in self.lines)

    def _waiting(self, queue: str, *, delayed: bool = False) -> int:
        url = self._sqs.get_queue_url(QueueName=f"smile-local-{queue}")["QueueUrl"]
        got = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        later = int(got["ApproximateNumberOfMessagesDelayed"]) if delayed else 0
        in_flight = int(got["ApproximateNumberOfMessagesNotVisible"])
        return int(got["ApproximateNumberOfMessages"]) + in_flight + later

    def _read_until_ready(self) -> re.Match[str]:
        for line in self._output:
            self.lines.append(line)
            if found := _READY.search(line):
                return found
        raise SystemExit("".join(self.lines) or "python -m local did not start")

    def _read(self) -> None:
        self.lines.extend(self._output)


@contextmanager
def local_run(*arguments: str) -> Iterator[LocalRun]:
    """Start ``python -m local --no-edge`` and end it afterwards."""
    command = [sys.executable, "-m", "local", "--no-edge", *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            yield LocalRun(process, cast(IO[str], process.stdout))
        finally:
            process.terminate()


def smile_events(device_id: str, count: int) -> list[SmileEvent]:
    """Return smiles of one second each, in the last minute."""
    newest = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=2)
    events = []
    for number in range(count):
        started_at = newest - timedelta(milliseconds=1000 * (number % 50))
        events.append(
            SmileEvent(
                event_id=uuid7(started_at),
                device_id=device_id,
                seq=number,
                phase="ended",
                started_at=started_at,
                ended_at=started_at + timedelta(seconds=1),
                duration_ms=1000,
                peak_score=0.95,
                mean_score=0.9,
                face=Face(0.9, (0.1, 0.1, 0.2, 0.2)),
                track_id=number,
                model=_MODEL,
            )
        )
    return events
