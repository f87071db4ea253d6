"""Checks of the parameters in a URL that several requests share."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from smile_cloud.http.errors import ParameterProblem
from smile_contract import is_device_id

DEVICE_EXPECTED: Final = "expected 1 to 128 of the characters a-z A-Z 0-9 : _ -"
# Keep the answer short when a request has many unknown parameters, or one with a long name.
MAX_UNKNOWN_NAMED: Final = 10
_MAX_NAME_CHARACTERS: Final = 40


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
