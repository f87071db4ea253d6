"""The environment variables of ``erase_events``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from smile_cloud import environment


@dataclass(frozen=True, slots=True)
class EraseEventsSettings:
    """What ``erase_events`` reads from its environment.

    Attributes
    ----------
    table_name : str
        ``TABLE_NAME``.
    queue_url : str
        ``ERASURE_QUEUE_URL``, the function's own queue.
    """

    table_name: str
    queue_url: str

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> EraseEventsSettings:
        """Return the settings.

        Raises
        ------
        SettingsError
            Names the first variable that is missing or has an unusable value.
        """
        return cls(
            table_name=environment.table_name(variables),
            queue_url=environment.queue_url(variables, "ERASURE_QUEUE_URL"),
        )
