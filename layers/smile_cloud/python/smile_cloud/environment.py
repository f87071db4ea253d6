"""Read typed values from the environment variables of a function.

Every function here raises `SettingsError`, which names the variable, when the value is missing,
blank or not what is expected.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from smile_cloud.errors import SettingsError

_MAX_DAYS: Final = 9_999
_MAX_SECONDS: Final = 99_999
_MAX_PER_MINUTE: Final = 600
_MIN_SECRET_CHARACTERS: Final = 32
_TABLE_NAME: Final = re.compile(r"[a-zA-Z0-9_.-]{3,255}")
_TOPIC_ARN: Final = re.compile(r"arn:[a-z-]+:sns:[a-z0-9-]+:\d{12}:\S+", re.ASCII)
_SWITCH: Final = re.compile(r"on|off")
_URL: Final = re.compile(r"https?://\S+")


def text(variables: Mapping[str, str], name: str) -> str:
    """Return a value that is not blank."""
    value = variables.get(name, "").strip()
    if not value:
        raise SettingsError(name, "expected a value, the variable is missing or empty")
    return value


def matching(
    variables: Mapping[str, str], name: str, pattern: re.Pattern[str], expected: str
) -> str:
    """Return a value that matches `pattern`; `expected` describes it in the error."""
    value = text(variables, name)
    if pattern.fullmatch(value) is None:
        raise SettingsError(name, f"expected {expected}")
    return value


def table_name(variables: Mapping[str, str]) -> str:
    """Return ``TABLE_NAME``."""
    return matching(variables, "TABLE_NAME", _TABLE_NAME, "the name of a DynamoDB table")


def url(variables: Mapping[str, str], name: str, expected: str) -> str:
    """Return an HTTP or HTTPS URL."""
    return matching(variables, name, _URL, expected)


def queue_url(variables: Mapping[str, str], name: str) -> str:
    """Return the URL of an SQS queue."""
    return url(variables, name, "the URL of an SQS queue")


def switch(variables: Mapping[str, str], name: str) -> bool:
    """Return whether a value is ``on`` and not ``off``."""
    return matching(variables, name, _SWITCH, "on or off") == "on"


def secret(variables: Mapping[str, str], name: str) -> bytes:
    """Return a secret of at least 32 characters."""
    value = text(variables, name)
    if len(value) < _MIN_SECRET_CHARACTERS:
        raise SettingsError(name, f"expected at least {_MIN_SECRET_CHARACTERS} characters")
    if value.startswith("{{resolve:"):
        raise SettingsError(name, "expected a key, got an unresolved reference to one")
    return value.encode()


def topic_arn(variables: Mapping[str, str]) -> str:
    """Return ``TOPIC_ARN``."""
    return matching(variables, "TOPIC_ARN", _TOPIC_ARN, "the ARN of an SNS topic")


def alerts_per_minute(variables: Mapping[str, str]) -> int:
    """Return ``ALERTS_PER_MINUTE``, 1 to 600: SNS takes 10 e-mails a second to an address."""
    return whole_number(variables, "ALERTS_PER_MINUTE", 1, _MAX_PER_MINUTE)


def days(variables: Mapping[str, str], name: str) -> timedelta:
    """Return a whole number of days, 1 to 9999."""
    return timedelta(days=whole_number(variables, name, 1, _MAX_DAYS))


def seconds(
    variables: Mapping[str, str], name: str, *, low: int, high: int = _MAX_SECONDS
) -> timedelta:
    """Return a whole number of seconds, `low` to `high`."""
    return timedelta(seconds=whole_number(variables, name, low, high))


def whole_number(variables: Mapping[str, str], name: str, low: int, high: int) -> int:
    """Return a whole number from `low` to `high`."""
    value = text(variables, name)
    if re.fullmatch(r"[0-9]{1,9}", value) is None or not low <= int(value) <= high:
        raise SettingsError(name, f"expected a whole number from {low} to {high}")
    return int(value)
