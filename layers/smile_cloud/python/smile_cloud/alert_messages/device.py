"""The alerts about one camera: it is offline, it sees nothing, or it is back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from smile_cloud.alert_messages import wording
from smile_cloud.alert_messages.dashboard import Dashboard
from smile_cloud.alert_messages.message import SCHEMA_VERSION, AlertMessage, text_attribute
from smile_cloud.alert_settings.model import AlertSettings
from smile_contract import format_time

DeviceKind = Literal["device_offline", "device_blind", "device_recovered"]
Trouble = Literal["offline", "blind"]

# What people read for the states of a camera. The heartbeat names them: `smile_contract`.
_PICTURES: Final = {
    "unplugged": "no picture arrives",
    "frozen": "the picture is frozen",
    "too_dark": "the picture is too dark",
    "too_bright": "the picture is too bright",
    "covered": "the lens is covered",
    "out_of_focus": "the picture is out of focus",
}
_OTHER_PICTURE: Final = "the picture is not usable"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceAlert:
    """What an alert about one camera says.

    Attributes
    ----------
    kind : str
        ``device_offline``, ``device_blind`` or ``device_recovered``.
    device_id : str
    trouble : str
        ``offline`` or ``blind``; in ``device_recovered``, what it was.
    since : datetime
        When the trouble began, UTC.
    back_at : datetime or None
        When the camera was back, UTC; only in ``device_recovered``.
    camera : str or None
        State of the picture while the camera was blind.
    paused : bool
        Whether a camera that is back is paused.
    """

    kind: DeviceKind
    device_id: str
    trouble: Trouble
    since: datetime
    back_at: datetime | None = None
    camera: str | None = None
    paused: bool = False


def compose_device(
    alert: DeviceAlert, settings: AlertSettings, dashboard: Dashboard | None = None
) -> AlertMessage:
    """Return the message of an alert about one camera.

    Parameters
    ----------
    alert : DeviceAlert
    settings : AlertSettings
        Those of the device: its name and time zone.
    dashboard : Dashboard or None
        None leaves the link to the camera out.
    """
    link = None if dashboard is None else dashboard.camera(alert.device_id)
    template = _sentence(alert, settings)
    name = wording.ascii_name(settings.display_name, alert.device_id)
    return AlertMessage(
        subject=wording.fit(template, name, wording.MAX_SUBJECT_CHARACTERS),
        email=_email(alert, settings, link),
        sms=wording.fit(f"{template}{_detail(alert)}.", name, wording.MAX_SMS_CHARACTERS),
        document={
            "schema_version": SCHEMA_VERSION,
            "kind": alert.kind,
            "device_id": alert.device_id,
            "display_name": settings.display_name,
            "trouble": alert.trouble,
            "since": format_time(alert.since),
            "back_at": format_time(alert.back_at) if alert.back_at is not None else None,
            "camera": alert.camera,
            "paused": alert.paused,
            "link": link,
        },
        attributes={
            "kind": text_attribute(alert.kind),
            "device_id": text_attribute(alert.device_id),
            "trouble": text_attribute(alert.trouble),
        },
    )


def _sentence(alert: DeviceAlert, settings: AlertSettings) -> str:
    """Return the first sentence, without its full stop and with ``{name}`` for the camera."""
    since = f"{settings.local(alert.since):%H:%M}"
    if alert.kind == "device_offline":
        return f"{{name}} has been offline since {since}"
    if alert.kind == "device_blind":
        return f"{{name}} has seen nothing since {since}"
    back_at = settings.local(alert.back_at or alert.since)
    was = "offline" if alert.trouble == "offline" else "blind"
    return f"{{name}} is back since {back_at:%H:%M} after {_lasted(alert)} {was}"


def _detail(alert: DeviceAlert) -> str:
    if alert.kind == "device_blind":
        return f": {_picture(alert)}"
    return ", but paused" if alert.kind == "device_recovered" and alert.paused else ""


def _email(alert: DeviceAlert, settings: AlertSettings, link: str | None) -> str:
    name, since = settings.display_name or alert.device_id, settings.local(alert.since)
    began = f"{since:%H:%M:%S} on {wording.day(since)} ({settings.time_zone} time)"
    if alert.kind == "device_offline":
        text = (
            f"{name} has been offline since {began}.\n"
            "It sends no smiles and no alerts. Check its power and its network. Smiles that it "
            "sees meanwhile are kept on the camera, and arrive when it is back."
        )
    elif alert.kind == "device_blind":
        text = (
            f"{name} has seen nothing since {began}: {_picture(alert)}.\n"
            "It is online but detects no smiles. Check the lens, the light and the cable."
        )
    else:
        back_at = settings.local(alert.back_at or alert.since)
        trouble = "offline" if alert.trouble == "offline" else f"blind ({_picture(alert)})"
        text = (
            f"{name} is back since {back_at:%H:%M:%S} on {wording.day(back_at)} "
            f"({settings.time_zone} time).\n"
            f"It was {trouble} for {_lasted(alert)}."
        )
        if alert.paused:
            text += " It is paused now: it looks for no faces until somebody resumes it."
    if link is not None:
        text += f"\n\nSee this camera in the dashboard:\n{link}"
    return f"{text}\n\nCamera id: {alert.device_id}\n"


def _picture(alert: DeviceAlert) -> str:
    return _PICTURES.get(alert.camera or "", _OTHER_PICTURE)


def _lasted(alert: DeviceAlert) -> str:
    return wording.span((alert.back_at or alert.since) - alert.since)
