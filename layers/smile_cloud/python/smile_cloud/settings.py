"""The environment variables of each function: one typed class per function, parsed once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from smile_cloud.errors import SettingsError

MIN_CURSOR_KEY_CHARACTERS: Final = 32
_MAX_DAYS: Final = 9_999
_MAX_SECONDS: Final = 99_999
_TABLE_NAME = re.compile(r"[a-zA-Z0-9_.-]{3,255}")
_URL = re.compile(r"https?://\S+")
_TOPIC_ARN = re.compile(r"arn:[a-z-]+:sns:[a-z0-9-]+:\d{12}:\S+", re.ASCII)


def _text(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "").strip()
    if not value:
        raise SettingsError(name, "expected a value, the variable is missing or empty")
    return value


def _matching(
    environment: Mapping[str, str], name: str, pattern: re.Pattern[str], what: str
) -> str:
    value = _text(environment, name)
    if pattern.fullmatch(value) is None:
        raise SettingsError(name, f"expected {what}")
    return value


def _whole_number(environment: Mapping[str, str], name: str, low: int, high: int) -> int:
    value = _text(environment, name)
    if re.fullmatch(r"[0-9]{1,9}", value) is None or not low <= int(value) <= high:
        raise SettingsError(name, f"expected a whole number from {low} to {high}")
    return int(value)


def _table_name(environment: Mapping[str, str]) -> str:
    return _matching(environment, "TABLE_NAME", _TABLE_NAME, "the name of a DynamoDB table")


def _days(environment: Mapping[str, str], name: str) -> timedelta:
    return timedelta(days=_whole_number(environment, name, 1, _MAX_DAYS))


@dataclass(frozen=True, slots=True)
class StoreEventSettings:
    """What ``store_event`` reads from its environment.

    Attributes
    ----------
    table_name : str
        ``TABLE_NAME``.
    dead_letter_queue_url : str
        ``DEAD_LETTER_QUEUE_URL``, where messages go that break the contract.
    event_retention, rollup_retention : timedelta
        ``EVENT_RETENTION_DAYS`` and ``ROLLUP_RETENTION_DAYS``, 1 to 9999.
    """

    table_name: str
    dead_letter_queue_url: str
    event_retention: timedelta
    rollup_retention: timedelta

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> StoreEventSettings:
        """Return the settings.

        Raises
        ------
        SettingsError
            Names the first variable that is missing or unusable.
        """
        return cls(
            table_name=_table_name(environment),
            dead_letter_queue_url=_matching(
                environment, "DEAD_LETTER_QUEUE_URL", _URL, "the URL of an SQS queue"
            ),
            event_retention=_days(environment, "EVENT_RETENTION_DAYS"),
            rollup_retention=_days(environment, "ROLLUP_RETENTION_DAYS"),
        )


@dataclass(frozen=True, slots=True)
class SendAlertSettings:
    """What ``send_alert`` reads from its environment.

    Attributes
    ----------
    table_name : str
        ``TABLE_NAME``.
    topic_arn : str
        ``TOPIC_ARN`` of the SNS topic.
    api_url : str
        ``API_URL``, base of the REST API, without a slash at its end; for the alert's link.
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
    def from_environment(cls, environment: Mapping[str, str]) -> SendAlertSettings:
        """Return the settings.

        Raises
        ------
        SettingsError
            Names the first variable that is missing or unusable.
        """
        cooldown_s = _whole_number(environment, "ALERT_COOLDOWN_SECONDS", 0, _MAX_SECONDS)
        max_age_s = _whole_number(environment, "ALERT_MAX_AGE_SECONDS", 1, _MAX_SECONDS)
        return cls(
            table_name=_table_name(environment),
            topic_arn=_matching(environment, "TOPIC_ARN", _TOPIC_ARN, "the ARN of an SNS topic"),
            api_url=_matching(environment, "API_URL", _URL, "the URL of the API").rstrip("/"),
            cooldown=timedelta(seconds=cooldown_s),
            max_age=timedelta(seconds=max_age_s),
        )


@dataclass(frozen=True, slots=True)
class HistoryApiSettings:
    """What ``history_api`` reads from its environment.

    Attributes
    ----------
    table_name : str
        ``TABLE_NAME``.
    cursor_key : bytes
        ``CURSOR_KEY``, at least 32 characters; kept out of ``repr``.
    """

    table_name: str
    cursor_key: bytes = field(repr=False)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> HistoryApiSettings:
        """Return the settings.

        Raises
        ------
        SettingsError
            Names the first variable that is missing or unusable.
        """
        cursor_key = _text(environment, "CURSOR_KEY")
        if len(cursor_key) < MIN_CURSOR_KEY_CHARACTERS:
            raise SettingsError(
                "CURSOR_KEY", f"expected at least {MIN_CURSOR_KEY_CHARACTERS} characters"
            )
        if cursor_key.startswith("{{resolve:"):
            raise SettingsError("CURSOR_KEY", "expected a key, got an unresolved reference to one")
        return cls(table_name=_table_name(environment), cursor_key=cursor_key.encode())
