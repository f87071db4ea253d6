"""The environment variables of ``check_devices``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from smile_cloud import environment
from smile_cloud.alert_messages.dashboard import Dashboard
from smile_cloud.alert_settings.defaults import default_settings
from smile_cloud.alert_settings.model import AlertSettings
from smile_cloud.check_devices.state import Rules
from smile_cloud.device_registry.condition import Graces


@dataclass(frozen=True, slots=True)
class CheckDevicesSettings:
    """What ``check_devices`` reads from its environment.

    Attributes
    ----------
    table_name : str
        ``TABLE_NAME``.
    topic_arn : str
        ``TOPIC_ARN``, the SNS topic of the alerts.
    rules : Rules
        ``DEVICE_GRACE_SECONDS`` and ``BLIND_GRACE_SECONDS``, 1 to 86400; ``OUTAGE_DEVICES``, 2 to
        10000; ``OUTAGE_PERCENT``, 1 to 100; ``ALERTS_PER_MINUTE``, 1 to 600.
    dashboard : Dashboard or None
        At ``API_URL``, the REST API; None when ``DASHBOARD`` is off and not on.
    defaults : AlertSettings
        ``ALERT_COOLDOWN_SECONDS``, ``ALERTS_PER_HOUR`` and ``ALERT_TIME_ZONE``.
    """

    table_name: str
    topic_arn: str
    rules: Rules
    dashboard: Dashboard | None
    defaults: AlertSettings

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> CheckDevicesSettings:
        """Return the settings.

        Raises
        ------
        SettingsError
            Names the first variable that is missing or has an unusable value.
        """
        graces = Graces.from_environment(variables)
        api_url = environment.url(variables, "API_URL", "the URL of the API").rstrip("/")
        return cls(
            table_name=environment.table_name(variables),
            topic_arn=environment.topic_arn(variables),
            rules=Rules(
                grace={"offline": graces.silent, "blind": graces.blind},
                outage_devices=environment.whole_number(variables, "OUTAGE_DEVICES", 2, 10_000),
                outage_percent=environment.whole_number(variables, "OUTAGE_PERCENT", 1, 100),
                per_minute=environment.alerts_per_minute(variables),
            ),
            dashboard=Dashboard(api_url) if environment.switch(variables, "DASHBOARD") else None,
            defaults=default_settings(variables),
        )
