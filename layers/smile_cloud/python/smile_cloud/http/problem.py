"""Errors as RFC 9457 problem documents that say what to change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from http import HTTPStatus
from typing import Any, Final

from smile_cloud.http.errors import Problem

CONTENT_TYPE: Final = "application/problem+json"


def problem(status: HTTPStatus, detail: str, errors: Sequence[Problem] = ()) -> dict[str, Any]:
    """Return a problem document.

    The type is ``about:blank``, so the title is the phrase of the status:
    https://www.rfc-editor.org/rfc/rfc9457#name-aboutblank

    Parameters
    ----------
    status : HTTPStatus
    detail : str
        What went wrong and what to do about it.
    errors : sequence of ParameterProblem and FieldProblem
        One for each parameter or field to change.
    """
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
    }
    if errors:
        document["errors"] = [asdict(error) for error in errors]
    return document
