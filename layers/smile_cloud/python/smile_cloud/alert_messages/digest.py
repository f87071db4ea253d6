"""The digest: one message about all smiles of a minute that got no alert of their own."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final, Literal

from smile_cloud.alert_messages import wording
from smile_cloud.alert_messages.dashboard import Dashboard
from smile_cloud.alert_messages.message import (
    SCHEMA_VERSION,
    AlertMessage,
    score_attribute,
    text_attribute,
)
from smile_cloud.alert_settings.model import AlertSettings
from smile_contract import format_time

DigestKind = Literal["digest", "digest_update"]

# SNS takes 256 KB, attributes and the texts of all protocols included.
# https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
MAX_LISTED: Final = 50
MAX_FILTERABLE: Final = 500
MAX_NAMED: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestDevice:
    """The smiles of one device in a digest.

    Attributes
    ----------
    device_id : str
    smiles : int
    peak_score : float
        Highest peak score of these smiles, 0 to 1.
    display_name : str or None
    """

    device_id: str
    smiles: int
    peak_score: float
    display_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """The smiles of a minute that got no alert of their own.

    Attributes
    ----------
    digest_id : str
        Minute in UTC, ``yyyy-mm-ddThh:mm``.
    since : datetime
        When the first of these smiles started, UTC.
    devices : tuple of DigestDevice
        At least one.
    """

    digest_id: str
    since: datetime
    devices: tuple[DigestDevice, ...]

    @property
    def smiles(self) -> int:
        """Number of smiles."""
        return sum(device.smiles for device in self.devices)

    @property
    def peak_score(self) -> float:
        """Highest peak score, 0 to 1."""
        return max(device.peak_score for device in self.devices)

    def ranked(self) -> list[DigestDevice]:
        """Return the devices, those with the most smiles first."""
        return sorted(self.devices, key=lambda d: (-d.smiles, -d.peak_score, d.device_id))


def compose_digest(
    digest: Digest,
    settings: AlertSettings,
    *,
    kind: DigestKind = "digest",
    dashboard: Dashboard | None = None,
) -> AlertMessage:
    """Return the message of a digest.

    Parameters
    ----------
    digest : Digest
    settings : AlertSettings
        Those of the fleet: its time zone and `sure_score`.
    kind : str
        ``digest_update`` for smiles that had an alert or a digest already and are sure now.
    dashboard : Dashboard or None
        None leaves the link to the smiles of the day out.
    """
    since = settings.local(digest.since)
    link = _link(digest, since, dashboard)
    smiles, cameras = wording.smiles(digest.smiles), wording.cameras(len(digest.devices))
    title = f"{smiles} on {cameras} since {since:%H:%M}"
    filterable = [device.device_id for device in digest.ranked()[:MAX_FILTERABLE]]
    return AlertMessage(
        subject=title,
        email=_email(
            f"{title} on {wording.day(since)} ({settings.time_zone} time).", digest.ranked(), link
        ),
        sms=f"{title}, highest score {wording.cut(digest.peak_score, 2)}.",
        document={"schema_version": SCHEMA_VERSION, "kind": kind}
        | _document(digest)
        | {"level": settings.level(digest.peak_score), "link": link},
        attributes={
            "kind": text_attribute(kind),
            "device_id": {"DataType": "String.Array", "StringValue": json.dumps(filterable)},
            "level": text_attribute(settings.level(digest.peak_score)),
            "smile_score": score_attribute(digest.peak_score),
        },
    )


def _link(digest: Digest, since: datetime, dashboard: Dashboard | None) -> str | None:
    """Return the address of the smiles of the day: of the camera, or of all when it has several."""
    if dashboard is None:
        return None
    [camera, *others] = digest.devices
    return dashboard.day(since.date(), None if others else camera.device_id)


def _email(first_line: str, devices: list[DigestDevice], link: str | None) -> str:
    lines = [
        first_line,
        "There were too many smiles for one message each.\n",
    ]
    for device in devices[:MAX_NAMED]:
        name, peak = device.display_name or device.device_id, wording.cut(device.peak_score, 2)
        lines.append(f"{name}: {wording.smiles(device.smiles)}, highest score {peak}")
    if len(devices) > MAX_NAMED:
        lines.append(f"and {wording.cameras(len(devices) - MAX_NAMED)} more")
    if link is not None:
        lines += ["", "See the smiles of this day in the dashboard:", link]
    return "\n".join(lines) + "\n"


def _document(digest: Digest) -> dict[str, Any]:
    devices = digest.ranked()
    return {
        "digest_id": digest.digest_id,
        "since": format_time(digest.since),
        "smiles": digest.smiles,
        "cameras": len(devices),
        "peak_score": digest.peak_score,
        "devices": [asdict(device) for device in devices[:MAX_LISTED]],
        "devices_left_out": max(len(devices) - MAX_LISTED, 0),
    }
