"""``history_api``: answer a parsed request with a JSON-ready document."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from smile_cloud.history_api.event_history import EventHistory
from smile_cloud.history_api.event_view import event_view
from smile_cloud.history_api.position import Position
from smile_cloud.history_api.requests import GetEvent, ListEvents
from smile_cloud.history_api.settings import HistoryApiSettings
from smile_cloud.http.errors import NotFoundError
from smile_cloud.http.signed_cursor import SignedCursor

_CURSORS: Final = "events 2"  # the list, and the version of its cursors


class HistoryApiService:
    """Answers requests for stored events.

    Parameters
    ----------
    history : EventHistory
    cursor_key : bytes
        Secret that signs the cursors.
    clock : callable
        Returns the current time, UTC, which decides what has expired.
    """

    def __init__(
        self,
        history: EventHistory,
        cursor_key: bytes,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._history = history
        self._cursors = SignedCursor(cursor_key, _CURSORS)
        self._clock = clock

    @classmethod
    def from_settings(cls, settings: HistoryApiSettings) -> HistoryApiService:
        """Return the service with the AWS client of this execution environment."""
        # The OpenAPI document needs no AWS, so a cold start for it does not import botocore.
        from smile_cloud import clients  # noqa: PLC0415

        history = EventHistory(clients.dynamodb(), settings.table_name)
        return cls(history, settings.cursor_key)

    def handle(self, request: ListEvents | GetEvent) -> dict[str, Any]:
        """Return the document that answers `request`.

        Raises
        ------
        CursorError
            When the cursor does not belong to the query.
        NotFoundError
            When the event does not exist or has expired.
        botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
            When a later retry may succeed.
        """
        if isinstance(request, ListEvents):
            return self._list_events(request)
        return self._get_event(request)

    def _list_events(self, request: ListEvents) -> dict[str, Any]:
        fingerprint = request.query.fingerprint()
        after = None
        if request.cursor is not None:
            after = Position.from_text(self._cursors.decode(request.cursor, fingerprint))
        items, rest = self._history.page(request.query, request.limit, after, self._clock())
        next_cursor = None if rest is None else self._cursors.encode(rest.text(), fingerprint)
        return {"events": [event_view(item) for item in items], "next_cursor": next_cursor}

    def _get_event(self, request: GetEvent) -> dict[str, Any]:
        item = self._history.get(request.device_id, request.event_id, self._clock())
        if item is None:
            raise NotFoundError(
                f"Device {request.device_id} has no event {request.event_id}, or the event has "
                "expired; GET /v1/events lists the events."
            )
        return event_view(item)
