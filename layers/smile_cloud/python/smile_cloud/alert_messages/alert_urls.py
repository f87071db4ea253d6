"""Where an alert leads: to its smile, and to the page that pauses the alerts of its camera."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from smile_cloud.alert_messages.dashboard import Dashboard
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
        return AlertUrls(Dashboard(api_url).smile(event.device_id, event.event_id), page)
