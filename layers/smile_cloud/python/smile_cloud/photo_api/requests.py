"""Read the photo in a request, strictly: what cannot be a photo is refused before it is decoded."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Final

from smile_cloud.http.errors import MediaTypeError, QueryError, RequestError, TooLargeError
from smile_cloud.http.parameters import unknown_problems

# Lambda takes 6 MB as the event of a request, and API Gateway passes a photo in base64, which is a
# third longer. 4.5 MB become 6,000,000 of the 6,291,456 characters; the rest is for headers.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_BYTES: Final = 4_500_000
# The values are the format's names in Pillow. API Gateway passes bodies of these types unchanged:
# BinaryMediaTypes in template.yaml.
MEDIA_TYPES: Final = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}


def read_photo_body(content_type: str | None, body: str | None, *, is_base64: bool) -> bytes:
    """Return the bytes of the photo in a body.

    Parameters
    ----------
    content_type : str or None
        The header of the request.
    body : str or None
        As API Gateway passes it.
    is_base64 : bool
        Whether API Gateway has encoded it in base64, because it knows the media type as binary.

    Raises
    ------
    MediaTypeError
        When the media type is none of `MEDIA_TYPES`, or API Gateway did not recognize it.
    RequestError
        When the body is empty.
    TooLargeError
        When the photo has more than `MAX_BYTES`.
    """
    kinds = ", ".join(MEDIA_TYPES)
    if (content_type or "").partition(";")[0].strip().lower() not in MEDIA_TYPES:
        raise MediaTypeError(
            f"Send the bytes of the photo, and its type in Content-Type: one of {kinds}."
        )
    if not body:
        raise RequestError("The body is empty; send the bytes of the photo.")
    if not is_base64:
        raise MediaTypeError(
            f"The photo arrived as text; send Content-Type as exactly one of {kinds}, in lower "
            "case and without parameters."
        )
    try:
        content = base64.b64decode(body, validate=True)
    except binascii.Error:
        raise RequestError("The body is not base64; API Gateway encodes it, send bytes.") from None
    if len(content) > MAX_BYTES:
        raise TooLargeError(
            f"The photo has {len(content):,} bytes, the limit is {MAX_BYTES:,}; send a smaller "
            "copy. Faces of 24 px are large enough."
        )
    return content


def check_no_parameters(given: Mapping[str, Sequence[str]]) -> None:
    """Raise `QueryError` when the URL has parameters."""
    if problems := unknown_problems(given, ()):
        raise QueryError(problems)
