"""Words that the texts of alerts share: names, times and counts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

MAX_SMS_CHARACTERS: Final = 140
MAX_SUBJECT_CHARACTERS: Final = 100

# ASCII characters that the GSM alphabet has in its basic table, so that each takes 7 bits of an
# SMS: 3GPP TS 23.038, section 6.2.1.
_GSM_ASCII: Final = frozenset(
    " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
)


def ascii_name(display_name: str | None, device_id: str) -> str:
    """Return the name of a camera in ASCII characters of the GSM alphabet.

    Accents and characters outside the alphabet are left out. The device id stands in for a name
    without alphanumeric characters.
    """
    import unicodedata  # noqa: PLC0415 - a large library that the page of an alert does not need

    characters = unicodedata.normalize("NFKD", display_name or "")
    name = " ".join("".join(c for c in characters if c in _GSM_ASCII).split())
    return name if any(c.isalnum() for c in name) else device_id


def shorten(name: str, most: int) -> str:
    """Return `name`, cut to at most `most` characters with ``...`` at its end."""
    return name if len(name) <= most else f"{name[: most - 3].rstrip()}..."


def fit(template: str, name: str, most: int) -> str:
    """Return `template` with `name` for ``{name}``, cut to at most `most` characters in all."""
    return template.replace("{name}", shorten(name, most - len(template) + len("{name}")))


def smiles(count: int, more: str = "") -> str:
    """Return for example ``1 smile`` or ``3 more smiles``."""
    return f"{count} {more}{'smile' if count == 1 else 'smiles'}"


def cameras(count: int) -> str:
    """Return for example ``1 camera``."""
    return f"{count} {'camera' if count == 1 else 'cameras'}"


def cut(score: float, digits: int) -> str:
    """Return a score with `digits` decimals, cut: 0.899 is not 0.90, the score of a sure smile."""
    scale = 10**digits
    return f"{int(score * scale + _ROUNDING) / scale:.{digits}f}"


def day(at: datetime) -> str:
    """Return for example ``Sunday, 22 November 2026``, independent of the system's language."""
    return f"{_DAYS[at.weekday()]}, {at.day} {_MONTHS[at.month - 1]} {at.year}"


def seconds(duration_ms: int) -> str:
    """Return a duration for people: ``2.8 s`` or ``3 min 20 s``."""
    if duration_ms < _MINUTE_MS:
        return f"{duration_ms // 100 / 10:.1f} s"
    return f"{duration_ms // _MINUTE_MS} min {duration_ms % _MINUTE_MS // 1000} s"


def span(duration: timedelta) -> str:
    """Return a longer duration for people: ``19 min``, ``3 h 5 min`` or ``2 d 4 h``."""
    minutes = max(duration // timedelta(minutes=1), 0)
    if minutes < _HOUR_MINUTES:
        return f"{minutes} min"
    if minutes < _DAY_MINUTES:
        return f"{minutes // _HOUR_MINUTES} h {minutes % _HOUR_MINUTES} min"
    return f"{minutes // _DAY_MINUTES} d {minutes % _DAY_MINUTES // _HOUR_MINUTES} h"


_ROUNDING: Final = 1e-9  # 0.29 * 100 is 28.999999999999996
_MINUTE_MS: Final = 60_000
_HOUR_MINUTES: Final = 60
_DAY_MINUTES: Final = 24 * _HOUR_MINUTES
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
