"""The errors of ``history_api`` alone."""

from __future__ import annotations

from smile_cloud.http.errors import ParameterProblem, QueryError


class CursorError(QueryError):
    """A cursor was changed or belongs to another query."""

    def __init__(self) -> None:
        detail = (
            "not a cursor of this query; send next_cursor unchanged, with the same device, from "
            "and to, or leave it out to start at the newest event."
        )
        super().__init__([ParameterProblem("cursor", detail)])
