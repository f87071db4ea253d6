"""Asks the REST API whether every event made on the edge is in the table as made."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isclose
from typing import Any
from urllib.parse import quote

from local.aws.endpoints import LocalAws
from local.processes.child import LOOPBACK

# What must be in the table as the edge said it; the cloud may add to it.
_COMPARED = (
    "device_id", "phase", "started_at", "ended_at", "duration_ms", "peak_score", "mean_score",
    "track_id",
)  # fmt: skip
_TOLERANCE = 1e-6
_POLL_S = 0.1


@dataclass
class Verdict:
    """What the table holds of a run.

    Attributes
    ----------
    stored : dict
        Events that are in the table as made, by id.
    missing : list of str
        Ids of events that are not there at all.
    different : dict of str to str
        Ids of events that are there otherwise, with what differs.
    dead_letters : dict of str to int
        Messages in each queue of the template.
    """

    stored: dict[str, dict[str, Any]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    different: dict[str, str] = field(default_factory=dict)
    dead_letters: dict[str, int] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        """Whether everything arrived and nothing was set aside."""
        return not (self.missing or self.different or any(self.dead_letters.values()))


class ApiClient:
    """Reads single events from the REST API.

    Parameters
    ----------
    port : int
        Where it is served.
    api_key : str
        The key.
    """

    def __init__(self, port: int, api_key: str) -> None:
        self._port = port
        self._headers = {"x-api-key": api_key}

    def event(self, device_id: str, event_id: str) -> dict[str, Any] | None:
        """Return an event, None while the API does not have it."""
        path = f"/v1/devices/{quote(device_id, safe='')}/events/{quote(event_id, safe='')}"
        connection = http.client.HTTPConnection(LOOPBACK, self._port, timeout=30)
        try:
            connection.request("GET", path, headers=self._headers)
            response = connection.getresponse()
            body = response.read()
            found = json.loads(body) if response.status == http.client.OK else None
        except (OSError, http.client.HTTPException, ValueError):
            return None
        finally:
            connection.close()
        return found if isinstance(found, dict) else None


def verify(made: Mapping[str, Mapping[str, Any]], api: ApiClient, timeout_s: float) -> Verdict:
    """Look each event up until it is there as made, or the time is up.

    Parameters
    ----------
    made : Mapping
        Events as the edge printed them last, by id.
    api : ApiClient
        The REST API.
    timeout_s : float
        How long to wait for all of them.
    """
    verdict = Verdict()
    waiting = dict(made)
    deadline = time.monotonic() + timeout_s
    while waiting:
        verdict.missing, verdict.different = [], {}
        for event_id, event in list(waiting.items()):
            found = api.event(str(event.get("device_id")), event_id)
            if found is None:
                verdict.missing.append(event_id)
            elif difference := _difference(event, found):
                verdict.different[event_id] = difference
            else:
                verdict.stored[event_id] = found
                del waiting[event_id]
        if waiting and time.monotonic() > deadline:
            break
        if waiting:
            time.sleep(_POLL_S)
    return verdict


def count_messages(aws: LocalAws, queues: Mapping[str, str]) -> dict[str, int]:
    """Return how many messages wait in each queue.

    Parameters
    ----------
    aws : LocalAws
        Where the queues are.
    queues : Mapping of str to str
        Queue URLs by logical id.
    """
    counts = {}
    for logical_id, url in queues.items():
        attributes = aws.sqs.get_queue_attributes(
            QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"]
        )["Attributes"]
        counts[logical_id] = int(attributes["ApproximateNumberOfMessages"])
    return counts


def _difference(made: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    """Return what differs, empty when nothing does."""
    if made.get("phase") != "ended":
        return "the edge never ended it"
    for key in _COMPARED:
        left, right = made.get(key), found.get(key)
        if isinstance(left, int | float) and isinstance(right, int | float):
            if isclose(left, right, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE):
                continue
        elif left == right:
            continue
        return f"{key} is {right!r}, made as {left!r}"
    return ""
