"""Read a JSON object from a request body, strictly: what is unclear is refused, not guessed."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any, Final

from smile_cloud.http.errors import (
    BodyError,
    FieldProblem,
    MediaTypeError,
    RequestError,
    TooLargeError,
)
from smile_cloud.http.parameters import MAX_UNKNOWN_NAMED
from smile_cloud.json_objects import repeated_names

MAX_BYTES: Final = 10_240
_MAX_NAME_CHARACTERS: Final = 40


def read_object(content_type: str | None, body: str | None) -> dict[str, Any]:
    """Return the JSON object in a body.

    Raises
    ------
    MediaTypeError
        When `content_type` is not ``application/json``.
    TooLargeError
        When the body has more than 10 KB.
    RequestError
        When the body is not a JSON object, or an object in it has a field twice.
    """
    if (content_type or "").partition(";")[0].strip().lower() != "application/json":
        raise MediaTypeError("Send the body as application/json, and say so in Content-Type.")
    text = body or ""
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise TooLargeError(f"The body has more than {MAX_BYTES} bytes; send less.")
    try:
        document = json.loads(text, object_pairs_hook=_object, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise RequestError(f"The body is not JSON ({error}); send a JSON object.") from None
    except (ValueError, RecursionError):
        raise RequestError(
            "The body has NaN, Infinity, a very long number or very many levels; send plain JSON."
        ) from None
    if not isinstance(document, dict):
        raise RequestError("The body is not a JSON object; send a JSON object.")
    return document


def unknown_fields(document: Collection[str], known: Sequence[str]) -> list[FieldProblem]:
    """Return a problem for each field of a body that is not `known`."""
    expected = f"unknown field, expected {', '.join(known)}."
    unknown = sorted(set(document) - set(known))[:MAX_UNKNOWN_NAMED]
    return [FieldProblem(name[:_MAX_NAME_CHARACTERS], expected) for name in unknown]


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    if repeated := repeated_names(pairs):
        raise BodyError(
            [FieldProblem(name[:_MAX_NAME_CHARACTERS], "expected once.") for name in repeated]
        )
    return dict(pairs)


def _refuse(constant: str) -> None:
    raise ValueError(constant)
