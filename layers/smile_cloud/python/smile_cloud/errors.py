"""The errors of this package, all under one base."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class SmileCloudError(Exception):
    """Base of everything this package raises on purpose."""


class SettingsError(SmileCloudError):
    """An environment variable is missing or holds what the function cannot use.

    Attributes
    ----------
    variable : str
        Its name. The value is never repeated, for it may be a secret.
    """

    def __init__(self, variable: str, problem: str) -> None:
        super().__init__(f"{variable}: {problem}")
        self.variable = variable


class ConflictError(SmileCloudError):
    """Others kept changing the same item; trying again later will succeed."""


class NotFoundError(SmileCloudError):
    """No such thing, or it has expired."""


@dataclass(frozen=True, slots=True)
class ParameterProblem:
    """What is wrong with one request parameter, and what to send instead."""

    parameter: str
    detail: str


class QueryError(SmileCloudError):
    """Parameters of a request cannot be used.

    Attributes
    ----------
    problems : tuple of ParameterProblem
        All of them, so that one answer is enough to repair the request.
    """

    def __init__(self, problems: Sequence[ParameterProblem]) -> None:
        super().__init__(" ".join(f"{p.parameter}: {p.detail}" for p in problems))
        self.problems = tuple(problems)


class CursorError(QueryError):
    """A cursor was changed, or belongs to another query."""

    def __init__(self) -> None:
        detail = (
            "not a cursor of this query; send next_cursor unchanged, together with the device, "
            "from and to it came from, or leave it out to start at the newest event."
        )
        super().__init__([ParameterProblem("cursor", detail)])
