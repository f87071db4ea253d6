"""Valid values of alert settings: as JSON, and as the code holds them."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

from smile_cloud.alert_settings.quiet_hours import QuietHours

HOURS = {"start": "22:00", "end": "07:00"}
GOOD: list[tuple[str, Any, Any]] = [
    ("min_peak_score", 0, 0.0),
    ("min_peak_score", 1, 1.0),
    ("min_duration_ms", 3_600_000, 3_600_000),
    ("cooldown_s", 0, 0),
    ("cooldown_s", 86_400, 86_400),
    ("max_per_hour", 0, 0),
    ("max_per_hour", 1000, 1000),
    ("sure_score", 0.95, 0.95),
    ("quiet_hours", None, None),
    ("quiet_hours", HOURS, QuietHours(time(22), time(7))),
    ("time_zone", "UTC", "UTC"),
    ("time_zone", "Europe/Berlin", "Europe/Berlin"),
    ("time_zone", "America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
    ("suspended_until", None, None),
    ("suspended_until", "2026-11-22T18:00:00+01:00", datetime(2026, 11, 22, 17, tzinfo=UTC)),
    ("display_name", "می\u200cخندد", "می\u200cخندد"),
    ("display_name", None, None),
    ("display_name", "Küche 正門 😀", "Küche 正門 😀"),
    ("display_name", "n" * 60, "n" * 60),
]
