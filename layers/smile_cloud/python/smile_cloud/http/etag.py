"""Let clients poll: answer 304 without a body when they already have what would be sent.

The tag is weak (RFC 9110, section 8.8.1): what is between function and client may compress.
"""

from __future__ import annotations

import hashlib
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from aws_lambda_powertools.event_handler import Response

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import APIGatewayRestResolver
    from aws_lambda_powertools.event_handler.middlewares import NextMiddleware

_TAG: Final = re.compile(r'(?:W/)?"([^"]*)"')
_TAG_CHARACTERS: Final = 32  # 128 bits
# What a 304 repeats: https://www.rfc-editor.org/rfc/rfc9110#name-304-not-modified
_REPEATED: Final = ("Link", "Vary")


def revalidate(app: APIGatewayRestResolver, next_middleware: NextMiddleware) -> Response[str]:
    """Add an ``ETag`` to an answer of status 200, and honour ``If-None-Match`` (middleware).

    A client may store the answer, and has to ask each time whether it still holds.
    """
    response: Response[str] = next_middleware(app)
    if response.status_code != HTTPStatus.OK:
        return response
    tag = _tag_of(response)
    headers = {"ETag": f'W/"{tag}"', "Cache-Control": "private, no-cache"}
    given = app.current_event.headers.get("If-None-Match")
    if given is not None and _names(given, tag):
        headers |= {
            name: str(response.headers[name]) for name in _REPEATED if name in response.headers
        }
        return Response(HTTPStatus.NOT_MODIFIED.value, None, "", headers=dict(headers))
    response.headers |= headers
    return response


def _tag_of(response: Response[str]) -> str:
    # The link is a part: the last page may look the same when another page follows later.
    parts = (response.headers.get("Content-Type"), response.headers.get("Link"), response.body)
    content = "\n".join(str(part) for part in parts)
    return hashlib.sha256(content.encode()).hexdigest()[:_TAG_CHARACTERS]


def _names(if_none_match: str, tag: str) -> bool:
    """Return whether a list of tags, or ``*``, names a tag; weak and strong ones are alike."""
    return if_none_match.strip() == "*" or tag in _TAG.findall(if_none_match)
