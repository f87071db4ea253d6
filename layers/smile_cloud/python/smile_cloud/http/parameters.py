"""Read the parameters in a URL, strictly: every problem is reported at once."""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

from smile_cloud.http.errors import ParameterProblem, QueryError
from smile_cloud.rfc3339 import parse_rfc3339
from smile_contract import is_device_id

DEVICE_EXPECTED: Final = "expected 1 to 128 of the characters a-z A-Z 0-9 : _ -"
# Keep the answer short when a request has many unknown parameters, or one with a long name.
MAX_UNKNOWN_NAMED: Final = 10
_MAX_NAME_CHARACTERS: Final = 40

_TIME_EXPECTED: Final = (
    "expected an RFC 3339 time with its offset, such as 2026-11-22T17:33:00Z "
    "or 2026-11-22T18:33:00.250+01:00 (write + as %2B in a URL)"
)
_UUID_VERSION: Final = 7
_WHOLE_NUMBER: Final = re.compile(r"[0-9]{1,9}")
_DECIMAL: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,17})?")


class Parameters:
    """Reads the parameters of one request and collects what is wrong with them.

    Read every parameter, then call :meth:`check`. Until then, a bad value reads like a missing one.

    Parameters
    ----------
    given : Mapping
        All values of each parameter in the query string, unescaped.
    known : sequence of str
        Names of the parameters that the request may have.
    """

    def __init__(self, given: Mapping[str, Sequence[str]], known: Sequence[str]) -> None:
        self._problems = unknown_problems(given, known)
        self._values: dict[str, str] = {}
        for name in known:
            values = given.get(name, ())
            if len(values) > 1:
                self.refuse(name, "given more than once, give it once.")
            elif values:
                self._values[name] = values[0]

    def refuse(self, name: str, detail: str) -> None:
        """Add a problem that the caller has found; `detail` says what to send instead."""
        self._problems.append(ParameterProblem(name, detail))

    def check(self) -> None:
        """Raise `QueryError`, which names everything that is wrong, if anything is."""
        if self._problems:
            raise QueryError(self._problems)

    def text(self, name: str) -> str | None:
        """Return a value as it was sent; None without one."""
        return self._values.get(name)

    def path_device(self, device_id: str) -> str:
        """Return the device id in the path, unescaped."""
        self._problems += device_problems(device_id)
        return device_id

    def path_event(self, event_id: str) -> str:
        """Return the event id in the path, in lower case."""
        event_id = event_id.lower()
        if not _is_uuid7(event_id):
            self.refuse("event_id", "expected a UUIDv7, such as an event_id of GET /v1/events.")
        return event_id

    def device(self) -> str | None:
        """Return the parameter ``device``; None stands for all devices."""
        device_id = self.text("device")
        if device_id is not None and not is_device_id(device_id):
            self.refuse("device", f"{DEVICE_EXPECTED}; leave it out for all devices.")
            return None
        return device_id

    def time(self, name: str) -> datetime | None:
        """Return a time, UTC, in whole milliseconds; None without one."""
        text = self.text(name)
        if text is None:
            return None
        try:
            return parse_rfc3339(text)
        except ValueError:
            self.refuse(name, f"{_TIME_EXPECTED}.")
            return None

    def time_range(self) -> tuple[datetime | None, datetime | None]:
        """Return the parameters ``from`` and ``to``, of which the second is not the earlier one."""
        start, end = self.time("from"), self.time("to")
        if start is not None and end is not None and start > end:
            self.refuse("to", "expected a time that is not before from.")
        return start, end

    def whole_number(self, name: str, low: int, high: int) -> int | None:
        """Return a whole number from `low`, which is not negative, to `high`; None without one."""
        text = self.text(name)
        if text is None:
            return None
        if _WHOLE_NUMBER.fullmatch(text) is None or not low <= int(text) <= high:
            self.refuse(name, f"expected a whole number from {low} to {high}.")
            return None
        return int(text)

    def number(self, name: str, low: float, high: float) -> float | None:
        """Return a decimal number from `low`, which is not negative, to `high`; None without one.

        Exponents, signs, ``nan`` and ``inf`` are refused.
        """
        text = self.text(name)
        if text is None:
            return None
        if _DECIMAL.fullmatch(text) is None or not low <= float(text) <= high:
            self.refuse(name, f"expected a decimal number from {low:g} to {high:g}, such as 0.75.")
            return None
        return float(text)

    def choice(self, name: str, choices: Sequence[str]) -> str | None:
        """Return one of `choices`; None without one."""
        text = self.text(name)
        if text is not None and text not in choices:
            self.refuse(name, f"expected {' or '.join(choices)}.")
            return None
        return text

    def flag(self, name: str) -> bool | None:
        """Return whether the value is ``true``, not ``false``; None without one."""
        text = self.choice(name, ("true", "false"))
        return None if text is None else text == "true"


def unknown_problems(given: Collection[str], known: Sequence[str]) -> list[ParameterProblem]:
    """Return a problem for each name in `given` that is not `known`."""
    expected = f"expected {', '.join(known)}" if known else "expected no parameters"
    unknown = sorted(set(given) - set(known))[:MAX_UNKNOWN_NAMED]
    return [
        ParameterProblem(name[:_MAX_NAME_CHARACTERS], f"unknown parameter, {expected}.")
        for name in unknown
    ]


def device_problems(device_id: str) -> list[ParameterProblem]:
    """Return what is wrong with a device id in a path; nothing when it is valid."""
    if is_device_id(device_id):
        return []
    return [ParameterProblem("device", f"{DEVICE_EXPECTED}.")]


def _is_uuid7(text: str) -> bool:
    try:
        parsed = uuid.UUID(text)
    except ValueError:
        return False
    return parsed.version == _UUID_VERSION and str(parsed) == text
