"""The settings that hold while nobody has stored others: the template's parameters.

CloudFormation cannot check a time zone. With an unknown one the times are in UTC, because an alert
with another zone is better than none; the log names the variable.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Final

from smile_cloud import environment
from smile_cloud.alert_settings.fields import FIELDS
from smile_cloud.alert_settings.model import AlertSettings
from smile_contract import ContractError

_DEFAULT_ZONE: Final = "UTC"
_log = logging.getLogger(__name__)


def default_settings(variables: Mapping[str, str]) -> AlertSettings:
    """Return the settings in ``ALERT_COOLDOWN_SECONDS``, ``ALERTS_PER_HOUR``, ``ALERT_TIME_ZONE``.

    Raises
    ------
    SettingsError
        Names the first variable that is missing or has an unusable value.
    """
    zone = environment.text(variables, "ALERT_TIME_ZONE")
    try:
        FIELDS["time_zone"].decode(zone, "ALERT_TIME_ZONE")
    except ContractError as error:
        _log.error("%s; times are in %s", error, _DEFAULT_ZONE)
        zone = _DEFAULT_ZONE
    return AlertSettings(
        cooldown_s=environment.whole_number(variables, "ALERT_COOLDOWN_SECONDS", 0, 86_400),
        max_per_hour=environment.whole_number(variables, "ALERTS_PER_HOUR", 0, 1000),
        time_zone=zone,
    )
