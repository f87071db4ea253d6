"""The environment variables of ``device_status``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from smile_cloud import environment


@dataclass(frozen=True, slots=True)
class DeviceStatusSettings:
    """What ``device_status`` reads from its environment.

    Attributes
    ----------
    table_name : str
        ``TABLE_NAME``.
    dead_letter_queue_url : str
        ``DEAD_LETTER_QUEUE_URL``, the queue for messages that break the contract.
    device_retention : timedelta
        ``ROLLUP_RETENTION_DAYS``, 1 to 9999: how long to keep a device after its last message.
    """

    table_name: str
    dead_letter_queue_url: str
    device_retention: timedelta

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> DeviceStatusSettings:
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
            device_retention=environment.days(variables, "ROLLUP_RETENTION_DAYS"),
        )
