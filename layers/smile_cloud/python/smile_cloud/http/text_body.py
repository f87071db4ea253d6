"""Read a request body as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smile_cloud.http.errors import MediaTypeError

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent


def text_body(request: APIGatewayProxyEvent) -> str:
    """Return the body as text; empty when there is none.

    Raises
    ------
    MediaTypeError
        When the body is binary: API Gateway passes photos to every path, not only to the one that
        takes them.
    """
    try:
        return request.decoded_body or ""
    except ValueError:  # neither base64 nor UTF-8
        raise MediaTypeError("The body is binary; send text in UTF-8.") from None
