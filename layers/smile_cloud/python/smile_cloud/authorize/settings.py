"""The environment variables of ``authorize``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from smile_cloud import environment
from smile_cloud.issuer import settings as issuer_settings


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
        return cls(_token_settings(variables) if issuer_settings.uses_tokens(variables) else None)


def _token_settings(variables: Mapping[str, str]) -> TokenSettings:
    return TokenSettings(
        issuer_settings.issuer(variables),
        frozenset(issuer_settings.audiences(variables)),
        environment.text(variables, "TOKEN_USAGE_KEY"),
    )
