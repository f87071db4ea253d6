"""The settings one by one: which JSON values they take, and what an error says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, time
from typing import Any, Final

from smile_cloud.alert_settings.model import AlertSettings
from smile_cloud.alert_settings.quiet_hours import QuietHours
from smile_cloud.rfc3339 import parse_rfc3339
from smile_cloud.time_zones import is_time_zone
from smile_contract import ContractError, format_time
from smile_contract.codecs import Codec, Integer, Number
from smile_contract.errors import describe

MAX_NAME_CHARACTERS: Final = 60
# Zero-width joiner and non-joiner: Persian words and many emoji need them.
_JOINERS: Final = {0x200C: None, 0x200D: None}
DEVICE_ONLY: Final = frozenset({"display_name"})

_CLOCK_TIME: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Nullable(Codec):
    """A value, or null."""

    codec: Codec

    def decode(self, value: object, path: str) -> Any:
        """Return the value, None for null."""
        return None if value is None else self.codec.decode(value, path)

    def encode(self, value: Any) -> Any:
        """Return the JSON value, null for None."""
        return None if value is None else self.codec.encode(value)


class Hours(Codec):
    """Quiet hours: ``{"start": "22:00", "end": "07:00"}``."""

    __slots__ = ()

    def decode(self, value: object, path: str) -> QuietHours:
        """Return the quiet hours."""
        if not isinstance(value, Mapping) or set(value) != {"start", "end"}:
            problem = (
                f'expected null or {{"start": "22:00", "end": "07:00"}}, got {describe(value)}'
            )
            raise ContractError(path, problem)
        hours = QuietHours(
            _clock_time(value["start"], f"{path}.start"), _clock_time(value["end"], f"{path}.end")
        )
        if hours.start == hours.end:
            raise ContractError(f"{path}.end", "expected another time than start")
        return hours

    def encode(self, value: QuietHours) -> dict[str, str]:
        """Return start and end as text."""
        return {"start": f"{value.start:%H:%M}", "end": f"{value.end:%H:%M}"}


class ZoneName(Codec):
    """The IANA name of a time zone."""

    __slots__ = ()

    def decode(self, value: object, path: str) -> str:
        """Return the name of a zone that the time zone database has."""
        if isinstance(value, str) and is_time_zone(value):
            return value
        raise ContractError(
            path, f"expected an IANA time zone such as Europe/Berlin, got {describe(value)}"
        )


class AnyTime(Codec):
    """An instant, written with any offset."""

    __slots__ = ()

    def decode(self, value: object, path: str) -> datetime:
        """Return the instant, UTC."""
        try:
            return parse_rfc3339(value if isinstance(value, str) else "")
        except ValueError:
            expected = "expected an RFC 3339 time such as 2026-11-22T18:00:00+01:00"
            raise ContractError(path, f"{expected}, got {describe(value)}") from None

    def encode(self, value: datetime) -> str:
        """Return the instant as text, UTC."""
        return format_time(value)


class DisplayName(Codec):
    """A name for people: printable, on one line, without spaces around it."""

    __slots__ = ()

    def decode(self, value: object, path: str) -> str:
        """Return the name."""
        is_name = (
            isinstance(value, str)
            and len(value) <= MAX_NAME_CHARACTERS
            and value.translate(_JOINERS) != ""
            and value.translate(_JOINERS).isprintable()
            and value == value.strip()
        )
        if not is_name:
            raise ContractError(
                path,
                f"expected 1 to {MAX_NAME_CHARACTERS} printable characters without spaces around "
                f"them, got {describe(value)}",
            )
        return value  # type: ignore[return-value]


FIELDS: Final[Mapping[str, Codec]] = {
    "min_peak_score": Number(0, 1),
    "min_duration_ms": Integer(0, 3_600_000),
    "cooldown_s": Integer(0, 86_400),
    "max_per_hour": Integer(0, 1000),
    "sure_score": Number(0, 1),
    "quiet_hours": Nullable(Hours()),
    "time_zone": ZoneName(),
    "suspended_until": Nullable(AnyTime()),
    "display_name": Nullable(DisplayName()),
}


def to_document(settings: AlertSettings) -> dict[str, Any]:
    """Return `settings` in JSON types."""
    return encode({field.name: getattr(settings, field.name) for field in fields(settings)})


def encode(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return some settings in JSON types, in the order of `FIELDS`."""
    return {name: FIELDS[name].encode(values[name]) for name in FIELDS if name in values}


def _clock_time(value: object, path: str) -> time:
    match = _CLOCK_TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ContractError(path, f"expected a time such as 22:00, got {describe(value)}")
    return time(int(match[1]), int(match[2]))
