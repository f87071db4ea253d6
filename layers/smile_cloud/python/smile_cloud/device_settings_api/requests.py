"""``PATCH …/settings``, parsed strictly: every invalid field is reported at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeGuard

from smile_cloud.device_settings_api.flat import flattened
from smile_cloud.http.errors import BodyError, FieldProblem
from smile_cloud.http.json_body import read_object, unknown_fields
from smile_contract import ContractError
from smile_contract.device_settings import DEVICE_SETTINGS

_SECTIONS: Final = frozenset(key.partition(".")[0] for key in DEVICE_SETTINGS if "." in key)
THRESHOLD_ON: Final = "smile.threshold_on"
THRESHOLD_OFF: Final = "smile.threshold_off"


def read_changes(content_type: str | None, body: str | None) -> dict[str, Any]:
    """Return the changes in the body of a request, by dotted key; None removes a setting.

    Raises
    ------
    RequestError
        When the body is not a JSON object.
    BodyError
        Names every field that is unknown or invalid.
    """
    document = read_object(content_type, body)
    problems = [
        FieldProblem(name, "expected an object of settings.")
        for name in sorted(_SECTIONS & document.keys())
        if not isinstance(document[name], Mapping)
    ]
    dotted = [name for name in document if "." in name]
    problems += unknown_fields(dotted, [*_SECTIONS, "paused"])
    wrong = {problem.field for problem in problems}.union(dotted)
    given = flattened({name: value for name, value in document.items() if name not in wrong})
    changes: dict[str, Any] = {}
    for name in DEVICE_SETTINGS:
        if name in given:
            try:
                changes[name] = _value(given[name], name)
            except ContractError as error:
                problems.append(FieldProblem(error.field, f"{error.problem}; null removes it."))
    problems += unknown_fields(given, list(DEVICE_SETTINGS))
    if not problems and not changes:
        names = ", ".join(DEVICE_SETTINGS)
        raise BodyError([FieldProblem("paused", f"expected at least one setting: {names}.")])
    if problems:
        raise BodyError(problems)
    return changes


def check_thresholds(changes: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
    """Check that the thresholds go together, as the device does.

    Parameters
    ----------
    changes : Mapping
        By dotted key.
    settings : Mapping
        What the device has, or will have, after the changes, by dotted key; without what is not
        known.

    Raises
    ------
    BodyError
        When a change makes ``threshold_off`` as large as ``threshold_on``, or larger.
    """
    on, off = settings.get(THRESHOLD_ON), settings.get(THRESHOLD_OFF)
    if not _is_number(on) or not _is_number(off) or off < on:
        return
    if changes.get(THRESHOLD_OFF) is not None:
        problem = FieldProblem(
            THRESHOLD_OFF, f"expected less than threshold_on ({on:g}), got {off:g}."
        )
    elif changes.get(THRESHOLD_ON) is not None:
        problem = FieldProblem(
            THRESHOLD_ON, f"expected more than threshold_off ({off:g}), got {on:g}."
        )
    else:
        return
    raise BodyError([problem])


def _value(value: object, name: str) -> Any:
    """Return a valid value as the shadow gets it: 500 and not 500.0, which some tell apart."""
    if value is None:
        return None
    decoded = DEVICE_SETTINGS[name].decode(value, name)
    return int(decoded) if isinstance(decoded, float) and decoded.is_integer() else decoded


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
