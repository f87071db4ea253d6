"""The error of this package, and how it describes a value."""

from __future__ import annotations

import json
from collections.abc import Mapping

_LONGEST_NUMBER = 24
_LONGEST_TEXT = 40


class ContractError(ValueError):
    """A message breaks the contract.

    Attributes
    ----------
    field : str
        Path of the field, such as ``face.box[2]``.
    problem : str
        What was expected and what arrived. It never quotes a long value.
    """

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


def describe(value: object) -> str:
    """Return a short description of `value` that never quotes a long text, list or object."""
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if isinstance(value, int | float):
        return repr(value) if len(repr(value)) <= _LONGEST_NUMBER else "a number out of range"
    if isinstance(value, str):
        return repr(value) if len(value) <= _LONGEST_TEXT else f"text of {len(value)} characters"
    if isinstance(value, Mapping):
        return "an object"
    return "a list" if isinstance(value, list | tuple) else type(value).__name__
