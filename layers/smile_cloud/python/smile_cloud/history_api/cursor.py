"""Cursors: opaque, signed, and bound to the query they came from.

A cursor is 64 URL-safe characters: a 16-byte position in the newest-first order and an
HMAC-SHA256 (RFC 2104) of it together with the query. Nobody can forge a position or move a
cursor to another query, and the server keeps no state.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import uuid
from typing import Final

from smile_cloud.errors import CursorError

_VERSION: Final = b"smile-history-cursor-1"
_POSITION_BYTES: Final = 16
_TOKEN_CHARACTERS: Final = 64


class CursorCodec:
    """Makes and reads cursors.

    Parameters
    ----------
    key : bytes
        Secret; who knows it can forge cursors.
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
            On anything else, a single changed character included.
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
        # the parts before the fingerprint have fixed lengths, so no two inputs run together
        return hmac.digest(self._key, _VERSION + position + fingerprint, "sha256")
