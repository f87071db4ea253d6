"""Ids: UUIDv7 for events, so that an id sorts by the time its smile started; device ids.

Layout after RFC 9562, section 5.7: 48 bits of Unix milliseconds, version, 12 random bits,
variant, 62 random bits. https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-7
"""

from __future__ import annotations

import re
import secrets
import uuid
from datetime import UTC, datetime, timedelta

from smile_contract.errors import ContractError
from smile_contract.times import truncate_to_ms

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
# AWS IoT thing names: https://docs.aws.amazon.com/iot/latest/apireference/API_CreateThing.html
DEVICE_ID_PATTERN = "[a-zA-Z0-9:_-]{1,128}"
_DEVICE_ID = re.compile(DEVICE_ID_PATTERN)
_RANDOM_BITS = 74
_MAX_UNIX_MS = (1 << 48) - 1


def _unix_ms(at: datetime) -> int:
    unix_ms = (truncate_to_ms(at) - _EPOCH) // timedelta(milliseconds=1)
    if not 0 <= unix_ms <= _MAX_UNIX_MS:
        raise ContractError("time", "expected a time from 1970 on, for an id can name no other")
    return unix_ms


def _assemble(unix_ms: int, random: int) -> str:
    rand_a, rand_b = random >> 62, random & ((1 << 62) - 1)
    number = unix_ms << 80 | 0x7 << 76 | rand_a << 64 | 0b10 << 62 | rand_b
    return str(uuid.UUID(int=number))


def uuid7(at: datetime) -> str:
    """Return a new UUIDv7 whose time part is `at`, in whole milliseconds."""
    return _assemble(_unix_ms(at), secrets.randbits(_RANDOM_BITS))


def uuid7_lower_bound(at: datetime) -> str:
    """Return the smallest UUIDv7 of the millisecond `at`, for range queries."""
    return _assemble(_unix_ms(at), 0)


def uuid7_time(event_id: object, field: str = "event_id") -> datetime:
    """Return the time part of a UUIDv7 in its canonical lower-case form.

    Raises
    ------
    ContractError
        When `event_id` is no such UUID.
    """
    if not isinstance(event_id, str) or _UUID7.fullmatch(event_id) is None:
        got = repr(event_id[:40]) if isinstance(event_id, str) else type(event_id).__name__
        raise ContractError(field, f"expected a UUIDv7 in lower case, got {got}")
    try:
        return _EPOCH + timedelta(milliseconds=uuid.UUID(event_id).int >> 80)
    except OverflowError:
        raise ContractError(field, "expected a UUIDv7 of a year up to 9999") from None


def is_device_id(text: object) -> bool:
    """Tell whether `text` may name a device: 1 to 128 of ``a-z A-Z 0-9 : _ -``."""
    return isinstance(text, str) and _DEVICE_ID.fullmatch(text) is not None
