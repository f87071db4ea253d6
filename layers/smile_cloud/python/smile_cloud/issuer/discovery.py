"""What an issuer says about itself: OpenID Connect Discovery 1.0, section 4."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from smile_cloud.issuer.errors import IssuerError

Get = Callable[[str], Mapping[str, Any]]


def discover(issuer: str, get: Get) -> Mapping[str, Any]:
    """Return the discovery document of an issuer.

    Parameters
    ----------
    issuer : str
        Its URL.
    get : callable
        Returns the JSON object at a URL, or raises `IssuerError`.

    Raises
    ------
    IssuerError
        When it does not arrive, or is the document of another issuer.
    """
    document = get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    if document.get("issuer") != issuer:
        raise IssuerError("the issuer calls itself by another URL: correct JwtIssuer")
    return document
