"""Template parameters: those that the user chose, and the list for SAM."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ops.errors import CommandError
from ops.template import load_template

_PARAMETER = re.compile(r"([A-Za-z][A-Za-z0-9]*)=(\S*)")
_FIXED = "Stage"
_ZONE = "AlertTimeZone"
_MINIMA = ("TableWriteUnits", "TableReadUnits", "IndexWriteUnits")
_MAXIMUM = "TableMaxUnits"


def parse_parameters(text: str) -> list[str]:
    """Return the parameters in ``NAME=VALUE NAME=VALUE``.

    Raises
    ------
    CommandError
        When one has another form, names the stage, or is a time zone that does not exist.
        CloudFormation itself cannot check a time zone.
    """
    parameters = text.split()
    for parameter in parameters:
        match = _PARAMETER.fullmatch(parameter)
        if match is None:
            raise CommandError(f"PARAMETERS: expected NAME=VALUE, got {parameter}")
        name, value = match.groups()
        if name == _FIXED:
            raise CommandError(f"PARAMETERS: {name} belongs to STAGE; leave it out")
        if name == _ZONE:
            _check_zone(value)
    return parameters


def merge_parameters(*lists: Sequence[str]) -> list[str]:
    """Return one list in which each parameter stands once, with its last value."""
    merged: dict[str, str] = {}
    for parameter in (one for parameters in lists for one in parameters):
        merged[parameter.partition("=")[0]] = parameter
    return list(merged.values())


def check_units(chosen: Sequence[str], deployed: Mapping[str, str]) -> None:
    """Check that the maximum of a provisioned table is not below a minimum.

    Parameters
    ----------
    chosen : sequence of str
        As from `parse_parameters`.
    deployed : Mapping of str to str
        Values in the stack; those of the template hold for the others.

    Raises
    ------
    CommandError
        When it is. CloudFormation finds out only after it has switched the table.
    """
    declared = load_template()["Parameters"].items()
    values = {name: one.get("Default", "") for name, one in declared} | dict(deployed)
    values |= dict(one.split("=", 1) for one in chosen)
    if values["TableCapacity"] != "provisioned":
        return
    for name in _MINIMA:
        least, most = values[name], values[_MAXIMUM]
        if least.isdecimal() and most.isdecimal() and int(least) > int(most):
            raise CommandError(
                f"PARAMETERS: {name}={least}: expected at most {_MAXIMUM}, which is {most}"
            )


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise CommandError(
            f"PARAMETERS: {_ZONE}: expected an IANA time zone such as Europe/Berlin, got {name}"
        ) from None
