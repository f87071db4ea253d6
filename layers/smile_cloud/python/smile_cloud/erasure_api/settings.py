"""The environment variables of ``erasure_api``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from smile_cloud import environment


@dataclass(frozen=True, slots=True)
class ErasureApiSettings:
    """What ``erasure_api`` reads from its environment.

    Attributes
    ----------
    table_name : str
        ``TABLE_NAME``.
    queue_url : str
        ``ERASURE_QUEUE_URL``, the queue of ``erase_events``.
    event_retention, rollup_retention : timedelta
        ``EVENT_RETENTION_DAYS`` and ``ROLLUP_RETENTION_DAYS``, as ``store_event`` reads them.
    log_retention : timedelta
        ``LOG_RETENTION_DAYS``, how long the logs of the functions are kept.
    has_recovery : bool
        ``POINT_IN_TIME_RECOVERY``, ``on`` or ``off``.
    """

    table_name: str
    queue_url: str
    event_retention: timedelta
    rollup_retention: timedelta
    log_retention: timedelta
    has_recovery: bool

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> ErasureApiSettings:
        """Return the settings.

        Raises
        ------
        SettingsError
            Names the first variable that is missing or has an unusable value.
        """
        return cls(
            table_name=environment.table_name(variables),
            queue_url=environment.queue_url(variables, "ERASURE_QUEUE_URL"),
            event_retention=environment.days(variables, "EVENT_RETENTION_DAYS"),
            rollup_retention=environment.days(variables, "ROLLUP_RETENTION_DAYS"),
            log_retention=environment.days(variables, "LOG_RETENTION_DAYS"),
            has_recovery=environment.switch(variables, "POINT_IN_TIME_RECOVERY"),
        )
