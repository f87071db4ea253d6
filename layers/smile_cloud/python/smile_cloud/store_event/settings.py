"""The environment variables of ``store_event``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from smile_cloud import environment
from smile_cloud.clock_limits import ClockLimits


@dataclass(frozen=True, slots=True)
class StoreEventSettings:
    """What ``store_event`` reads from its environment.

    Attributes
    ----------
    table_name : str
        ``TABLE_NAME``.
    dead_letter_queue_url : str
        ``DEAD_LETTER_QUEUE_URL``, the queue for messages that break the contract.
    event_retention, rollup_retention : timedelta
        ``EVENT_RETENTION_DAYS`` and ``ROLLUP_RETENTION_DAYS``, 1 to 9999.
    clock_limits : ClockLimits
        ``EVENT_RETENTION_DAYS`` and ``LONGEST_SMILE_SECONDS``, 60 to 86400.
    """

    table_name: str
    dead_letter_queue_url: str
    event_retention: timedelta
    rollup_retention: timedelta
    clock_limits: ClockLimits

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> StoreEventSettings:
        """Return the settings.

        Raises
        ------
        SettingsError
            Names the first variable that is missing or has an unusable value.
        """
        return cls(
            table_name=environment.table_name(variables),
            dead_letter_queue_url=environment.url(
                variables, "DEAD_LETTER_QUEUE_URL", "the URL of an SQS queue"
            ),
            event_retention=environment.days(variables, "EVENT_RETENTION_DAYS"),
            rollup_retention=environment.days(variables, "ROLLUP_RETENTION_DAYS"),
            clock_limits=ClockLimits.from_environment(variables),
        )
