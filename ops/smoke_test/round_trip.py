"""The round trip of one event: MQTT, rule, function, table, API."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from ops.errors import CommandError
from smile_contract import Face, Model, SmileEvent, encode_message, events_topic, uuid7

DEVICE = "smoke-test"
# Above the largest AlertMaxAgeSeconds (99999 s): the event is stored, and no alert is sent.
_AGE = timedelta(hours=30)
_POLL_S = 1.0
_TIMEOUT_S = 10.0


def check_round_trip(
    api_url: str, api_key: str, publish: Callable[[str, bytes], object], wait_s: float = 90.0
) -> float:
    """Publish an event, read it back from the API, and return the seconds in between.

    Parameters
    ----------
    api_url, api_key : str
    publish : callable
        Takes topic and payload.
    wait_s : float
        How long the event may take; enough for a cold start and a retry.

    Raises
    ------
    CommandError
        If the API needs no key, does not answer, or does not return the event as published.
    """
    status, _ = _get(f"{api_url}/v1/events", None)
    if status != HTTPStatus.UNAUTHORIZED:
        raise CommandError(f"the API answers {status} without a key: expected 401")
    event = _event(datetime.now(UTC) - _AGE)
    published_at = time.monotonic()
    publish(events_topic(DEVICE), encode_message([event]))
    url = f"{api_url}/v1/devices/{DEVICE}/events/{event.event_id}"
    while (found := _find(url, api_key)) is None:
        if time.monotonic() - published_at > wait_s:
            raise CommandError(
                f"event {event.event_id} was published but is not stored after {wait_s:.0f} s: "
                "check the dead-letter queues and the alarms"
            )
        time.sleep(_POLL_S)
    if found.get("peak_score") != event.peak_score or found.get("phase") != event.phase:
        raise CommandError(f"event {event.event_id} differs in the table from what was published")
    return time.monotonic() - published_at


def _event(started_at: datetime) -> SmileEvent:
    started_at = started_at.replace(microsecond=0)
    return SmileEvent(
        event_id=uuid7(started_at),
        device_id=DEVICE,
        seq=0,
        phase="ended",
        started_at=started_at,
        ended_at=started_at + timedelta(seconds=1),
        duration_ms=1000,
        peak_score=0.75,
        mean_score=0.5,
        face=Face(0.9, (0.4, 0.4, 0.2, 0.2)),
        track_id=1,
        model=Model("0" * 64, 0.6, 0.4),
    )


def _find(url: str, api_key: str) -> dict[str, Any] | None:
    """Return the event, or None while it is not stored."""
    status, body = _get(url, api_key)
    if status == HTTPStatus.OK:
        return body
    if status == HTTPStatus.NOT_FOUND:
        return None
    raise CommandError(f"the API answers {status} to a request with its key: expected 200")


def _get(url: str, api_key: str | None) -> tuple[int, dict[str, Any]]:
    headers = {"x-api-key": api_key} if api_key else {}
    try:
        with urlopen(Request(url, headers=headers), timeout=_TIMEOUT_S) as response:  # noqa: S310
            body = json.loads(response.read())
            return response.status, body if isinstance(body, dict) else {}
    except HTTPError as error:
        return error.code, {}
    except (URLError, HTTPException, TimeoutError, ConnectionError, ValueError) as error:
        raise CommandError(f"the API does not answer at {url}: {error}") from None
