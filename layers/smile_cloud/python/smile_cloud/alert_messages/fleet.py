"""The alerts about many cameras at once: an outage of the fleet, and its end."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final, Literal

from smile_cloud.alert_messages import wording
from smile_cloud.alert_messages.dashboard import Dashboard
from smile_cloud.alert_messages.message import SCHEMA_VERSION, AlertMessage, text_attribute
from smile_cloud.alert_settings.model import AlertSettings
from smile_contract import format_time

FleetKind = Literal["fleet_outage", "fleet_recovered"]

MAX_NAMED: Final = 20
_SMS_NAMES: Final = 3


@dataclass(frozen=True, slots=True)
class NamedDevice:
    """A camera that an alert about the fleet names.

    Attributes
    ----------
    device_id : str
    display_name : str or None
    """

    device_id: str
    display_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetAlert:
    """What an alert about many cameras says.

    Attributes
    ----------
    kind : str
        ``fleet_outage`` or ``fleet_recovered``.
    outage_id : str
        The same in the alert about an outage and in those about its end.
    since : datetime
        When the first of the cameras stopped, UTC.
    cameras : int
        Cameras in the outage.
    fleet : int
        Cameras that worked before it.
    still_down : int
        Cameras of the outage that are still offline or blind.
    devices : tuple of NamedDevice
        The first of those that are offline or blind, at most 20.
    """

    kind: FleetKind
    outage_id: str
    since: datetime
    cameras: int
    fleet: int
    still_down: int
    devices: tuple[NamedDevice, ...]


def compose_fleet(
    alert: FleetAlert, settings: AlertSettings, dashboard: Dashboard | None = None
) -> AlertMessage:
    """Return the message of an alert about many cameras.

    Parameters
    ----------
    alert : FleetAlert
    settings : AlertSettings
        Those of the fleet: its time zone.
    dashboard : Dashboard or None
        None leaves the link to the list of cameras out.
    """
    link = None if dashboard is None else dashboard.cameras()
    since = settings.local(alert.since)
    if alert.kind == "fleet_outage":
        title = f"{alert.cameras} of {wording.cameras(alert.fleet)} stopped since {since:%H:%M}"
        advice = (
            "They are offline or see nothing. There is one message for all of them: check what "
            "they share, such as the network, the power or the light."
        )
    else:
        back = alert.cameras - alert.still_down
        title = f"{back} of {wording.cameras(alert.cameras)} back, stopped since {since:%H:%M}"
        advice = "All of them work." if not alert.still_down else "The others are still down."
    return AlertMessage(
        subject=title,
        email=_email(
            alert, f"{title} on {wording.day(since)} ({settings.time_zone} time)", advice, link
        ),
        sms=_sms(alert, title),
        document={
            "schema_version": SCHEMA_VERSION,
            "kind": alert.kind,
            "outage_id": alert.outage_id,
            "since": format_time(alert.since),
            "cameras": alert.cameras,
            "fleet": alert.fleet,
            "still_down": alert.still_down,
            "devices": [asdict(device) for device in alert.devices],
            "devices_left_out": alert.still_down - len(alert.devices),
            "link": link,
        },
        attributes={
            "kind": text_attribute(alert.kind),
            "device_id": {
                "DataType": "String.Array",
                "StringValue": json.dumps([device.device_id for device in alert.devices]),
            },
        },
    )


def _email(alert: FleetAlert, first_line: str, advice: str, link: str | None) -> str:
    lines = [f"{first_line}.", advice]
    if alert.devices:
        lines.append("\nStill down:" if alert.kind == "fleet_recovered" else "")
    for device in alert.devices:
        name = f"{device.display_name} " if device.display_name else ""
        lines.append(f"{name}({device.device_id})" if name else device.device_id)
    left = alert.still_down - len(alert.devices)
    if left:
        lines.append(f"and {wording.cameras(left)} more")
    if link is not None:
        lines += ["", "See all cameras in the dashboard:", link]
    return "\n".join(lines) + "\n"


def _sms(alert: FleetAlert, title: str) -> str:
    if not alert.devices:
        return f"{title}."
    names = ", ".join(
        wording.ascii_name(device.display_name, device.device_id)
        for device in alert.devices[:_SMS_NAMES]
    )
    return wording.fit(f"{title}. Down: {{name}}.", names, wording.MAX_SMS_CHARACTERS)
