"""Finds in a function's log why it failed with a message.

A function that answers with ``batchItemFailures`` names messages but no reasons: it logs them.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

_READ_BYTES = 1024 * 1024  # the end of the log
_FAILED_LEVELS = ("WARNING", "ERROR", "CRITICAL")


def logged_error(log: Path | None, message_id: str) -> str:
    """Return the last error that a log has for a message of a queue.

    Parameters
    ----------
    log : Path or None
        Lines, of which those in JSON with a ``level`` are read.
    message_id : str
        The message's id, which such a line contains.

    Returns
    -------
    str
        The exception's last line, else the line's message; empty when there is none.
    """
    for line in reversed(_last_lines(log)):
        if message_id in line and (record := _error(line)):
            exception = str(record.get("exception") or record.get("message") or "").strip()
            return exception.rpartition("\n")[2]
    return ""


def _last_lines(log: Path | None) -> list[str]:
    if log is None or not log.exists():
        return []
    with log.open("rb") as stream:
        stream.seek(max(0, stream.seek(0, os.SEEK_END) - _READ_BYTES))
        return stream.read().decode("utf-8", "replace").splitlines()


def _error(line: str) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    is_error = isinstance(record, dict) and record.get("level") in _FAILED_LEVELS
    return record if is_error else None
