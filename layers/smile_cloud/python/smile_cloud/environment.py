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
_TABLE_NAME: Final = re.compile(r"[a-zA-Z0-9_.-]{3,255}")
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


def days(variables: Mapping[str, str], name: str) -> timedelta:
    """Return a whole number of days, 1 to 9999."""
    return timedelta(days=_whole_number(variables, name, 1, _MAX_DAYS))


def seconds(variables: Mapping[str, str], name: str, *, low: int) -> timedelta:
    """Return a whole number of seconds, `low` to 99999."""
    return timedelta(seconds=_whole_number(variables, name, low, _MAX_SECONDS))


def _whole_number(variables: Mapping[str, str], name: str, low: int, high: int) -> int:
    value = text(variables, name)
    if re.fullmatch(r"[0-9]{1,9}", value) is None or not low <= int(value) <= high:
        raise SettingsError(name, f"expected a whole number from {low} to {high}")
    return int(value)
