"""The requests to erase, parsed strictly: nothing is erased that the request does not name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from smile_cloud.erasure.job import ErasureRequest, Scope
from smile_cloud.http.errors import ParameterProblem, QueryError
from smile_cloud.http.parameters import device_problems, unknown_problems
from smile_cloud.rfc3339 import parse_rfc3339
from smile_contract import ContractError, uuid7_time

RANGE_PARAMETERS: Final = ("from", "to")
_TIME_EXPECTED: Final = (
    "expected an RFC 3339 time with its offset, such as 2026-11-22T17:33:00Z "
    "or 2026-11-22T18:33:00.250+01:00 (write + as %2B in a URL)"
)
_REQUIRED: Final = (
    "expected a time: name both ends of the range to erase, such as from=1970-01-01T00:00:00Z "
    "for everything before to."
)


def erase_device(device_id: str, parameters: Mapping[str, Sequence[str]]) -> ErasureRequest:
    """Return the request of ``DELETE /v1/devices/{device}``.

    Raises
    ------
    QueryError
        Names every parameter that is invalid.
    """
    problems = unknown_problems(parameters, ()) + device_problems(device_id)
    if problems:
        raise QueryError(problems)
    return ErasureRequest(device_id, Scope.DEVICE)


def erase_events(device_id: str, parameters: Mapping[str, Sequence[str]]) -> ErasureRequest:
    """Return the request of ``DELETE /v1/devices/{device}/events``.

    Raises
    ------
    QueryError
        Names every parameter that is unknown, missing, repeated or invalid.
    """
    problems = unknown_problems(parameters, RANGE_PARAMETERS) + device_problems(device_id)
    start, end = (_time(name, parameters.get(name, ()), problems) for name in RANGE_PARAMETERS)
    if start is not None and end is not None and start >= end:
        problems.append(ParameterProblem("to", "expected a time after from."))
    if problems:
        raise QueryError(problems)
    return ErasureRequest(device_id, Scope.EVENTS, start, end)


def check_job(device_id: str, job_id: str, parameters: Mapping[str, Sequence[str]]) -> None:
    """Check the request of ``GET /v1/devices/{device}/erasures/{job}``.

    Raises
    ------
    QueryError
        Names every parameter that is invalid.
    """
    problems = unknown_problems(parameters, ()) + device_problems(device_id)
    try:
        uuid7_time(job_id)
    except ContractError:
        detail = "expected a UUIDv7 in lower case, the job_id of the answer to DELETE."
        problems.append(ParameterProblem("job", detail))
    if problems:
        raise QueryError(problems)


def _time(name: str, given: Sequence[str], problems: list[ParameterProblem]) -> datetime | None:
    if len(given) > 1:
        problems.append(ParameterProblem(name, "given more than once, give it once."))
        return None
    if not given:
        problems.append(ParameterProblem(name, _REQUIRED))
        return None
    try:
        return parse_rfc3339(given[0])
    except ValueError:
        problems.append(ParameterProblem(name, f"{_TIME_EXPECTED}."))
        return None
