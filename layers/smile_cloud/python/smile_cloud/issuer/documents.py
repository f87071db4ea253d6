"""Fetch the public JSON documents of an issuer."""

from __future__ import annotations

import json
import ssl
import time
from http.client import HTTPException, HTTPResponse
from typing import Any, Final
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    UnknownHandler,
)

from smile_cloud.issuer.errors import IssuerError

# Discovery documents and sets of keys of the large providers have 1 to 15 KB.
_MAX_BYTES: Final = 64 * 1024
_MAX_SECONDS: Final = 3.0
_PIECE: Final = 16 * 1024


class Documents:
    """Fetches documents by HTTPS alone: there is no handler for other schemes, nor for proxies.

    A redirect goes through the same handlers, so it cannot leave HTTPS.

    Parameters
    ----------
    context : ssl.SSLContext, optional
        The root CAs to trust; those of the system by default.
    """

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._opener = OpenerDirector()
        for handler in (
            HTTPSHandler(context=context or ssl.create_default_context()),
            HTTPRedirectHandler(),
            HTTPDefaultErrorHandler(),
            HTTPErrorProcessor(),
            UnknownHandler(),
        ):
            self._opener.add_handler(handler)

    def get(self, url: str) -> dict[str, Any]:
        """Return a JSON object of at most 64 KB that arrives within three seconds.

        Raises
        ------
        IssuerError
            When it does not arrive, is too large, or is not a JSON object.
        """
        try:
            document = json.loads(self._read(url))
        except (OSError, HTTPException, ValueError) as error:
            raise IssuerError(f"{url}: {type(error).__name__}: {error}") from None
        if not isinstance(document, dict):
            raise IssuerError(f"{url}: expected a JSON object")
        return document

    def _read(self, url: str) -> bytes:
        deadline = time.monotonic() + _MAX_SECONDS
        received = bytearray()
        response: HTTPResponse
        with self._opener.open(url, timeout=_MAX_SECONDS) as response:
            while piece := response.read1(_PIECE):
                received += piece
                if len(received) > _MAX_BYTES:
                    raise IssuerError(f"{url}: larger than {_MAX_BYTES} bytes")
                if time.monotonic() > deadline:
                    raise IssuerError(f"{url}: not complete after {_MAX_SECONDS:.0f} s")
        return bytes(received)
