"""The environment variables that say who may use the API, and whose tokens count."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from smile_cloud import environment

_ACCESS: Final = re.compile(r"key|AWS_IAM|jwt")
_ISSUER: Final = re.compile(r"https://[^\s?#]+")
_AUDIENCE: Final = re.compile(r"(?!none$)[^\s,]+(,[^\s,]+)*")


def uses_tokens(variables: Mapping[str, str]) -> bool:
    """Return whether ``API_ACCESS`` is ``jwt``: then clients send tokens, and no keys."""
    return environment.matching(variables, "API_ACCESS", _ACCESS, "key, AWS_IAM or jwt") == "jwt"


def issuer(variables: Mapping[str, str]) -> str:
    """Return ``JWT_ISSUER``, an HTTPS URL."""
    return environment.matching(variables, "JWT_ISSUER", _ISSUER, "an HTTPS URL without a query")


def audiences(variables: Mapping[str, str]) -> tuple[str, ...]:
    """Return ``JWT_AUDIENCE``: what tokens name in ``aud``, in the order of the variable."""
    text = environment.matching(
        variables, "JWT_AUDIENCE", _AUDIENCE, "audiences with commas between them"
    )
    return tuple(text.split(","))
