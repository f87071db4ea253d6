from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from smile_cloud.alert_settings.model import AlertSettings
from smile_cloud.alerts_api.settings import AlertsApiSettings
from smile_cloud.authorize.settings import AuthorizeSettings
from smile_cloud.check_devices.settings import CheckDevicesSettings
from smile_cloud.clock_limits import ClockLimits
from smile_cloud.dashboard.settings import DashboardSettings
from smile_cloud.device_registry.condition import Graces
from smile_cloud.device_settings_api.settings import DeviceSettingsApiSettings
from smile_cloud.device_status.settings import DeviceStatusSettings
from smile_cloud.erase_events.settings import EraseEventsSettings
from smile_cloud.erasure_api.settings import ErasureApiSettings
from smile_cloud.errors import SettingsError
from smile_cloud.feedback_api.settings import FeedbackApiSettings
from smile_cloud.history_api.settings import HistoryApiSettings
from smile_cloud.send_alert.settings import SendAlertSettings
from smile_cloud.store_event.settings import StoreEventSettings
from tests.helpers.functions import ENVIRONMENT, variables_of

LIMITS = ClockLimits(max_age=timedelta(days=9999), longest_smile=timedelta(hours=1))
SETTINGS = [
    CheckDevicesSettings,
    StoreEventSettings,
    SendAlertSettings,
    DeviceStatusSettings,
    HistoryApiSettings,
    AlertsApiSettings,
    FeedbackApiSettings,
    DeviceSettingsApiSettings,
    DashboardSettings,
    ErasureApiSettings,
    EraseEventsSettings,
    AuthorizeSettings,
]
# The parameter of the template whose value a variable gets.
PARAMETERS = {
    "EVENT_RETENTION_DAYS": "EventRetentionDays",
    "ROLLUP_RETENTION_DAYS": "RollupRetentionDays",
    "ALERT_COOLDOWN_SECONDS": "AlertCooldownSeconds",
    "ALERT_MAX_AGE_SECONDS": "AlertMaxAgeSeconds",
    "LONGEST_SMILE_SECONDS": "LongestSmileSeconds",
    "ALERTS_PER_HOUR": "AlertsPerHour",
    "ALERTS_PER_MINUTE": "AlertsPerMinute",
    "DEVICE_GRACE_SECONDS": "DeviceGraceSeconds",
    "BLIND_GRACE_SECONDS": "BlindGraceSeconds",
    "OUTAGE_DEVICES": "OutageDevices",
    "OUTAGE_PERCENT": "OutagePercent",
}
VALUES = (
    "0",
    "1",
    "59",
    "60",
    "600",
    "601",
    "1000",
    "1001",
    "9999",
    "10000",
    "86400",
    "86401",
    "99999",
    "100000",
)


def settings_with(**variables: str) -> tuple[StoreEventSettings, SendAlertSettings]:
    environment = ENVIRONMENT | variables
    return (
        StoreEventSettings.from_environment(environment),
        SendAlertSettings.from_environment(environment),
    )


def test_settings_are_typed_when_every_variable_is_valid() -> None:
    store, alert = settings_with(API_URL=" https://api.example/dev/ ")
    assert store == StoreEventSettings(
        table_name="events",
        dead_letter_queue_url=ENVIRONMENT["DEAD_LETTER_QUEUE_URL"],
        event_retention=timedelta(days=9999),
        rollup_retention=timedelta(days=400),
        clock_limits=LIMITS,
    )
    assert alert == SendAlertSettings(
        table_name="events",
        topic_arn=ENVIRONMENT["TOPIC_ARN"],
        queue_url=ENVIRONMENT["ALERTS_QUEUE_URL"],
        api_url="https://api.example/dev",
        has_dashboard=True,
        link_key=ENVIRONMENT["LINK_KEY"].encode(),
        max_age=timedelta(seconds=600),
        per_minute=10,
        defaults=AlertSettings(cooldown_s=300, max_per_hour=20, time_zone="UTC"),
        clock_limits=LIMITS,
    )
    history = HistoryApiSettings.from_environment(ENVIRONMENT)
    five_minutes = timedelta(minutes=5)
    graces = Graces(silent=five_minutes, blind=five_minutes)
    assert history == HistoryApiSettings("events", b"k" * 64, graces)
    status = DeviceStatusSettings.from_environment(ENVIRONMENT)
    assert status.device_retention == timedelta(days=400)


@pytest.mark.parametrize("variable", PARAMETERS)
def test_a_number_is_accepted_when_the_template_accepts_it(
    template: dict[str, Any], variable: str
) -> None:
    pattern = template["Parameters"][PARAMETERS[variable]]["AllowedPattern"]
    accepted = []
    for value in VALUES:
        try:
            settings_with(**{variable: value})
            CheckDevicesSettings.from_environment(ENVIRONMENT | {variable: value})
            HistoryApiSettings.from_environment(ENVIRONMENT | {variable: value})
        except SettingsError:
            continue
        accepted.append(value)
    assert accepted == [value for value in VALUES if re.fullmatch(pattern, value)]


