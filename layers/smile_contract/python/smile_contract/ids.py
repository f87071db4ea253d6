"""Ids: UUIDv7 for events, which sort by the time the smile started, and device ids.

Layout of a UUIDv7 (RFC 9562, section 5.7): 48 bits of Unix milliseconds, version, 12 random bits,
variant, 62 random bits. https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-7
"""

from __future__ import annotations

import re
import secrets
import uuid
from datetime import UTC, datetime, timedelta
from typing import Annotated

from smile_contract.codecs import Text
from smile_contract.errors import ContractError
from smile_contract.times import truncate_to_ms

# AWS IoT thing names: https://docs.aws.amazon.com/iot/latest/apireference/API_CreateThing.html
DEVICE_ID_PATTERN = "[a-zA-Z0-9:_-]{1,128}"
DEVICE_ID = Text(re.compile(DEVICE_ID_PATTERN), "1 to 128 of a-z A-Z 0-9 : _ -")
EVENT_ID = Text(
    re.compile("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"),
    "a UUIDv7 in lower case",
)
DeviceId = Annotated[str, DEVICE_ID]
EventId = Annotated[str, EVENT_ID]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RANDOM_BITS = 74


def _assemble(at: datetime, random: int) -> str:
    unix_ms = (truncate_to_ms(at) - _EPOCH) // timedelta(milliseconds=1)
    if unix_ms < 0:  # no upper check: 48 bits last longer than datetime's year 9999
        raise ContractError("time", "expected a time of 1970 or later")
    rand_a, rand_b = random >> 62, random & ((1 << 62) - 1)
    number = unix_ms << 80 | 0x7 << 76 | rand_a << 64 | 0b10 << 62 | rand_b
    return str(uuid.UUID(int=number))


def uuid7(at: datetime) -> str:
    """Return a new UUIDv7 whose time part is `at`, in whole milliseconds."""
    return _assemble(at, secrets.randbits(_RANDOM_BITS))


def uuid7_lower_bound(at: datetime) -> str:
    """Return the smallest UUIDv7 of the millisecond `at`, for range queries."""
    return _assemble(at, 0)


def uuid7_time(event_id: object, field: str = "event_id") -> datetime:
    """Return the time part of a UUIDv7 in its canonical lower-case form.

    Raises
    ------
    ContractError
        When `event_id` is not such a UUID.
    """
    text = EVENT_ID.decode(event_id, field)
    try:
        return _EPOCH + timedelta(milliseconds=int(text[:8] + text[9:13], 16))
    except OverflowError:
        raise ContractError(field, "expected a UUIDv7 of a year up to 9999") from None


def is_device_id(text: object) -> bool:
    """Return whether `text` is a valid device id: 1 to 128 of ``a-z A-Z 0-9 : _ -``."""
    return isinstance(text, str) and DEVICE_ID.pattern.fullmatch(text) is not None
