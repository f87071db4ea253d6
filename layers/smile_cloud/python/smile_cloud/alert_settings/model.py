"""The settings that decide which smiles get an alert."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from smile_cloud.alert_settings.quiet_hours import QuietHours

Level = Literal["sure", "likely"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSettings:
    """The settings of one device, or of the fleet.

    Attributes
    ----------
    min_peak_score : float
        Smiles with a lower peak score get no alert, 0 to 1.
    min_duration_ms : int
        Shorter smiles get no alert.
    cooldown_s : int
        After an alert, the device sends no other for this many seconds.
    max_per_hour : int
        Alerts of the device in any 60 minutes; 0 means no alert at all.
    sure_score : float
        A smile with at least this peak score is sure, 0 to 1.
    quiet_hours : QuietHours or None
        No alerts at these local times.
    time_zone : str
        IANA name, such as ``Europe/Berlin``; the zone of quiet hours and of times in alerts.
    suspended_until : datetime or None
        No alerts before this time, UTC.
    display_name : str or None
        What alerts call the device; None means its id.
    """

    min_peak_score: float = 0.0
    min_duration_ms: int = 0
    cooldown_s: int = 300
    max_per_hour: int = 20
    sure_score: float = 0.9
    quiet_hours: QuietHours | None = None
    time_zone: str = "UTC"
    suspended_until: datetime | None = None
    display_name: str | None = None

    def level(self, peak_score: float) -> Level:
        """Return how sure a smile with this peak score is."""
        return "sure" if peak_score >= self.sure_score else "likely"

    def is_suspended(self, now: datetime) -> bool:
        """Return whether alerts are suspended at `now`."""
        return self.suspended_until is not None and now < self.suspended_until

    def is_quiet(self, now: datetime) -> bool:
        """Return whether `now` is in the quiet hours.

        When clocks change, the local time counts: an hour that is skipped is skipped here too, and
        an hour that repeats is quiet twice.
        """
        if self.quiet_hours is None:
            return False
        return self.quiet_hours.contain(self.local(now).time())

    def local(self, at: datetime) -> datetime:
        """Return `at` in the settings' time zone."""
        if self.time_zone == "UTC":
            return at.astimezone(UTC)
        from zoneinfo import ZoneInfo  # noqa: PLC0415 - most cold starts need no time zone

        return at.astimezone(ZoneInfo(self.time_zone))
