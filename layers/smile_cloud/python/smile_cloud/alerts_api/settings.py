"""The environment variables of ``alerts_api``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from smile_cloud import environment
from smile_cloud.alert_settings.defaults import default_settings
from smile_cloud.alert_settings.model import AlertSettings


@dataclass(frozen=True, slots=True)
class AlertsApiSettings:
    """What ``alerts_api`` reads from its environment.

    Attributes
    ----------
    table_name : str
        ``TABLE_NAME``.
    topic_arn : str
        ``TOPIC_ARN``, the SNS topic of the alerts.
    alerts_per_minute : int
        ``ALERTS_PER_MINUTE``, messages of the whole topic in any minute.
    defaults : AlertSettings
        The settings that hold while nobody has stored others.
    has_dashboard : bool
        ``DASHBOARD``, on or off; on makes alerts and their pages lead to the dashboard.
    link_key : bytes
        ``LINK_KEY``, at least 32 characters; not part of ``repr``.
    """

    table_name: str
    topic_arn: str
    alerts_per_minute: int
    defaults: AlertSettings
    has_dashboard: bool
    link_key: bytes = field(repr=False)

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> AlertsApiSettings:
        """Return the settings.

        Raises
        ------
        SettingsError
            Names the first variable that is missing or has an unusable value.
        """
        return cls(
            table_name=environment.table_name(variables),
            topic_arn=environment.topic_arn(variables),
            alerts_per_minute=environment.alerts_per_minute(variables),
            defaults=default_settings(variables),
            has_dashboard=environment.switch(variables, "DASHBOARD"),
            link_key=environment.secret(variables, "LINK_KEY"),
        )
