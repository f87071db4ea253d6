"""Power cuts, as far as a test can make them: a process that is killed at random moments."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from edge_lambda.delivery.outbox import Outbox
from tests.helpers.mosquitto import needs_mosquitto, running_mosquitto
from tests.helpers.mqtt_subscriber import subscriber
from tests.helpers.waiting import wait_until

pytestmark = [pytest.mark.system, needs_mosquitto]

ROOT = Path(__file__).parents[2]
ENDLESS = 10**6


def victim(outbox: Path, port: int, smiles: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.helpers.delivery_victim"]
    return subprocess.Popen(
        [*command, str(outbox), str(port), str(smiles)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def published(output: str) -> set[tuple[str, str]]:
    """Return id and phase of each event in complete lines."""
    lines = output.splitlines()[: output.count("\n")]
    return {(event_id, phase) for event_id, phase in (line.split() for line in lines)}


@pytest.mark.parametrize(
    "kills", [15, pytest.param(500, marks=[pytest.mark.long, pytest.mark.timeout(3600)])]
)
def test_no_event_is_lost_and_no_smile_stays_open_when_the_process_is_killed(
    tmp_path: Path, kills: int
) -> None:
    outbox, made = tmp_path / "o.sqlite", set[tuple[str, str]]()
    random.seed(kills)
    with (
        running_mosquitto("allow_anonymous true\nmax_queued_messages 0\n", tmp_path) as port,
        subscriber(port) as seen,
    ):
        for _ in range(kills):
            process = victim(outbox, port, ENDLESS)
            assert process.stdout is not None
            first = process.stdout.readline()
            time.sleep(random.uniform(0, 0.3))
            process.kill()
            output, _ = process.communicate(timeout=10)
            made |= published(first + output)
        process = victim(outbox, port, 1)
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        made |= published(output)
        wait_until(lambda: made <= set(seen.events), 60)
    phases = Counter(phase for _, phase in seen.events)
    assert phases["started"] == phases["ended"]
    assert set(seen.seqs) == set(range(max(seen.seqs) + 1))
    assert len(seen.seqs) == len(set(seen.seqs.values())), "a number belongs to one event"
    assert len(made) >= kills


NOTE_AND_WAIT = """
import sys, time
from dataclasses import replace
from pathlib import Path
from edge_lambda.delivery.outbox import Outbox
from tests.helpers.events import smile_event

outbox, smile = Outbox(Path(sys.argv[1])), smile_event("started", duration_ms=500)
outbox.put(smile)
outbox.note([replace(smile, duration_ms=4200)])
print("noted", flush=True)
time.sleep(60)
"""


def test_interrupted_smile_ends_at_the_last_noted_moment_when_the_process_is_killed(
    tmp_path: Path,
) -> None:
    path = tmp_path / "o.sqlite"
    command = [sys.executable, "-c", NOTE_AND_WAIT, str(path)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "noted\n"
    process.kill()
    process.communicate(timeout=10)
    with closing(Outbox(path)) as outbox:
        (ended,) = outbox.unfinished()
    assert ended.duration_ms == 4200
