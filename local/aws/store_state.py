"""Keeps the tables and secrets of MiniStack in a folder, from run to run.

Queues and topics start empty: a queue's URL holds the port of the run.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from pathlib import Path
from typing import Final

from ministack.core.persistence import load_state, save_all
from ministack.services import dynamodb, secretsmanager

from local.aws.store import DAMAGED

_SERVICES: Final = {"dynamodb": dynamodb, "secretsmanager": secretsmanager}
# A save blocks the server while it copies the tables: 0.2 s for 10,000 events. Saves take at most
# one part in fifty of the time.
_SAVE_S: Final = 30.0
_SAVE_SHARE: Final = 50


def restore(folder: Path) -> None:
    """Read what earlier runs kept. A file that cannot be read is renamed, and its data is empty."""
    for name, service in _SERVICES.items():
        state = load_state(name)
        file = folder / f"{name}.json"
        if state is None and file.exists():
            file.replace(folder / f"{name}-{time.time():.0f}{DAMAGED}")
        service.load_persisted_state(state)


def save() -> float:
    """Write everything; return how long it took, in seconds."""
    started = time.monotonic()
    save_all({name: service.get_state for name, service in _SERVICES.items()})
    return time.monotonic() - started


async def save_regularly(end: asyncio.Event) -> None:
    """Save every half minute, or less often when it takes long, and at the `end`."""
    pause_s = _SAVE_S
    while not end.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(end.wait(), pause_s)
        pause_s = max(_SAVE_S, _SAVE_SHARE * save())
