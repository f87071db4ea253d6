"""Scopes: what the holder of a key may do."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Scope(StrEnum):
    """Each scope includes those before it."""

    READ = "read"
    FEEDBACK = "feedback"
    ADMIN = "admin"


# Method and path, as they stand after the stage in the ARN of a request; * stands for anything.
_READS: Final = ("GET/*", "HEAD/*", "POST/v1/photos")
ALLOWED: Final = {
    Scope.READ: _READS,
    Scope.FEEDBACK: (*_READS, "PUT/v1/devices/*/events/*/feedback"),
    Scope.ADMIN: ("*",),
}


def scope_of(key: str) -> Scope | None:
    """Return the scope that a key claims: it is the part before the first ``_``.

    Whether the key exists is checked by API Gateway, which knows the keys of its usage plan.
    """
    name, mark, _ = key.partition("_")
    return Scope(name) if mark and name in set(Scope) else None
