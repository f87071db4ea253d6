"""An OpenID Connect issuer for tests: keys, tokens, and the documents that it serves."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from smile_cloud.issuer.errors import IssuerError

ISSUER = "https://issuer.example/pool"
KEYS_URL = "https://keys.example/jwks"
AUDIENCE = "smile-api"
# Made once: an RSA key takes a tenth of a second.
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())


def public(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, **extra: str) -> dict[str, Any]:
    """Return the public key as an issuer lists it."""
    algorithm: Any = jwt.algorithms.RSAAlgorithm
    if isinstance(key, ec.EllipticCurvePrivateKey):
        algorithm = jwt.algorithms.ECAlgorithm
    listed: dict[str, Any] = algorithm.to_jwk(key.public_key(), as_dict=True)
    return listed | {"use": "sig"} | extra


def claims(**changed: Any) -> dict[str, Any]:
    """Return the claims of a token that may read; None removes one."""
    now = int(time.time())
    given = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "someone",
        "iat": now,
        "exp": now + 600,
        "scope": "openid smile/read",
    }
    return {name: value for name, value in (given | changed).items() if value is not None}


def token(key: Any = RSA_KEY, algorithm: str = "RS256", kid: str = "rsa", **changed: Any) -> str:
    """Return a signed token."""
    return jwt.encode(claims(**changed), key, algorithm, headers={"kid": kid})


class Documents:
    """Serves the documents of the issuer, counts requests, and fails when it is down."""

    def __init__(self) -> None:
        self.keys: Any = [public(RSA_KEY, kid="rsa"), public(EC_KEY, kid="ec")]
        self.discovery: dict[str, Any] = {"issuer": ISSUER, "jwks_uri": KEYS_URL}
        self.is_down = False
        self.asked: list[str] = []

    def get(self, url: str) -> Mapping[str, Any]:
        self.asked.append(url)
        if self.is_down:
            raise IssuerError("down")
        served = {f"{ISSUER}/.well-known/openid-configuration": self.discovery}
        served[KEYS_URL] = {"keys": self.keys}
        answer: Mapping[str, Any] = json.loads(json.dumps(served[url]))
        return answer
