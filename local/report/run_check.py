"""Checks through the REST API that every event of the edge is stored as it was sent."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import isclose
from typing import Any
from urllib.parse import quote

from local.network.ports import LOOPBACK

# These fields must be as sent. The cloud may add others.
_COMPARED = (
    "device_id", "phase", "started_at", "ended_at", "duration_ms", "peak_score", "mean_score",
    "track_id",
)  # fmt: skip
_TOLERANCE = 1e-6
_POLL_S = 0.1

Event = Mapping[str, Any]


@dataclass
class RunCheck:
    """The events of a run in the table.

    Attributes
    ----------
    stored : dict
        Events that are stored as sent, by id.
    missing : list of str
        Ids of events that are not stored.
    different : dict of str to str
        Ids of events that are stored differently, with the difference.
    dead_letters : dict of str to int
        Number of messages in each queue that invokes no function.
    waiting, delayed : dict of str to int
        Number of messages in the other queues that no function has handled in time, and that come
        later.
    """

    stored: dict[str, Event] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    different: dict[str, str] = field(default_factory=dict)
    dead_letters: dict[str, int] = field(default_factory=dict)
    waiting: dict[str, int] = field(default_factory=dict)
    delayed: dict[str, int] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        """Whether every event is stored as sent and every message is handled."""
        left = (*self.dead_letters.values(), *self.waiting.values())
        return not (self.missing or self.different or any(left))


def check_run(
    sent: Mapping[str, Event], read: Callable[[Event], Event | None], timeout_s: float
) -> RunCheck:
    """Read each event until it is stored as sent, or the time is up.

    Parameters
    ----------
    sent : Mapping
        The last message of the edge about each event, by id.
    read : callable
        Returns what is stored for an event, None when there is nothing.
    timeout_s : float
        How long to wait for all of them.
    """
    check = RunCheck()
    waiting = dict(sent)
    deadline = time.monotonic() + timeout_s
    while waiting:
        check.missing, check.different = [], {}
        for event_id, event in list(waiting.items()):
            found = read(event)
            if found is None:
                check.missing.append(event_id)
            elif difference := _difference(event, found):
                check.different[event_id] = difference
            else:
                check.stored[event_id] = found
                del waiting[event_id]
        if not waiting or time.monotonic() > deadline:
            break
        time.sleep(_POLL_S)
    return check


def read_event(port: int, api_key: str, event: Event) -> Event | None:
    """Return what the REST API has for an event, None when it has nothing."""
    device_id, event_id = (quote(str(event.get(key)), safe="") for key in ("device_id", "event_id"))
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=30)
    try:
        path = f"/v1/devices/{device_id}/events/{event_id}"
        connection.request("GET", path, headers={"x-api-key": api_key})
        response = connection.getresponse()
        body = response.read()
        return json.loads(body) if response.status == http.client.OK else None
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()


def _difference(sent: Event, found: Event) -> str:
    """Return what differs, empty when nothing does."""
    if sent.get("phase") != "ended":
        return "the edge did not send its end"
    for key in _COMPARED:
        left, right = sent.get(key), found.get(key)
        if isinstance(left, int | float) and isinstance(right, int | float):
            if isclose(left, right, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE):
                continue
        elif left == right:
            continue
        return f"{key} is {right!r}, sent as {left!r}"
    return ""
