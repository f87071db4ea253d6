"""``history_api``: answer a parsed request with a JSON-ready document."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from smile_cloud.history_api.event_history import EventHistory
from smile_cloud.history_api.event_view import event_view
from smile_cloud.history_api.position import Position
from smile_cloud.history_api.requests import (
    DEFAULT_LIMIT,
    GetEvent,
    ListEvents,
    ReviewThresholds,
)
from smile_cloud.history_api.settings import HistoryApiSettings
from smile_cloud.http.errors import NotFoundError
from smile_cloud.http.signed_cursor import SignedCursor

_CURSORS: Final = "events 2"  # the list, and the version of its cursors


@dataclass(frozen=True, slots=True)
class Export:
    """A part of the events as lines of text.

    Attributes
    ----------
    content_type, body : str
    next_cursor : str or None
        Where the next part starts; None after the last one.
    """

    content_type: str
    body: str
    next_cursor: str | None


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

    def export(
        self, request: ListEvents, media_type: str, remaining_ms: Callable[[], int]
    ) -> Export:
        """Return the next part of the events of `request` as lines of text.

        Parameters
        ----------
        request : ListEvents
        media_type : str
            One of `smile_cloud.history_api.event_lines.LINES`.
        remaining_ms : callable
            Returns how much time the invocation has left, in ms.

        Raises
        ------
        CursorError
            When the cursor does not belong to the query.
        botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
            When a later retry may succeed.
        """
        # Most requests ask for JSON, and a cold start imports only what it needs.
        from smile_cloud.history_api.event_lines import LINES  # noqa: PLC0415
        from smile_cloud.history_api.export import AT_ONCE, ExportPart, is_late  # noqa: PLC0415

        lines, is_first = LINES[media_type], request.cursor is None
        part = ExportPart(lines, request.limit, has_head=is_first)
        rest = self._history.collect(
            request.query,
            part,
            at_once=min(request.limit or AT_ONCE, AT_ONCE),
            after=self._position(request),
            now=self._clock(),
            is_spent=is_late(remaining_ms),
        )
        content_type = lines.content_type(is_first=is_first)
        return Export(content_type, part.body, self._cursor(request, rest))

    def review(self, request: ReviewThresholds, remaining_ms: Callable[[], int]) -> dict[str, Any]:
        """Return what other thresholds would have reported.

        Parameters
        ----------
        request : ReviewThresholds
        remaining_ms : callable
            Returns how much time the invocation has left, in ms.

        Raises
        ------
        botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
            When a later retry may succeed.
        """
        from smile_cloud.history_api.replay import Proposal  # noqa: PLC0415 - as in export
        from smile_cloud.history_api.threshold_review import ThresholdReview  # noqa: PLC0415

        proposal = Proposal(request.threshold_on, request.threshold_off, request.min_duration_ms)
        times = request.start, request.end
        review = ThresholdReview(proposal)
        return review.read(self._history, request.device_id, times, self._clock(), remaining_ms)

    def _list_events(self, request: ListEvents) -> dict[str, Any]:
        items, rest = self._history.page(
            request.query, request.limit or DEFAULT_LIMIT, self._position(request), self._clock()
        )
        next_cursor = self._cursor(request, rest)
        return {"events": [event_view(item) for item in items], "next_cursor": next_cursor}

    def _position(self, request: ListEvents) -> Position | None:
        if request.cursor is None:
            return None
        text = self._cursors.decode(request.cursor, request.query.fingerprint())
        return Position.from_text(text)

    def _cursor(self, request: ListEvents, rest: Position | None) -> str | None:
        if rest is None:
            return None
        return self._cursors.encode(rest.text(), request.query.fingerprint())

    def _get_event(self, request: GetEvent) -> dict[str, Any]:
        item = self._history.get(request.device_id, request.event_id, self._clock())
        if item is None:
            raise NotFoundError(
                f"Device {request.device_id} has no event {request.event_id}, or the event has "
                "expired; GET /v1/events lists the events."
            )
        return event_view(item)
