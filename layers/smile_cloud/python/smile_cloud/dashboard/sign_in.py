"""What the page needs to sign people in: the endpoints of the issuer, and what to send them.

The page is a public client of the authorization code flow with PKCE (RFC 6749, RFC 7636). The
function asks the issuer for its endpoints, so that the page asks no other host until a person has
signed in.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from smile_cloud.dashboard.settings import SignInSettings
from smile_cloud.issuer.discovery import Get, discover
from smile_cloud.issuer.errors import IssuerError

RETRY_AFTER_S: Final = 10
_KEEP_SECONDS: Final = 600.0
# The origin goes into a header, so its host has only the characters of a host.
_ENDPOINT: Final = re.compile(r"(https://[A-Za-z0-9.-]+(?::[0-9]{1,5})?)(?:[/?][^\s#]*)?")
_NEEDED: Final = ("authorization_endpoint", "token_endpoint")


@dataclass(frozen=True, slots=True)
class Offer:
    """What the page offers to a person without a token.

    Attributes
    ----------
    page : Mapping
        What the page gets: where to sign in, or its ``problem``.
    token_origin : str or None
        The only other origin that the page may ask.
    is_away : bool
        Whether the issuer gives no answer, so that another attempt may succeed.
    """

    page: Mapping[str, Any]
    token_origin: str | None = None
    is_away: bool = False


_NOT_SET_UP: Final = Offer({"problem": "not set up"})
_AWAY: Final = Offer({"problem": "away"}, is_away=True)


class SignIn:
    """Asks the issuer for its endpoints and keeps them for ten minutes, or until it answers again.

    Parameters
    ----------
    settings : SignInSettings
        How people sign in.
    get : callable
        Returns the JSON object at a URL, or raises `IssuerError`.
    on_problem : callable
        Gets why the issuer's answer cannot be used.
    clock : callable
        Returns the time in seconds.
    """

    def __init__(
        self,
        settings: SignInSettings,
        get: Get,
        on_problem: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._get = get
        self._on_problem = on_problem
        self._clock = clock
        self._offer = _AWAY
        self._ask_at = -math.inf

    def offer(self) -> Offer:
        """Return what the page offers; the last known endpoints while the issuer is away."""
        if self._settings.client_id is None:
            return _NOT_SET_UP
        now = self._clock()
        if now >= self._ask_at:
            try:
                self._offer = self._asked(self._settings.client_id)
                self._ask_at = now + _KEEP_SECONDS
            except IssuerError as error:
                self._on_problem(str(error))
                self._ask_at = now + RETRY_AFTER_S
        return self._offer

    def _asked(self, client_id: str) -> Offer:
        document = discover(self._settings.issuer, self._get)
        found = {name: _endpoint(document.get(name)) for name in _NEEDED}
        for name, endpoint in found.items():
            if endpoint is None:
                raise IssuerError(f"the issuer names no {name} that is an HTTPS URL")
        token_endpoint = _ENDPOINT.fullmatch(str(found["token_endpoint"]))
        page: dict[str, Any] = {
            "client_id": client_id,
            "scope": " ".join(self._settings.scopes),
            **found,
            "end_session_endpoint": _endpoint(document.get("end_session_endpoint")),
        }
        # Some issuers, such as Auth0, make a token for an API only if the request names it. Others
        # ignore it: RFC 6749, section 3.1. At Cognito the audience is the client.
        if self._settings.audience != client_id:
            page["audience"] = self._settings.audience
        return Offer(page, token_endpoint[1] if token_endpoint else None)


def _endpoint(value: Any) -> str | None:
    return value if isinstance(value, str) and _ENDPOINT.fullmatch(value) else None
