"""The environment variables of ``send_alert``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from smile_cloud import environment
from smile_cloud.alert_settings.defaults import default_settings
from smile_cloud.alert_settings.model import AlertSettings
from smile_cloud.clock_limits import ClockLimits


@dataclass(frozen=True, slots=True)
class SendAlertSettings:
    """What ``send_alert`` reads from its environment.

    Attributes
    ----------
    table_name : str
        ``TABLE_NAME``.
    topic_arn : str
        ``TOPIC_ARN``, the SNS topic of the alerts.
    queue_url : str
        ``ALERTS_QUEUE_URL``, the function's own queue.
    api_url : str
        ``API_URL``, the REST API that the alerts link to; without a trailing slash.
    has_dashboard : bool
        ``DASHBOARD``, on or off; on makes the alerts lead to the dashboard.
    link_key : bytes
        ``LINK_KEY``, the secret that signs the links.
    max_age : timedelta
        ``ALERT_MAX_AGE_SECONDS``, 1 to 99999.
    per_minute : int
        ``ALERTS_PER_MINUTE``, 1 to 600; the limit of the whole topic.
    defaults : AlertSettings
        ``ALERT_COOLDOWN_SECONDS``, ``ALERTS_PER_HOUR`` and ``ALERT_TIME_ZONE``.
    clock_limits : ClockLimits
        ``EVENT_RETENTION_DAYS`` and ``LONGEST_SMILE_SECONDS``, as ``store_event`` reads them.
    """

    table_name: str
    topic_arn: str
    queue_url: str
    api_url: str
    has_dashboard: bool
    link_key: bytes = field(repr=False)
    max_age: timedelta
    per_minute: int
    defaults: AlertSettings
    clock_limits: ClockLimits

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> SendAlertSettings:
        """Return the settings.

        Raises
        ------
        SettingsError
            Names the first variable that is missing or has an unusable value.
        """
        return cls(
            table_name=environment.table_name(variables),
            topic_arn=environment.topic_arn(variables),
            queue_url=environment.url(variables, "ALERTS_QUEUE_URL", "the URL of an SQS queue"),
            api_url=environment.url(variables, "API_URL", "the URL of the API").rstrip("/"),
            has_dashboard=environment.switch(variables, "DASHBOARD"),
            link_key=environment.secret(variables, "LINK_KEY"),
            max_age=environment.seconds(variables, "ALERT_MAX_AGE_SECONDS", low=1),
            per_minute=environment.alerts_per_minute(variables),
            defaults=default_settings(variables),
            clock_limits=ClockLimits.from_environment(variables),
        )
