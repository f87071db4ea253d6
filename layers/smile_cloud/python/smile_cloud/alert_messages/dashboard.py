"""Addresses in the dashboard, for the links in alerts.

The dashboard is served at the root of the API, and names its views after the ``#``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Dashboard:
    """The dashboard of a stage.

    Attributes
    ----------
    api_url : str
        The API that serves it, without a trailing slash.
    """

    api_url: str

    def smile(self, device_id: str, event_id: str) -> str:
        """Return the address of a smile."""
        return f"{self.api_url}/{smile_fragment(device_id, event_id)}"

    def camera(self, device_id: str) -> str:
        """Return the address of the page of a camera."""
        return f"{self.api_url}/#/devices/{_escaped(device_id)}"

    def cameras(self) -> str:
        """Return the address of the list of all cameras."""
        return f"{self.api_url}/#/cameras"

    def day(self, day: date, device_id: str | None = None) -> str:
        """Return the address of the smiles of a day, of one camera or of all."""
        camera = "" if device_id is None else f"&device={_escaped(device_id)}"
        return f"{self.api_url}/#/history?from={day.isoformat()}&to={day.isoformat()}{camera}"


def smile_fragment(device_id: str, event_id: str) -> str:
    """Return the part of the address of a smile from its ``#`` on."""
    return f"#/devices/{_escaped(device_id)}/events/{event_id}"


def _escaped(device_id: str) -> str:
    # It may hold colons, at which a mail program may end a link. The dashboard escapes them too.
    return quote(device_id, safe="")
