"""The environment variables of ``authorize``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from smile_cloud import environment

_ACCESS: Final = re.compile(r"key|AWS_IAM|jwt")
_ISSUER: Final = re.compile(r"https://[^\s?#]+")
_AUDIENCE: Final = re.compile(r"(?!none$)[^\s,]+(,[^\s,]+)*")


@dataclass(frozen=True, slots=True)
class TokenSettings:
    """What tokens must say.

    Attributes
    ----------
    issuer : str
        ``JWT_ISSUER``: their ``iss``, an HTTPS URL.
    audiences : frozenset of str
        ``JWT_AUDIENCE``, with commas between several: one of them must be in ``aud``.
    usage_key : str
        ``TOKEN_USAGE_KEY``: the API key whose limits all holders of tokens share.
    """

    issuer: str
    audiences: frozenset[str]
    usage_key: str


@dataclass(frozen=True, slots=True)
class AuthorizeSettings:
    """What ``authorize`` reads from its environment.

    Attributes
    ----------
    tokens : TokenSettings or None
        None when ``API_ACCESS`` is not ``jwt``: then the keys say their scope.
    """

    tokens: TokenSettings | None

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> AuthorizeSettings:
        """Return the settings.

        Raises
        ------
        SettingsError
            Names the first variable that is missing or has an unusable value.
        """
        access = environment.matching(variables, "API_ACCESS", _ACCESS, "key, AWS_IAM or jwt")
        return cls(_token_settings(variables) if access == "jwt" else None)


def _token_settings(variables: Mapping[str, str]) -> TokenSettings:
    issuer = environment.matching(variables, "JWT_ISSUER", _ISSUER, "an HTTPS URL without a query")
    audiences = environment.matching(
        variables, "JWT_AUDIENCE", _AUDIENCE, "audiences with commas between them"
    )
    return TokenSettings(
        issuer, frozenset(audiences.split(",")), environment.text(variables, "TOKEN_USAGE_KEY")
    )
