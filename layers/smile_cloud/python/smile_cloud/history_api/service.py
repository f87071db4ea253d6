"""``history_api``: parameters in, JSON-ready answers out."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from smile_cloud import clients
from smile_cloud.errors import NotFoundError, ParameterProblem, QueryError
from smile_cloud.history_api.cursor import CursorCodec
from smile_cloud.history_api.event_history import EventHistory
from smile_cloud.history_api.event_view import event_view
from smile_cloud.history_api.query import DEVICE_EXPECTED, parse_history_request
from smile_cloud.settings import HistoryApiSettings
from smile_contract import is_device_id


class HistoryService:
    """Answers who smiled when.

    Parameters
    ----------
    history : EventHistory
    cursors : CursorCodec
    clock : callable
        Returns the time that decides what has expired.
    """

    def __init__(
        self,
        history: EventHistory,
        cursors: CursorCodec,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._history = history
        self._cursors = cursors
        self._clock = clock

    @classmethod
    def from_settings(cls, settings: HistoryApiSettings) -> HistoryService:
        """Return the service with the environment's own client."""
        history = EventHistory(clients.dynamodb(), settings.table_name)
        return cls(history, CursorCodec(settings.cursor_key))

    def list_events(self, parameters: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        """Return a page of events, newest first, and the cursor of the next one.

        Raises
        ------
        QueryError
            When a parameter cannot be used; `CursorError` when it is the cursor.
        """
        request = parse_history_request(parameters)
        fingerprint = request.query.fingerprint()
        below = None
        if request.cursor is not None:
            below = self._cursors.decode(request.cursor, fingerprint)
        page = self._history.page(request.query, request.limit, below, self._clock())
        next_cursor = None
        if page.position is not None:
            next_cursor = self._cursors.encode(page.position, fingerprint)
        return {"events": [event_view(item) for item in page.items], "next_cursor": next_cursor}

    def get_event(self, device_id: str, event_id: str) -> dict[str, Any]:
        """Return one event.

        Raises
        ------
        QueryError
            When either id cannot be one.
        NotFoundError
            When there is no such event, or it has expired.
        """
        event_id = event_id.lower()
        problems = []
        if not is_device_id(device_id):
            problems.append(ParameterProblem("device", f"{DEVICE_EXPECTED}."))
        if not _is_uuid7(event_id):
            detail = "expected a UUIDv7, such as an event_id of GET /v1/events."
            problems.append(ParameterProblem("event_id", detail))
        if problems:
            raise QueryError(problems)
        item = self._history.get(device_id, event_id, self._clock())
        if item is None:
            raise NotFoundError(
                f"Device {device_id} has no event {event_id}, or it has expired; "
                "GET /v1/events lists the events there are."
            )
        return event_view(item)


def _is_uuid7(text: str) -> bool:
    try:
        parsed = uuid.UUID(text)
    except ValueError:
        return False
    return parsed.version == 7 and str(parsed) == text  # noqa: PLR2004 - the version's name
