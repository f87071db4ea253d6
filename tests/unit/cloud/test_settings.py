from __future__ import annotations

from typing import Any

import pytest

from smile_cloud import SettingsError
from smile_cloud.settings import HistoryApiSettings, SendAlertSettings, StoreEventSettings

STORE = {
    "TABLE_NAME": "events",
    "DEAD_LETTER_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/dead",
    "EVENT_RETENTION_DAYS": "90",
    "ROLLUP_RETENTION_DAYS": "400",
}
ALERT = {
    "TABLE_NAME": "events",
    "TOPIC_ARN": "arn:aws:sns:eu-central-1:123456789012:alerts",
    "API_URL": "https://a1b2c3.execute-api.eu-central-1.amazonaws.com/dev/",
    "ALERT_COOLDOWN_SECONDS": "300",
    "ALERT_MAX_AGE_SECONDS": "600",
}
HISTORY = {"TABLE_NAME": "events", "CURSOR_KEY": "k" * 64}


def test_settings_are_typed_when_every_variable_is_good() -> None:
    store = StoreEventSettings.from_environment(STORE)
    assert (store.event_retention.days, store.rollup_retention.days) == (90, 400)
    alert = SendAlertSettings.from_environment(ALERT)
    assert (alert.cooldown.total_seconds(), alert.max_age.total_seconds()) == (300, 600)
    assert alert.api_url.endswith("/dev")
    assert HistoryApiSettings.from_environment(HISTORY).cursor_key == b"k" * 64


@pytest.mark.parametrize(
    ("settings", "good", "variable", "bad"),
    [
        (StoreEventSettings, STORE, "TABLE_NAME", "a b"),
        (StoreEventSettings, STORE, "DEAD_LETTER_QUEUE_URL", "dead-letters"),
        (StoreEventSettings, STORE, "EVENT_RETENTION_DAYS", "0"),
        (StoreEventSettings, STORE, "EVENT_RETENTION_DAYS", "1e3"),
        (StoreEventSettings, STORE, "ROLLUP_RETENTION_DAYS", "10000"),
        (SendAlertSettings, ALERT, "TOPIC_ARN", "alerts"),
        (SendAlertSettings, ALERT, "API_URL", "ftp://api"),
        (SendAlertSettings, ALERT, "ALERT_COOLDOWN_SECONDS", "-1"),
        (SendAlertSettings, ALERT, "ALERT_COOLDOWN_SECONDS", "٣"),
        (SendAlertSettings, ALERT, "ALERT_MAX_AGE_SECONDS", "0"),
        (HistoryApiSettings, HISTORY, "CURSOR_KEY", "short"),
        (HistoryApiSettings, HISTORY, "CURSOR_KEY", "{{resolve:secretsmanager:key:SecretString}}"),
    ],
)
def test_the_variable_is_named_when_its_value_is_bad(
    settings: Any, good: dict[str, str], variable: str, bad: str
) -> None:
    with pytest.raises(SettingsError, match=variable) as caught:
        settings.from_environment(good | {variable: bad})
    assert caught.value.variable == variable


@pytest.mark.parametrize(
    ("settings", "good"),
    [(StoreEventSettings, STORE), (SendAlertSettings, ALERT), (HistoryApiSettings, HISTORY)],
)
@pytest.mark.parametrize("present", [False, True])
def test_every_variable_is_named_when_it_is_missing_or_empty(
    settings: Any, good: dict[str, str], present: bool
) -> None:
    for variable in good:
        environment = {name: value for name, value in good.items() if name != variable}
        if present:
            environment[variable] = " "
        with pytest.raises(SettingsError, match=f"^{variable}: "):
            settings.from_environment(environment)


def test_the_key_stays_hidden_when_settings_are_printed() -> None:
    assert "kkkk" not in repr(HistoryApiSettings.from_environment(HISTORY))
