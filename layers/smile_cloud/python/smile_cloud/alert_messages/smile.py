"""The alert about one smile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from smile_cloud.alert_messages import wording
from smile_cloud.alert_messages.alert_urls import AlertUrls
from smile_cloud.alert_messages.message import (
    SCHEMA_VERSION,
    AlertMessage,
    score_attribute,
    text_attribute,
)
from smile_cloud.alert_settings.model import AlertSettings
from smile_contract import SmileEvent, format_time

SmileKind = Literal["smile", "smile_update", "test"]

_TITLES: Final[dict[SmileKind, str]] = {
    "smile": "Smile on",
    "smile_update": "Sure smile on",
    "test": "Test alert of",
}
_NOTES: Final[dict[SmileKind, str]] = {
    "smile": "",
    "smile_update": "An earlier alert named this smile. It is sure now.\n\n",
    "test": "This is a test alert. No camera saw this smile.\n\n",
}


def compose_smile(
    event: SmileEvent,
    settings: AlertSettings,
    *,
    kind: SmileKind = "smile",
    suppressed: int = 0,
    since: datetime | None = None,
    urls: AlertUrls | None = None,
) -> AlertMessage:
    """Return the alert for a smile.

    Parameters
    ----------
    event : SmileEvent
    settings : AlertSettings
        Those of the device: its name, time zone and `sure_score`.
    kind : str
        ``smile_update`` for a smile that had an alert already and has become sure since.
    suppressed : int
        Other smiles of this device that got no alert of their own since the last alert.
    since : datetime or None
        When the first of them started, or when the last alert was sent.
    urls : AlertUrls or None
        Where the alert leads; None leaves the links out.
    """
    alert = _SmileAlert(event, settings, kind, suppressed, since, urls)
    return AlertMessage(
        subject=wording.fit(alert.title(), alert.ascii_name(), wording.MAX_SUBJECT_CHARACTERS),
        email=alert.email(),
        sms=alert.sms(),
        document=alert.document(),
        attributes={
            "kind": text_attribute(kind),
            "device_id": text_attribute(event.device_id),
            "event_id": text_attribute(event.event_id),
            "phase": text_attribute(event.phase),
            "level": text_attribute(settings.level(event.peak_score)),
            "smile_score": score_attribute(event.peak_score),
        },
    )


@dataclass(frozen=True, slots=True)
class _SmileAlert:
    event: SmileEvent
    settings: AlertSettings
    kind: SmileKind
    suppressed: int
    since: datetime | None
    urls: AlertUrls | None

    def ascii_name(self) -> str:
        return wording.ascii_name(self.settings.display_name, self.event.device_id)

    def title(self) -> str:
        started = self.settings.local(self.event.started_at)
        return f"{_TITLES[self.kind]} {{name}} at {started:%H:%M}"

    def email(self) -> str:
        event, settings = self.event, self.settings
        started = settings.local(event.started_at)
        text = (
            f"{_NOTES[self.kind]}{settings.display_name or event.device_id} saw a smile at "
            f"{started:%H:%M:%S} on {wording.day(started)} ({settings.time_zone} time).\n"
            f"Score {wording.cut(event.peak_score, 2)} of 1 ({settings.level(event.peak_score)})."
        )
        if event.phase == "ended":
            text += f" It lasted {wording.seconds(event.duration_ms)}."
        if self.suppressed:
            when = f" since {settings.local(self.since):%H:%M}" if self.since is not None else ""
            text += f"\n{wording.smiles(self.suppressed, 'more ')} of this camera{when}."
        return f"{text}{self._links()}\n\nCamera id: {event.device_id}\n"

    def _links(self) -> str:
        # Each link has a line of its own: mail programs end a link at the end of its line.
        if self.urls is None:
            return ""
        if self.urls.smile == self.urls.page:
            return f"\n\nSee this smile, or pause the alerts of this camera:\n{self.urls.page}"
        return (
            f"\n\nSee this smile in the dashboard:\n{self.urls.smile}"
            f"\n\nPause the alerts of this camera:\n{self.urls.page}"
        )

    def sms(self) -> str:
        text = f"{self.title()}, score {wording.cut(self.event.peak_score, 2)}"
        if self.event.phase == "ended":
            text += f", {wording.seconds(self.event.duration_ms)}"
        text += f". {self.suppressed} more before." if self.suppressed else "."
        return wording.fit(text, self.ascii_name(), wording.MAX_SMS_CHARACTERS)

    def document(self) -> dict[str, Any]:
        event = self.event
        return {
            "schema_version": SCHEMA_VERSION,
            "kind": self.kind,
            "device_id": event.device_id,
            "display_name": self.settings.display_name,
            "event_id": event.event_id,
            "phase": event.phase,
            "started_at": format_time(event.started_at),
            "ended_at": format_time(event.ended_at) if event.ended_at is not None else None,
            "duration_ms": event.duration_ms,
            "peak_score": event.peak_score,
            "mean_score": event.mean_score,
            "level": self.settings.level(event.peak_score),
            "suppressed": self.suppressed,
            "suppressed_since": format_time(self.since) if self.since is not None else None,
            "link": self.urls.smile if self.urls is not None else None,
            "pause_link": self.urls.page if self.urls is not None else None,
        }
