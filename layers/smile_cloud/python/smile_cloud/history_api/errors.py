"""Errors that the API answers with 400 or 404."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from smile_cloud.errors import SmileCloudError


class NotFoundError(SmileCloudError):
    """The event does not exist or has expired."""


@dataclass(frozen=True, slots=True)
class ParameterProblem:
    """What is wrong with a request parameter, and what to send instead."""

    parameter: str
    detail: str


class QueryError(SmileCloudError):
    """Parameters of a request are invalid.

    Attributes
    ----------
    problems : tuple of ParameterProblem
        Every problem of the request, so that a client can repair it in one step.
    """

    def __init__(self, problems: Sequence[ParameterProblem]) -> None:
        super().__init__(" ".join(f"{p.parameter}: {p.detail}" for p in problems))
        self.problems = tuple(problems)


class CursorError(QueryError):
    """A cursor was changed or belongs to another query."""

    def __init__(self) -> None:
        detail = (
            "not a cursor of this query; send next_cursor unchanged, with the same device, from "
            "and to, or leave it out to start at the newest event."
        )
        super().__init__([ParameterProblem("cursor", detail)])
