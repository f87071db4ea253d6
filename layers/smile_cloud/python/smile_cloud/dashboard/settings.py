"""The environment variables of ``dashboard``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from smile_cloud import environment
from smile_cloud.issuer import settings as issuer_settings

_CLIENT_ID: Final = re.compile(r"[^\s,]+")
_SCOPES: Final = re.compile(r"[^\s,]+(,[^\s,]+)*")
_NO_CLIENT: Final = "none"


@dataclass(frozen=True, slots=True)
class SignInSettings:
    """How people sign in.

    Attributes
    ----------
    issuer : str
        ``JWT_ISSUER``, whose accounts they have.
    client_id : str or None
        ``JWT_CLIENT_ID``: the client that the issuer knows the dashboard as; None for ``none``.
    scopes : tuple of str
        ``JWT_SCOPES``, with commas between them: what the dashboard asks the issuer for.
    audience : str
        The first of ``JWT_AUDIENCE``, which the token must be for.
    """

    issuer: str
    client_id: str | None
    scopes: tuple[str, ...]
    audience: str


@dataclass(frozen=True, slots=True)
class DashboardSettings:
    """What ``dashboard`` reads from its environment.

    Attributes
    ----------
    is_on : bool
        ``DASHBOARD``, on or off; off answers every path with 404.
    sign_in : SignInSettings or None
        None when ``API_ACCESS`` is not ``jwt``: then people enter a key.
    """

    is_on: bool
    sign_in: SignInSettings | None

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> DashboardSettings:
        """Return the settings.

        Raises
        ------
        SettingsError
            Names the first variable that is missing or has an unusable value.
        """
        is_on = environment.switch(variables, "DASHBOARD")
        return cls(is_on, _sign_in(variables) if issuer_settings.uses_tokens(variables) else None)


def _sign_in(variables: Mapping[str, str]) -> SignInSettings:
    client = environment.matching(variables, "JWT_CLIENT_ID", _CLIENT_ID, "the id of a client")
    scopes = environment.matching(
        variables, "JWT_SCOPES", _SCOPES, "scopes with commas between them"
    )
    return SignInSettings(
        issuer_settings.issuer(variables),
        None if client == _NO_CLIENT else client,
        tuple(scopes.split(",")),
        issuer_settings.audiences(variables)[0],
    )
