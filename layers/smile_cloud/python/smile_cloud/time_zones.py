"""The names of time zones in the IANA database, such as ``Europe/Berlin``."""

from __future__ import annotations

import re
from typing import Final

_ZONE_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}")
# Files of a time zone database that name no zone of people.
_NO_ZONES: Final = frozenset({"Factory", "localtime", "posixrules"})


def is_time_zone(name: str) -> bool:
    """Return whether the IANA database has a zone of this name."""
    if name == "UTC":
        return True
    if _ZONE_NAME.fullmatch(name) is None or name in _NO_ZONES:
        return False
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - most cold starts need no time zone

    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown; not a zone file; a folder such as Europe
        return False
    return True
