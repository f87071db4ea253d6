"""``alerts_api``: the page of an alert, which pauses the alerts of its camera."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

from smile_cloud import clients
from smile_cloud.alert_messages.dashboard import smile_fragment
from smile_cloud.alert_messages.links import AlertLink, AlertLinks, LinkError
from smile_cloud.alert_settings.model import AlertSettings
from smile_cloud.alert_settings.store import AlertSettingsStore
from smile_cloud.alert_settings.stored import merge
from smile_cloud.alerts_api import page
from smile_cloud.alerts_api.settings import AlertsApiSettings
from smile_cloud.attributes import from_attributes, to_attributes
from smile_cloud.keys import device_pk, event_sk
from smile_contract import parse_time, truncate_to_ms

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PAUSES: Final = {"1h": timedelta(hours=1), "24h": timedelta(hours=24)}
END: Final = "end"
_MAX_FORM_CHARACTERS: Final = 100


class AlertPageService:
    """Answers the requests of browsers.

    Parameters
    ----------
    client : DynamoDBClient
    table_name : str
    defaults : AlertSettings
        The settings that hold while nobody has stored others.
    links : AlertLinks
    has_dashboard : bool
        Whether pages lead to the dashboard.
    clock : callable
        Returns the current time, UTC.
    """

    def __init__(
        self,
        client: DynamoDBClient,
        table_name: str,
        defaults: AlertSettings,
        links: AlertLinks,
        *,
        has_dashboard: bool,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client = client
        self._table_name = table_name
        self._defaults = defaults
        self._store = AlertSettingsStore(client, table_name)
        self._links = links
        self._has_dashboard = has_dashboard
        self._clock = clock

    @classmethod
    def from_settings(cls, settings: AlertsApiSettings) -> AlertPageService:
        """Return the service with the AWS client of this execution environment."""
        links = AlertLinks(settings.link_key)
        return cls(
            clients.dynamodb(),
            settings.table_name,
            settings.defaults,
            links,
            has_dashboard=settings.has_dashboard,
        )

    def show(self, token: str) -> page.Page:
        """Return the page of a link; nothing changes, so that mail scanners may open it."""
        link = self._read(token)
        if isinstance(link, page.Page):
            return link
        now = self._clock()
        fleet, device = self._store.read(None), self._store.read(link.device_id)
        settings = merge(self._defaults, fleet, device)
        pause = None
        if settings.suspended_until is not None and settings.is_suspended(now):
            pause = page.Pause(
                settings.local(settings.suspended_until),
                can_end=settings.suspended_until == device.paused_by_link,
            )
        return page.alert_page(
            token,
            settings.display_name or link.device_id,
            settings.time_zone,
            self._smile(link, settings, now),
            pause,
            dashboard=_in_dashboard(link) if self._has_dashboard else None,
        )

    def pause(self, token: str, form: str) -> page.Page:
        """Do what a button of the page says; return the answer, which leads back to the page."""
        link = self._read(token)
        if isinstance(link, page.Page):
            return link
        chosen = _chosen(form)
        now = truncate_to_ms(self._clock())
        if chosen == END:
            self._store.resume(link.device_id, now)
        elif chosen in PAUSES:
            self._store.pause(link.device_id, now + PAUSES[chosen], now)
        else:
            return page.bad_form_page()
        return page.back_to_page(token)

    def _read(self, token: str) -> AlertLink | page.Page:
        try:
            link = self._links.read(token)
        except LinkError:
            return page.unknown_page()
        return link if self._clock() < link.expires_at else page.expired_page()

    def _smile(self, link: AlertLink, settings: AlertSettings, now: datetime) -> page.Smile | None:
        answer = self._client.get_item(
            TableName=self._table_name,
            Key=to_attributes({"pk": device_pk(link.device_id), "sk": event_sk(link.event_id)}),
        )
        item: dict[str, Any] = from_attributes(answer["Item"]) if "Item" in answer else {}
        if item.get("expires_at", 0) <= now.timestamp():
            return None
        return page.Smile(
            settings.local(parse_time(item["started_at"])),
            item["duration_ms"],
            has_ended=item["phase"] == "ended",
            peak_score=item["peak_score"],
        )


def _in_dashboard(link: AlertLink) -> str:
    """Return where the dashboard shows an event, relative to the page of its alert."""
    return f"../{smile_fragment(link.device_id, link.event_id)}"


def _chosen(form: str) -> str:
    """Return the button that sent a form; an empty text for another form."""
    fields = parse_qs(form, keep_blank_values=True) if len(form) <= _MAX_FORM_CHARACTERS else {}
    return fields["for"][0] if list(fields) == ["for"] and len(fields["for"]) == 1 else ""
