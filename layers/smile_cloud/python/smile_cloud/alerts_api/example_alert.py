"""``alerts_api``: send test alerts."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from smile_cloud import clients
from smile_cloud.alert_messages.alert_urls import AlertUrlMaker
from smile_cloud.alert_messages.links import AlertLinks
from smile_cloud.alert_messages.smile import compose_smile
from smile_cloud.alert_settings.model import AlertSettings
from smile_cloud.alert_settings.store import AlertSettingsStore
from smile_cloud.alert_settings.stored import NOTHING_STORED, merge
from smile_cloud.alert_topic import AlertTopic
from smile_cloud.alerts_api.settings import AlertsApiSettings
from smile_cloud.http.errors import TooManyError
from smile_cloud.topic_window_store import TopicWindowStore
from smile_contract import Face, Model, SmileEvent, truncate_to_ms, uuid7

# The device id of a test alert that no device belongs to.
TEST_DEVICE: Final = "test-camera"


class ExampleAlertService:
    """Sends test alerts.

    Parameters
    ----------
    defaults : AlertSettings
        The settings that hold while nobody has stored others.
    store : AlertSettingsStore
    topic : AlertTopic
    windows : TopicWindowStore
    urls : AlertUrlMaker
    clock : callable
        Returns the current time, UTC.
    """

    def __init__(
        self,
        defaults: AlertSettings,
        store: AlertSettingsStore,
        *,
        topic: AlertTopic,
        windows: TopicWindowStore,
        urls: AlertUrlMaker,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._defaults = defaults
        self._store = store
        self._topic = topic
        self._windows = windows
        self._urls = urls
        self._clock = clock

    @classmethod
    def from_settings(cls, settings: AlertsApiSettings) -> ExampleAlertService:
        """Return the service with the AWS clients of this execution environment."""
        client, table = clients.dynamodb(), settings.table_name
        return cls(
            settings.defaults,
            AlertSettingsStore(client, table),
            topic=AlertTopic(clients.sns, settings.topic_arn),
            windows=TopicWindowStore(client, table, settings.alerts_per_minute),
            urls=AlertUrlMaker(AlertLinks(settings.link_key), settings.has_dashboard),
        )

    def send(self, device_id: str | None, api_url: str) -> dict[str, Any]:
        """Send a test alert, also while alerts are suspended; return its message id.

        Parameters
        ----------
        device_id : str or None
        api_url : str
            The API that the links in the alert point to, without a trailing slash.

        Raises
        ------
        TooManyError
            When the topic takes no message now; it says when it does.
        """
        now = truncate_to_ms(self._clock())
        device = self._store.read(device_id) if device_id is not None else NOTHING_STORED
        settings = merge(self._defaults, self._store.read(None), device)
        event = _test_event(device_id or TEST_DEVICE, now)
        urls = self._urls.urls(api_url, event, now) if device_id is not None else None
        free_at = self._windows.take(now)
        if free_at is not None:
            wait_s = max(math.ceil((free_at - now).total_seconds()), 1)
            raise TooManyError(
                f"The topic takes no more alerts this minute; try again in {wait_s} s.",
                headers={"Retry-After": str(wait_s)},
            )
        message = compose_smile(event, settings, kind="test", urls=urls)
        return {"message_id": self._topic.publish(message)}


def _test_event(device_id: str, now: datetime) -> SmileEvent:
    duration = timedelta(milliseconds=2_760)
    started_at = now - duration
    return SmileEvent(
        event_id=uuid7(started_at),
        device_id=device_id,
        seq=0,
        phase="ended",
        started_at=started_at,
        ended_at=now,
        duration_ms=duration // timedelta(milliseconds=1),
        peak_score=0.97,
        mean_score=0.86,
        face=Face(0.93, (0.41, 0.22, 0.11, 0.19)),
        track_id=0,
        model=Model("0" * 64, 0.6, 0.45),
    )
