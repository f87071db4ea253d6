"""The requests to erase, parsed strictly: nothing is erased that the request does not name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from smile_cloud.erasure.job import ErasureRequest, Scope
from smile_cloud.http.parameters import Parameters
from smile_contract import ContractError, uuid7_time

RANGE_PARAMETERS: Final = ("from", "to")
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
    read = Parameters(parameters, ())
    read.path_device(device_id)
    read.check()
    return ErasureRequest(device_id, Scope.DEVICE)


def erase_events(device_id: str, parameters: Mapping[str, Sequence[str]]) -> ErasureRequest:
    """Return the request of ``DELETE /v1/devices/{device}/events``.

    Raises
    ------
    QueryError
        Names every parameter that is unknown, missing, repeated or invalid.
    """
    read = Parameters(parameters, RANGE_PARAMETERS)
    read.path_device(device_id)
    for name in RANGE_PARAMETERS:
        if not parameters.get(name):
            read.refuse(name, _REQUIRED)
    start, end = (read.time(name) for name in RANGE_PARAMETERS)
    if start is not None and end is not None and start >= end:
        read.refuse("to", "expected a time after from.")
    read.check()
    return ErasureRequest(device_id, Scope.EVENTS, start, end)


def check_job(device_id: str, job_id: str, parameters: Mapping[str, Sequence[str]]) -> None:
    """Check the request of ``GET /v1/devices/{device}/erasures/{job}``.

    Raises
    ------
    QueryError
        Names every parameter that is invalid.
    """
    read = Parameters(parameters, ())
    read.path_device(device_id)
    try:
        uuid7_time(job_id)
    except ContractError:
        read.refuse("job", "expected a UUIDv7 in lower case, the job_id of the answer to DELETE.")
    read.check()
