"""Verify JSON Web Tokens. Imports native code, so only ``ApiAccess=jwt`` imports it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import jwt
from jwt.exceptions import PyJWTError

from smile_cloud.authorize.errors import TokenRefusedError
from smile_cloud.authorize.issuer_keys import ALGORITHMS, IssuerKeys
from smile_cloud.authorize.scope import Scope
from smile_cloud.authorize.settings import TokenSettings

_LEEWAY_SECONDS: Final = 60  # between the clocks of issuer and Lambda
_PREFIX: Final = "smile/"


class TokenVerifier:
    """Reads the scope from the header ``Authorization``.

    Parameters
    ----------
    settings : TokenSettings
        What tokens must say.
    keys : IssuerKeys
        The keys that verify their signatures.
    """

    def __init__(self, settings: TokenSettings, keys: IssuerKeys) -> None:
        self._settings = settings
        self._keys = keys

    def scope_of(self, header: str) -> Scope | None:
        """Return the widest scope of a token, or None when it is valid and has none of ours.

        Raises
        ------
        TokenRefusedError
            When the token is not valid.
        IssuerError
            When the issuer cannot be asked for its keys.
        """
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer":
            raise TokenRefusedError("expected the scheme Bearer")
        claims = self._verified(token.strip())
        self._check_audience(claims)
        return _widest(claims)

    def _verified(self, token: str) -> dict[str, Any]:
        try:
            head = jwt.get_unverified_header(token)
            if head.get("alg") not in ALGORITHMS:  # before the issuer is asked about its key
                raise TokenRefusedError(f"expected one of the algorithms {', '.join(ALGORITHMS)}")
            key = self._keys.find(head.get("kid", ""))
            if key is None:
                raise TokenRefusedError("the issuer has no such key")
            return jwt.decode(
                token,
                key,
                algorithms=list(ALGORITHMS),
                issuer=self._settings.issuer,
                leeway=_LEEWAY_SECONDS,
                options={
                    "require": ["exp", "iss"],
                    "verify_aud": False,  # access tokens of Cognito have none: _check_audience
                    "enforce_minimum_key_length": True,
                },
            )
        except PyJWTError as error:
            raise TokenRefusedError(type(error).__name__) from None

    def _check_audience(self, claims: Mapping[str, Any]) -> None:
        """Cognito has ``client_id`` in place of ``aud``, and ``token_use`` in all its tokens."""
        if claims.get("token_use", "access") != "access":
            raise TokenRefusedError("expected an access token")
        given = claims.get("aud", claims.get("client_id") if "token_use" in claims else None)
        named = given if isinstance(given, list) else [given]
        if not any(isinstance(one, str) and one in self._settings.audiences for one in named):
            raise TokenRefusedError("it is for another audience")


def _widest(claims: Mapping[str, Any]) -> Scope | None:
    names = {
        one.removeprefix(_PREFIX) for claim in ("scope", "scp") for one in _listed(claims, claim)
    }
    # A group called admin may belong to another application, so groups need the prefix.
    groups = _listed(claims, "cognito:groups")
    names |= {one.removeprefix(_PREFIX) for one in groups if one.startswith(_PREFIX)}
    return next((scope for scope in reversed(Scope) if scope in names), None)


def _listed(claims: Mapping[str, Any], claim: str) -> list[str]:
    """Return the texts of a claim, which is a list, or one text with spaces between them."""
    value = claims.get(claim, [])
    texts = value.split() if isinstance(value, str) else value
    return [one for one in texts if isinstance(one, str)] if isinstance(texts, list) else []
