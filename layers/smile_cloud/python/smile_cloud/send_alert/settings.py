"""The environment variables of ``send_alert``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from smile_cloud import environment

_TOPIC_ARN: Final = re.compile(r"arn:[a-z-]+:sns:[a-z0-9-]+:\d{12}:\S+", re.ASCII)


@dataclass(frozen=True, slots=True)
class SendAlertSettings:
    """What ``send_alert`` reads from its environment.

    Attributes
    ----------
    table_name : str
        ``TABLE_NAME``.
    topic_arn : str
        ``TOPIC_ARN``, the SNS topic of the alerts.
    api_url : str
        ``API_URL``, the REST API that the alerts link to; without a trailing slash.
    cooldown : timedelta
        ``ALERT_COOLDOWN_SECONDS``, 0 to 99999.
    max_age : timedelta
        ``ALERT_MAX_AGE_SECONDS``, 1 to 99999.
    """

    table_name: str
    topic_arn: str
    api_url: str
    cooldown: timedelta
    max_age: timedelta

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
            topic_arn=environment.matching(
                variables, "TOPIC_ARN", _TOPIC_ARN, "the ARN of an SNS topic"
            ),
            api_url=environment.url(variables, "API_URL", "the URL of the API").rstrip("/"),
            cooldown=environment.seconds(variables, "ALERT_COOLDOWN_SECONDS", low=0),
            max_age=environment.seconds(variables, "ALERT_MAX_AGE_SECONDS", low=1),
        )
