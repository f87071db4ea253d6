"""A table with events, and the history service that reads it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from smile_cloud.attributes import to_attributes
from smile_cloud.history_api.event_history import MAX_EXAMINED, MAX_QUERIES, EventHistory
from smile_cloud.history_api.requests import GetEvent, ListEvents, ReviewThresholds
from smile_cloud.history_api.service import HistoryApiService
from smile_cloud.keys import day_pk, device_pk, event_sk, shard_of
from smile_cloud.store_event.event_store import EventStore
from smile_contract import SmileEvent, format_time

Ids = list[str]
KEPT = timedelta(days=90)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class History:
    """The service at noon, on a table that keeps events for 90 days."""

    def __init__(
        self,
        client: Any,
        table: str,
        max_queries: int = MAX_QUERIES,
        max_examined: int = MAX_EXAMINED,
    ) -> None:
        self._client, self._table = client, table
        self._store = EventStore(client, table, event_retention=KEPT, rollup_retention=KEPT)
        self._service = HistoryApiService(
            EventHistory(client, table, max_queries=max_queries, max_examined=max_examined),
            b"k" * 32,
            clock=lambda: NOON,
        )

    def store(self, *events: SmileEvent, received_at: datetime = NOON) -> None:
        for event in events:
            self._store.store(event, received_at)

    def store_many(self, events: Sequence[SmileEvent], received_at: datetime = NOON) -> None:
        """Store events of one day without the store's transactions, which are slow."""
        self.store(events[0], received_at=received_at)
        for event in events[1:]:
            item = event.to_dict() | {
                "pk": device_pk(event.device_id),
                "sk": event_sk(event.event_id),
                "gsi1pk": day_pk(event.started_at.date(), shard_of(event.event_id)),
                "gsi1sk": event.event_id,
                "received_at": format_time(received_at),
                "expires_at": int((received_at + KEPT).timestamp()),
            }
            self._client.put_item(TableName=self._table, Item=to_attributes(item))

    def get(self, device_id: str, event_id: str) -> dict[str, Any]:
        return self._service.handle(GetEvent.parse(device_id, event_id))

    def list(self, **parameters: str) -> dict[str, Any]:
        """Return the answer to a list request; ``from_`` stands for ``from``."""
        given = {name.rstrip("_"): [value] for name, value in parameters.items()}
        return self._service.handle(ListEvents.parse(given))

    def ids(self, **parameters: str) -> Ids:
        return [event["event_id"] for event in self.list(**parameters)["events"]]

    def pages(self, **parameters: str) -> list[Ids]:
        """Follow the cursors; return the ids of each page."""
        pages: list[Ids] = []
        cursor: dict[str, str] = {}
        while True:
            page = self.list(**parameters, **cursor)
            pages.append([event["event_id"] for event in page["events"]])
            if page["next_cursor"] is None:
                return pages
            assert {"cursor": page["next_cursor"]} != cursor, "no progress"
            cursor = {"cursor": page["next_cursor"]}

    def export(
        self, media_type: str, *, remaining_ms: int = 30_000, **parameters: str
    ) -> list[str]:
        """Follow the cursors; return the body of each part."""
        given = {name: [value] for name, value in parameters.items()}
        bodies: list[str] = []
        while True:
            request = ListEvents.parse(given)
            part = self._service.export(request, media_type, lambda: remaining_ms)
            bodies.append(part.body)
            if part.next_cursor is None:
                return bodies
            assert [part.next_cursor] != given.get("cursor"), "no progress"
            given["cursor"] = [part.next_cursor]

    def review(self, device_id: str, **parameters: str) -> dict[str, Any]:
        """Return the review of other thresholds."""
        given = {name: [value] for name, value in parameters.items()}
        request = ReviewThresholds.parse(device_id, given)
        return self._service.review(request, lambda: 30_000)
