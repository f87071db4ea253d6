"""A process that publishes smiles as fast as it can until it is killed.

``python -m tests.helpers.delivery_victim <outbox> <port> <smiles>``. It prints the id and the phase
of each event once the outbox has it. After the last smile it waits for the broker and ends.
"""

from __future__ import annotations

import random
import sys
import time
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from edge_lambda.delivery import MqttSink
from edge_lambda.delivery.broker import Broker
from edge_lambda.delivery.outbox import Outbox
from edge_lambda.delivery.publisher import Publisher
from smile_contract import SmileEvent
from tests.helpers.events import smile_event

_NOTES = 3
_NOTE_MS = 1000


def publish(publisher: Publisher, event: SmileEvent) -> None:
    publisher.publish(event)
    print(event.event_id, event.phase, flush=True)


def main(path: str, port: str, smiles: str) -> None:
    outbox = Outbox(Path(path))
    sink = MqttSink(outbox, Broker(host="127.0.0.1", port=int(port)), "cam-1")
    with closing(Publisher(outbox, [sink])) as publisher:
        for event in outbox.unfinished():
            publish(publisher, event)
        for _ in range(int(smiles)):
            smile = smile_event("started", duration_ms=0)
            publish(publisher, smile)
            for _ in range(_NOTES):
                time.sleep(random.uniform(0, 0.003))
                smile = replace(smile, duration_ms=smile.duration_ms + _NOTE_MS)
                publisher.note([smile])
            ended_at = smile.started_at + timedelta(milliseconds=smile.duration_ms)
            publish(publisher, replace(smile, phase="ended", ended_at=ended_at))
        publisher.drain(30, 30, lambda: False)
    outbox.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
