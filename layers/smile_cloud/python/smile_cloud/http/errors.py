"""Errors that an API answers with a problem document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import ClassVar

from smile_cloud.errors import SmileCloudError


@dataclass(frozen=True, slots=True)
class ParameterProblem:
    """What is wrong with a request parameter, and what to send instead."""

    parameter: str
    detail: str


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with a field of a request body, and what to send instead."""

    field: str
    detail: str


Problem = ParameterProblem | FieldProblem


class RequestError(SmileCloudError):
    """A request cannot be answered as sent; the message says what to change.

    Attributes
    ----------
    STATUS : HTTPStatus
        Status of the answer.
    problems : tuple of ParameterProblem and FieldProblem
        Everything to change, so that a client can repair the request in one step.
    headers : Mapping of str to str
        Headers that the answer needs.
    """

    STATUS: ClassVar[HTTPStatus] = HTTPStatus.BAD_REQUEST

    def __init__(
        self,
        detail: str,
        problems: Sequence[Problem] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.problems = tuple(problems)
        self.headers = dict(headers or {})


class QueryError(RequestError):
    """Parameters of a request are invalid."""

    def __init__(self, problems: Sequence[ParameterProblem]) -> None:
        super().__init__(" ".join(f"{p.parameter}: {p.detail}" for p in problems), problems)


class BodyError(RequestError):
    """Fields of a request body are invalid."""

    def __init__(self, problems: Sequence[FieldProblem]) -> None:
        super().__init__(" ".join(f"{p.field}: {p.detail}" for p in problems), problems)


class NotFoundError(RequestError):
    """Nothing is stored under this name, or it has expired."""

    STATUS = HTTPStatus.NOT_FOUND


class TooLargeError(RequestError):
    """The body is too large."""

    STATUS = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class MediaTypeError(RequestError):
    """The body has another media type than expected."""

    STATUS = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


class TooManyError(RequestError):
    """A limit is reached; ``Retry-After`` says when to try again."""

    STATUS = HTTPStatus.TOO_MANY_REQUESTS
