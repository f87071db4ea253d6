"""Cross-origin requests: which web pages may read the answers of the API.

The browser enforces it: https://fetch.spec.whatwg.org/#http-cors-protocol. Programs without a
browser are not concerned.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from smile_cloud.errors import SettingsError

_VARIABLE: Final = "API_ORIGINS"
_CLOSED: Final = "none"
_ORIGIN: Final = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?")
# A browser leaves out the port that belongs to the scheme:
# https://html.spec.whatwg.org/#ascii-serialisation-of-an-origin
_DEFAULT_PORT: Final = re.compile(r"(?<=^http)(://.*):80$|(?<=^https)(://.*):443$")
# What a page may send: the keys and signatures of every kind of access, bodies, and conditions.
_REQUEST_HEADERS: Final = (
    "Authorization, Content-Type, If-Match, If-None-Match, X-Api-Key, X-Amz-Content-Sha256, "
    "X-Amz-Date, X-Amz-Security-Token"
)
# What a page may read besides the few headers that it always may.
_ANSWER_HEADERS: Final = "Allow, ETag, Link, Location, Retry-After, x-amzn-RequestId"
# How long a browser remembers a preflight. Chromium caps it at two hours; ten minutes let a closed
# origin take effect soon.
_MAX_AGE_S: Final = 600


@dataclass(frozen=True, slots=True)
class Cors:
    """The origins whose pages may read the API; none when empty."""

    origins: frozenset[str]

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> Cors:
        """Read ``API_ORIGINS``: origins with commas between them; ``none``, empty or unset is none.

        Raises
        ------
        SettingsError
            When an origin is not a scheme and a host, such as ``https://app.example.com``.
        """
        text = variables.get(_VARIABLE, "").strip()
        if text in ("", _CLOSED):
            return cls(frozenset())
        origins = text.split(",")
        if not all(_ORIGIN.fullmatch(origin) for origin in origins):
            raise SettingsError(_VARIABLE, "expected origins such as https://app.example.com")
        return cls(frozenset(_DEFAULT_PORT.sub(r"\1\2", origin) for origin in origins))

    def headers(self, origin: str | None) -> dict[str, str]:
        """Return the headers of every answer to a page from `origin`; empty when all are closed."""
        if not self.origins:
            return {}
        if origin not in self.origins:
            return {"Vary": "Origin"}
        return {
            "Vary": "Origin",
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Expose-Headers": _ANSWER_HEADERS,
        }

    def preflight_headers(self, origin: str | None, methods: Sequence[str]) -> dict[str, str]:
        """Return what the answer to ``OPTIONS`` says besides `headers`."""
        if origin not in self.origins:
            return {}
        return {
            "Access-Control-Allow-Methods": ", ".join(methods),
            "Access-Control-Allow-Headers": _REQUEST_HEADERS,
            "Access-Control-Max-Age": str(_MAX_AGE_S),
        }
