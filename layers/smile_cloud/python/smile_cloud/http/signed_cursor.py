"""Cursors: opaque, signed, and valid for one query only.

A cursor is a position in a list and an HMAC-SHA256 (RFC 2104) of the position and the query, as
URL-safe Base64. A client can neither forge a position nor use a cursor with another query. The
server stores nothing.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import Final

from smile_cloud.http.errors import ParameterProblem, QueryError

MAX_CHARACTERS: Final = 400
PATTERN: Final = f"[A-Za-z0-9_-]{{44,{MAX_CHARACTERS}}}"

_SIGNATURE_BYTES: Final = 32
_MAX_POSITION_BYTES: Final = MAX_CHARACTERS * 3 // 4 - _SIGNATURE_BYTES


class CursorError(QueryError):
    """A cursor was changed or belongs to another query."""

    def __init__(self) -> None:
        detail = (
            "not a cursor of this query; send next_cursor unchanged, with the same parameters "
            "(only limit may change), or leave it out to start at the first page."
        )
        super().__init__([ParameterProblem("cursor", detail)])


class SignedCursor:
    """Encodes and decodes the cursors of one list.

    Parameters
    ----------
    key : bytes
        Secret: everyone who knows it can forge cursors.
    purpose : str
        The list and the version of its positions. Cursors of other lists are refused, even those
        with the same key.
    """

    def __init__(self, key: bytes, purpose: str) -> None:
        self._key = key
        self._purpose = purpose.encode()

    def encode(self, position: str, fingerprint: bytes) -> str:
        """Return the cursor of a position in the query with this `fingerprint`.

        Parameters
        ----------
        position : str
            What the next page needs to go on, at most 268 bytes of UTF-8; a client can read it.
        fingerprint : bytes
            Text that only equal queries share.
        """
        raw = position.encode()
        if not 0 < len(raw) <= _MAX_POSITION_BYTES:
            raise ValueError(f"expected 1 to {_MAX_POSITION_BYTES} bytes, got {len(raw)}")
        return _to_text(self._sign(raw, fingerprint) + raw)

    def decode(self, cursor: str, fingerprint: bytes) -> str:
        """Return the position in a cursor that :meth:`encode` made for the same query.

        Raises
        ------
        CursorError
            For any other text, even one that differs in a single character.
        """
        signed = _from_text(cursor)
        signature, raw = signed[:_SIGNATURE_BYTES], signed[_SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, self._sign(raw, fingerprint)):
            raise CursorError
        return raw.decode()

    def _sign(self, position: bytes, fingerprint: bytes) -> bytes:
        # With the lengths, different inputs never concatenate to the same.
        lengths = f"{len(self._purpose)} {len(position)} ".encode()
        return hmac.digest(self._key, lengths + self._purpose + position + fingerprint, "sha256")


def _to_text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")


def _from_text(cursor: str) -> bytes:
    """Return the bytes of a cursor; of several texts for the same bytes, accept one."""
    if len(cursor) > MAX_CHARACTERS or not cursor.isascii():
        raise CursorError
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise CursorError from None
    if _to_text(raw) != cursor:
        raise CursorError
    return raw
