"""The environment variables of ``feedback_api``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from smile_cloud import environment


@dataclass(frozen=True, slots=True)
class FeedbackApiSettings:
    """What ``feedback_api`` reads from its environment.

    Attributes
    ----------
    table_name : str
        ``TABLE_NAME``.
    """

    table_name: str

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> FeedbackApiSettings:
        """Return the settings.

        Raises
        ------
        SettingsError
            Names the first variable that is missing or has an unusable value.
        """
        return cls(environment.table_name(variables))
