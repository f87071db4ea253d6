"""``feedback_api``: store what a person says about an event."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from smile_cloud import clients
from smile_cloud.feedback_api.feedback_store import FeedbackStore
from smile_cloud.feedback_api.requests import Feedback, caller
from smile_cloud.feedback_api.settings import FeedbackApiSettings
from smile_cloud.http.errors import NotFoundError
from smile_contract import format_time


class FeedbackApiService:
    """Stores feedback.

    Parameters
    ----------
    store : FeedbackStore
    clock : callable
        Returns the current time, UTC.
    """

    def __init__(
        self, store: FeedbackStore, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._store = store
        self._clock = clock

    @classmethod
    def from_settings(cls, settings: FeedbackApiSettings) -> FeedbackApiService:
        """Return the service with the AWS client of this execution environment."""
        return cls(FeedbackStore(clients.dynamodb(), settings.table_name))

    def handle(
        self, device_id: str, event_id: str, feedback: Feedback, context: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Store `feedback`; return the document that answers the request.

        Parameters
        ----------
        device_id, event_id : str
        feedback : Feedback
        context : Mapping
            ``requestContext`` of the request: names the caller if `feedback` names nobody.

        Raises
        ------
        NotFoundError
            When the event does not exist or has expired.
        ConflictError, botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
            When a later retry may succeed.
        """
        now = self._clock()
        by = feedback.by or caller(context)
        stored = {"verdict": feedback.verdict, "by": by, "at": format_time(now)}
        if not self._store.put(device_id, event_id, stored, now):
            raise NotFoundError(
                f"Device {device_id} has no event {event_id}, or the event has expired; "
                "GET /v1/events lists the events."
            )
        return {"device_id": device_id, "event_id": event_id, "feedback": stored}
