"""How far the clock of a device may differ from the time at which its message arrived."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from smile_cloud import environment
from smile_contract import ContractError, SmileEvent

# Clocks that NTP keeps differ by less than a second. Five minutes is what Kerberos allows too.
MAX_AHEAD: Final = timedelta(minutes=5)
_MIN_LONGEST_SMILE_S: Final = 60
_MAX_LONGEST_SMILE_S: Final = 86_400


class ClockError(ContractError):
    """The times of an event are impossible or of no use: the clock of its device is wrong."""

    def __init__(self, problem: str) -> None:
        super().__init__("clock", problem)


@dataclass(frozen=True, slots=True)
class ClockLimits:
    """Limits for the times of an event.

    Attributes
    ----------
    max_age : timedelta
        How long before its arrival a smile may have started.
    longest_smile : timedelta
        How long a smile may last.
    """

    max_age: timedelta
    longest_smile: timedelta

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> ClockLimits:
        """Return the limits in ``EVENT_RETENTION_DAYS`` and ``LONGEST_SMILE_SECONDS``.

        Raises
        ------
        SettingsError
            Names the first variable that is missing or has an unusable value.
        """
        return cls(
            max_age=environment.days(variables, "EVENT_RETENTION_DAYS"),
            longest_smile=environment.seconds(
                variables,
                "LONGEST_SMILE_SECONDS",
                low=_MIN_LONGEST_SMILE_S,
                high=_MAX_LONGEST_SMILE_S,
            ),
        )

    def check(self, event: SmileEvent, received_at: datetime) -> None:
        """Compare the times of `event` with its arrival.

        Raises
        ------
        ClockError
            When the smile started more than 5 minutes after `received_at` or more than `max_age`
            before, lasted until more than 5 minutes after `received_at`, or lasted longer than
            `longest_smile`.
        """
        # Differences only: near the year 9999 a sum of time and limit overflows.
        ahead = event.started_at - received_at
        duration = timedelta(milliseconds=event.duration_ms)
        if ahead > MAX_AHEAD:
            raise _error("started_at at most {} after arrival", MAX_AHEAD, ahead)
        if -ahead > self.max_age:
            raise _error("started_at at most {} before arrival", self.max_age, -ahead)
        if duration > self.longest_smile:
            raise _error("a smile of at most {}", self.longest_smile, duration)
        if ahead + duration > MAX_AHEAD:
            raise _error(
                "the smile to last until at most {} after arrival", MAX_AHEAD, ahead + duration
            )


def _error(expected: str, limit: timedelta, got: timedelta) -> ClockError:
    return ClockError(f"expected {expected.format(_text(limit))}, got {_text(got)}")


def _text(duration: timedelta) -> str:
    """Return a duration as ``2 h 1 min 40 s``, rounded up: a millisecond too much must show."""
    minutes, seconds = divmod(-(-duration // timedelta(seconds=1)), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = ((days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 s"
