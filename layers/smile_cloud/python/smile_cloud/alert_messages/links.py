"""The link in an alert: it opens a page in a browser, without a key, until it expires.

A link ends with a token: base64url of expiry (5 bytes, seconds since 1970), event
id (16 bytes), device id (1 to 128 bytes) and the first 16 bytes of the HMAC-SHA256 of all before.
Only the last part before the HMAC varies in length, so no two contents look the same. RFC 2104
allows to cut an HMAC to half its length, which keeps links short.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from smile_cloud.errors import SmileCloudError

LIFETIME: Final = timedelta(days=7)
# The function has one secret, which also signs cursors. A key of its own, derived from the secret,
# keeps the two kinds of signatures apart. The label names the version of the token too.
_LABEL: Final = b"smile-alert-link-1"
_EXPIRY_BYTES: Final = 5
_ID_BYTES: Final = 16
_HMAC_BYTES: Final = 16
_DEVICE_AT: Final = _EXPIRY_BYTES + _ID_BYTES


class LinkError(SmileCloudError):
    """A token was changed, or was not made by this API."""


@dataclass(frozen=True, slots=True)
class AlertLink:
    """What a link names.

    Attributes
    ----------
    device_id, event_id : str
    expires_at : datetime
        UTC, whole seconds.
    """

    device_id: str
    event_id: str
    expires_at: datetime


class AlertLinks:
    """Makes and reads the tokens of links.

    Parameters
    ----------
    secret : bytes
        Everyone who knows it can forge links.
    """

    def __init__(self, secret: bytes) -> None:
        self._key = hmac.digest(secret, _LABEL, "sha256")

    def token(self, device_id: str, event_id: str, now: datetime) -> str:
        """Return the token of a link to an event; it expires after 7 days."""
        expires_at = int((now + LIFETIME).timestamp())
        content = (
            expires_at.to_bytes(_EXPIRY_BYTES, "big")
            + uuid.UUID(event_id).bytes
            + device_id.encode("ascii")
        )
        return base64.urlsafe_b64encode(content + self._sign(content)).rstrip(b"=").decode("ascii")

    def url(self, api_url: str, device_id: str, event_id: str, now: datetime) -> str:
        """Return the link to an event; `api_url` has no trailing slash."""
        return f"{api_url}/alerts/{self.token(device_id, event_id, now)}"

    def read(self, token: str) -> AlertLink:
        """Return what a token names, expired or not.

        Raises
        ------
        LinkError
            For any text that `token` has not made, even if it differs in a single character.
        """
        try:
            signed = base64.b64decode(
                token + "=" * (-len(token) % 4), altchars=b"-_", validate=True
            )
        except (binascii.Error, ValueError):
            raise LinkError from None
        content, signature = signed[:-_HMAC_BYTES], signed[-_HMAC_BYTES:]
        if not hmac.compare_digest(signature, self._sign(content)):
            raise LinkError
        # Several texts decode to the same bytes; only one is the token.
        if base64.urlsafe_b64encode(signed).rstrip(b"=").decode("ascii") != token:
            raise LinkError
        return _content(content)

    def _sign(self, content: bytes) -> bytes:
        return hmac.digest(self._key, content, "sha256")[:_HMAC_BYTES]


def _content(content: bytes) -> AlertLink:
    expires_at = int.from_bytes(content[:_EXPIRY_BYTES], "big")
    return AlertLink(
        device_id=content[_DEVICE_AT:].decode("ascii"),
        event_id=str(uuid.UUID(bytes=content[_EXPIRY_BYTES:_DEVICE_AT])),
        expires_at=datetime.fromtimestamp(expires_at, UTC),
    )
