"""Where an alert leads: to its smile, and to the page that pauses the alerts of its camera."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from smile_cloud.alert_messages.links import AlertLinks
from smile_contract import SmileEvent


@dataclass(frozen=True, slots=True)
class AlertUrls:
    """The links of one alert.

    Attributes
    ----------
    smile : str
        The smile in the dashboard; without a dashboard, the page of the alert.
    page : str
        The page of the alert, which shows the smile and pauses the alerts of its camera. It needs
        no key and expires after 7 days.
    """

    smile: str
    page: str


@dataclass(frozen=True, slots=True)
class AlertUrlMaker:
    """Makes the links of alerts.

    Attributes
    ----------
    links : AlertLinks
    has_dashboard : bool
        Whether the dashboard is served.
    """

    links: AlertLinks
    has_dashboard: bool

    def urls(self, api_url: str, event: SmileEvent, now: datetime) -> AlertUrls:
        """Return the links of an alert about an event; `api_url` has no trailing slash."""
        page = self.links.url(api_url, event.device_id, event.event_id, now)
        if not self.has_dashboard:
            return AlertUrls(page, page)
        return AlertUrls(f"{api_url}/{dashboard_fragment(event.device_id, event.event_id)}", page)


def dashboard_fragment(device_id: str, event_id: str) -> str:
    """Return the part of the dashboard's address that names an event, from its ``#`` on.

    A device id may hold colons. They are escaped, as the dashboard itself does: a mail program may
    end a link at one.
    """
    return f"#/devices/{quote(device_id, safe='')}/events/{event_id}"
