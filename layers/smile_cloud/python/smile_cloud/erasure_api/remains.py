"""What an erasure leaves, and how long: queues, copies, logs and e-mails keep what they got."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

# MessageRetentionPeriod of the queues in the template.
QUEUE_DAYS: Final = 14
# Point-in-time recovery restores the table as it was in the last 35 days:
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Point-in-time-recovery.html
RECOVERY_DAYS: Final = 35
# How long a line of a digest is kept; see `smile_cloud.send_alert.digest_store`.
DIGEST_DAYS: Final = 1


@dataclass(frozen=True, slots=True)
class Remains:
    """How long the parts are kept that no job can erase.

    Attributes
    ----------
    logs, record : timedelta
        Logs, and the job with its erased range.
    has_recovery : bool
        Whether the table has point-in-time recovery.
    """

    logs: timedelta
    record: timedelta
    has_recovery: bool

    def documents(self) -> list[Mapping[str, Any]]:
        """Return what stays: a name, for how many days at most, and what it holds."""
        copies = [_RECOVERY] if self.has_recovery else []
        return [
            _entry("dead_letters", QUEUE_DAYS, "messages of the device in dead-letter queues"),
            *copies,
            _entry("digests", DIGEST_DAYS, "lines of digests of alerts, with device and score"),
            _entry("logs", self.logs.days, "device and event ids in the logs of the functions"),
            _entry("erasure", self.record.days, "this job and its range, without any event"),
            _entry("sent_alerts", None, "e-mails and messages that subscribers have received"),
            _entry("exports", None, "what clients of the API have stored"),
        ]


def _entry(name: str, days: int | None, what: str) -> dict[str, Any]:
    return {"name": name, "kept_days": days, "what": what}


_RECOVERY: Final = _entry(
    "recovery_copies", RECOVERY_DAYS, "the table at earlier times, for point-in-time recovery"
)
