"""Cursors: opaque, signed, and valid for one query only.

A cursor is 64 URL-safe characters: a 16-byte position in the newest-first order, and an
HMAC-SHA256 (RFC 2104) of this position and the query. A client can neither forge a position nor
use a cursor with another query. The server stores nothing.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import uuid
from typing import Final

from smile_cloud.history_api.errors import CursorError

_VERSION: Final = b"smile-history-cursor-1"
_POSITION_BYTES: Final = 16
_TOKEN_CHARACTERS: Final = 64


class CursorCodec:
    """Encodes and decodes cursors.

    Parameters
    ----------
    key : bytes
        Secret: everyone who knows it can forge cursors.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def encode(self, position: uuid.UUID, fingerprint: bytes) -> str:
        """Return the cursor of `position` in the query with this `fingerprint`."""
        signed = position.bytes + self._sign(position.bytes, fingerprint)
        return base64.urlsafe_b64encode(signed).decode("ascii")

    def decode(self, cursor: str, fingerprint: bytes) -> uuid.UUID:
        """Return the position in a cursor that :meth:`encode` made for the same query.

        Raises
        ------
        CursorError
            For any other text, even one that differs in a single character.
        """
        if len(cursor) != _TOKEN_CHARACTERS or not cursor.isascii() or set(cursor) & set("+/"):
            raise CursorError
        try:
            signed = base64.b64decode(cursor, altchars=b"-_", validate=True)
        except binascii.Error:
            raise CursorError from None
        position, signature = signed[:_POSITION_BYTES], signed[_POSITION_BYTES:]
        if not hmac.compare_digest(signature, self._sign(position, fingerprint)):
            raise CursorError
        return uuid.UUID(bytes=position)

    def _sign(self, position: bytes, fingerprint: bytes) -> bytes:
        # Only the last part varies in length, so different inputs never concatenate to the same.
        return hmac.digest(self._key, _VERSION + position + fingerprint, "sha256")
