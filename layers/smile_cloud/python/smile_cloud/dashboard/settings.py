"""The environment variables of ``dashboard``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from smile_cloud import environment


@dataclass(frozen=True, slots=True)
class DashboardSettings:
    """What ``dashboard`` reads from its environment.

    Attributes
    ----------
    is_on : bool
        ``DASHBOARD``, on or off; off answers every path with 404.
    """

    is_on: bool

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> DashboardSettings:
        """Return the settings.

        Raises
        ------
        SettingsError
            When the variable is missing or has another value.
        """
        return cls(environment.switch(variables, "DASHBOARD"))
