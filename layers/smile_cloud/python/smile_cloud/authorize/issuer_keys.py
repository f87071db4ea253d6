"""The public keys with which an issuer signs its tokens, kept for ten minutes."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any, Final

from jwt import PyJWK
from jwt.exceptions import PyJWTError

from smile_cloud.issuer.discovery import Get, discover
from smile_cloud.issuer.errors import IssuerError

ALGORITHMS: Final = ("RS256", "ES256")
_KEEP_SECONDS: Final = 600.0
_PAUSE_SECONDS: Final = 60.0


class IssuerKeys:
    """The keys of one issuer, by key id.

    Parameters
    ----------
    issuer : str
        Its URL; OpenID Connect Discovery 1.0 says where its keys are.
    get : callable
        Returns the JSON object at a URL, or raises `IssuerError`.
    clock : callable
        Returns the time in seconds.
    """

    def __init__(
        self,
        issuer: str,
        get: Get,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._issuer = issuer
        self._get = get
        self._clock = clock
        self._keys: dict[str, PyJWK] = {}
        self._fetched_at = -math.inf
        self._asked_at = -math.inf

    def find(self, key_id: str) -> PyJWK | None:
        """Return a key, or None when the issuer has no key of this id.

        An unknown id may be that of a new key, so the issuer is asked again, at most once a minute.

        Raises
        ------
        IssuerError
            When the issuer does not answer, so that the key may exist.
        """
        now = self._clock()
        if now - self._fetched_at >= _KEEP_SECONDS:
            self._fetch(now)
        elif key_id not in self._keys:
            if now - self._asked_at >= _PAUSE_SECONDS:
                self._fetch(now)
            elif self._asked_at > self._fetched_at:
                raise IssuerError("the issuer has not answered; it is asked once a minute")
        return self._keys.get(key_id)

    def _fetch(self, now: float) -> None:
        self._asked_at = now
        discovered = discover(self._issuer, self._get)
        listed = self._get(str(discovered.get("jwks_uri"))).get("keys")
        if not isinstance(listed, list):
            raise IssuerError("the issuer's document of keys has no list of keys")
        self._keys = {key.key_id: key for one in listed if (key := _usable(one)) and key.key_id}
        self._fetched_at = now


def _usable(listed: Any) -> PyJWK | None:
    """Return a key that verifies signatures of an accepted algorithm, or None."""
    if not isinstance(listed, dict) or listed.get("use", "sig") != "sig":
        return None
    try:
        key = PyJWK.from_dict(listed)
    except (PyJWTError, ValueError, TypeError):
        return None
    return key if key.algorithm_name in ALGORITHMS else None