DAYS, SECONDS = "a whole number from 1 to 9999", "a whole number from 0 to 86400"
QUEUE, TOPIC = "the URL of an SQS queue", "the ARN of an SNS topic"


@pytest.mark.parametrize(
    ("settings", "variable", "bad", "expected"),
    [
        (StoreEventSettings, "TABLE_NAME", "a b", "the name of a DynamoDB table"),
        (StoreEventSettings, "TABLE_NAME", "qq", "the name of a DynamoDB table"),
        (StoreEventSettings, "TABLE_NAME", "t" * 256, "the name of a DynamoDB table"),
        (StoreEventSettings, "DEAD_LETTER_QUEUE_URL", "dead-letters", QUEUE),
        (StoreEventSettings, "EVENT_RETENTION_DAYS", "1e3", DAYS),
        (
            StoreEventSettings,
            "LONGEST_SMILE_SECONDS",
            "59",
            "a whole number from 60 to 86400",
        ),
        (StoreEventSettings, "ROLLUP_RETENTION_DAYS", "1" * 5000, DAYS),
        (SendAlertSettings, "TOPIC_ARN", "alerts", TOPIC),
        (SendAlertSettings, "TOPIC_ARN", "arn:aws:sqs:eu-central-1:123456789012:alerts", TOPIC),
        (SendAlertSettings, "API_URL", "ftp://api", "the URL of the API"),
        (SendAlertSettings, "ALERTS_QUEUE_URL", "alerts", QUEUE),
        (SendAlertSettings, "DASHBOARD", "true", "on or off"),
        (SendAlertSettings, "ALERT_COOLDOWN_SECONDS", "-1", SECONDS),
        (SendAlertSettings, "ALERT_COOLDOWN_SECONDS", "٣", SECONDS),
        (ErasureApiSettings, "POINT_IN_TIME_RECOVERY", "true", "on or off"),
        (ErasureApiSettings, "LOG_RETENTION_DAYS", "0", DAYS),
        (EraseEventsSettings, "ERASURE_QUEUE_URL", "erasures", QUEUE),
        (AuthorizeSettings, "API_ACCESS", "none", "key, AWS_IAM or jwt"),
        (AuthorizeSettings, "JWT_ISSUER", "none", "an HTTPS URL without a query"),
        (AuthorizeSettings, "JWT_ISSUER", "http://issuer.example", "an HTTPS URL without a query"),
        (AuthorizeSettings, "JWT_AUDIENCE", "a,,b", "audiences with commas between them"),
        (AuthorizeSettings, "JWT_AUDIENCE", "none", "audiences with commas between them"),
        (DashboardSettings, "API_ACCESS", "token", "key, AWS_IAM or jwt"),
        (DashboardSettings, "JWT_ISSUER", "http://issuer.example", "an HTTPS URL without a query"),
        (DashboardSettings, "JWT_CLIENT_ID", "a b", "the id of a client"),
        (DashboardSettings, "JWT_SCOPES", "openid,,email", "scopes with commas between them"),
        (HistoryApiSettings, "CURSOR_KEY", "k" * 31, "at least 32 characters"),
        (
            HistoryApiSettings,
            "CURSOR_KEY",
            "{{resolve:secretsmanager:key:SecretString}}",
            "a key, got an unresolved reference to one",
        ),
    ],
)
def test_the_error_names_the_variable_but_not_its_value_when_it_is_bad(
    settings: Any, variable: str, bad: str, expected: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        settings.from_environment(ENVIRONMENT | {variable: bad})
    assert caught.value.variable == variable
    assert str(caught.value) == f"{variable}: expected {expected}"


def test_a_key_is_accepted_when_it_has_32_characters() -> None:
    environment = ENVIRONMENT | {"CURSOR_KEY": "k" * 32}
    assert HistoryApiSettings.from_environment(environment).cursor_key == b"k" * 32


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("blank", [False, True])
def test_the_error_names_the_variable_when_it_is_missing_or_blank(
    settings: Any, blank: bool
) -> None:
    for variable in variables_of(settings):
        environment = {name: value for name, value in ENVIRONMENT.items() if name != variable}
        if blank:
            environment[variable] = " "
        with pytest.raises(SettingsError, match=f"^{variable}: expected a value, .* missing"):
            settings.from_environment(environment)


def test_the_key_is_hidden_when_settings_are_printed() -> None:
    assert "kkkk" not in repr(HistoryApiSettings.from_environment(ENVIRONMENT))
