"""The smoke test against the whole stack on this machine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.publish
import pytest

from ops.errors import CommandError
from ops.smoke_test.round_trip import check_round_trip

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.system, pytest.mark.xdist_group("local-command")]


@pytest.fixture(scope="module")
def stack() -> Iterator[tuple[str, int]]:
    """Return the API's address and the broker's port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "local", "--no-edge", "--api-key", "key"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "AWS_PROFILE": "nobody"},
    )
    assert process.stdout is not None
    for line in process.stdout:
        ready = re.search(r"API (http\S+), \S+ on 127\.0\.0\.1:(\d+)", line)
        if ready:
            break
    yield ready[1], int(ready[2])
    process.terminate()
    process.communicate(timeout=30)


def test_smoke_test_passes_when_everything_works(stack: tuple[str, int]) -> None:
    url, port = stack
    seconds = check_round_trip(
        url, "read_key", lambda topic, data: paho.mqtt.publish.single(topic, data, 1, port=port), 30
    )
    assert 0 < seconds < 30


def test_smoke_test_fails_when_the_rule_receives_nothing(stack: tuple[str, int]) -> None:
    with pytest.raises(CommandError, match="was published but is not stored after 0 s"):
        check_round_trip(stack[0], "read_key", lambda *_: None, 0.5)


def test_smoke_test_fails_when_the_key_is_wrong(stack: tuple[str, int]) -> None:
    with pytest.raises(CommandError, match="answers 403 to a request with its key"):
        check_round_trip(stack[0], "read_wrong", lambda *_: None, 1)
