"""An outbox that another process uses."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_HOLD = """
import sys
from pathlib import Path
from edge_lambda.delivery.outbox import Outbox
outbox = Outbox(Path(sys.argv[1]))
print("open", flush=True)
sys.stdin.read()
outbox.close()
"""


@contextmanager
def running_outbox(path: Path) -> Iterator[None]:
    """Let another process use an outbox until the end of the block."""
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"open\n"
        yield
        process.communicate(b"")
    assert process.returncode == 0
