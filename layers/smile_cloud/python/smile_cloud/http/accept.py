"""Choose the media type of an answer from the header ``Accept`` (RFC 9110, section 12.5.1)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

from smile_cloud.http.errors import RequestError

# https://www.rfc-editor.org/rfc/rfc9110#name-quality-values
_QUALITY: Final = re.compile(r"(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)", re.ASCII)


class NotAcceptableError(RequestError):
    """The client accepts none of the media types that there are."""

    STATUS = HTTPStatus.NOT_ACCEPTABLE

    def __init__(self, available: Sequence[str]) -> None:
        super().__init__(f"Accept: expected {', '.join(available)}, or no such header.")


def choose_media_type(accept: str | None, available: Sequence[str]) -> str:
    """Return the media type that the client likes best; of equals, the first in `available`.

    Parameters
    ----------
    accept : str or None
        Value of the header; None or an empty text accepts everything. Ranges that break the
        grammar are ignored, and so are parameters other than ``q``.
    available : sequence of str
        Media types in lower case, without parameters.

    Raises
    ------
    NotAcceptableError
        When the client accepts none of them.
    """
    if not (accept or "").strip():
        return available[0]
    ranges = dict(filter(None, map(_range, (accept or "").split(","))))
    qualities = [_quality(media_type, ranges) for media_type in available]
    best = max(qualities)
    if best <= 0:
        raise NotAcceptableError(available)
    return available[qualities.index(best)]


def _range(text: str) -> tuple[str, float] | None:
    name, *parameters = (part.strip().lower() for part in text.split(";"))
    quality = "1"
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            quality = value.strip()
    if name.count("/") != 1 or _QUALITY.fullmatch(quality) is None:
        return None
    return name, float(quality)


def _quality(media_type: str, ranges: dict[str, float]) -> float:
    """Return the quality of the most specific range that covers a media type; 0 without one."""
    for name in (media_type, f"{media_type.partition('/')[0]}/*", "*/*"):
        if name in ranges:
            return ranges[name]
    return 0.0
