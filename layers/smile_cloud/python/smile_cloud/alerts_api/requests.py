"""The requests for alert settings, parsed strictly: every invalid field is reported at once."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from smile_cloud.alert_settings.fields import DEVICE_ONLY, FIELDS
from smile_cloud.http.errors import BodyError, FieldProblem, QueryError
from smile_cloud.http.json_body import read_object, unknown_fields
from smile_cloud.http.parameters import device_problems, unknown_problems
from smile_contract import ContractError


def check_parameters(device_id: str | None, query: Collection[str]) -> None:
    """Check the device id in the path, and that there is no query string.

    Raises
    ------
    QueryError
        Names every parameter that is invalid.
    """
    problems = unknown_problems(query, ())
    if device_id is not None:
        problems += device_problems(device_id)
    if problems:
        raise QueryError(problems)


def read_settings(content_type: str | None, body: str | None, *, of_device: bool) -> dict[str, Any]:
    """Return the values in the body of a PUT request, as `AlertSettings` holds them.

    Raises
    ------
    RequestError
        When the body is not a JSON object.
    BodyError
        Names every field that is unknown or invalid.
    """
    document = read_object(content_type, body)
    known = [name for name in FIELDS if of_device or name not in DEVICE_ONLY]
    values: dict[str, Any] = {}
    problems = []
    for name in known:
        if name in document:
            try:
                values[name] = FIELDS[name].decode(document[name], name)
            except ContractError as error:
                problems.append(FieldProblem(error.field, f"{error.problem}."))
    problems += unknown_fields(document, known)
    if problems:
        raise BodyError(problems)
    return values
