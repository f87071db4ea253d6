"""Tokens of an OpenID Connect issuer: which ones count, and what they allow."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from smile_cloud.authorize.errors import TokenRefusedError
from smile_cloud.authorize.issuer_keys import IssuerKeys
from smile_cloud.authorize.scope import Scope
from smile_cloud.authorize.settings import TokenSettings
from smile_cloud.authorize.tokens import TokenVerifier
from smile_cloud.issuer.errors import IssuerError
from tests.helpers.token_issuer import (
    AUDIENCE,
    EC_KEY,
    ISSUER,
    RSA_KEY,
    Documents,
    public,
    token,
)

SETTINGS = TokenSettings(ISSUER, frozenset({AUDIENCE, "other-api"}), "usage")
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SHORT_KEY = rsa.generate_private_key(public_exponent=65537, key_size=1024)


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Issuer(Documents):
    """The issuer, and the verifier that asks it."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.verifier = TokenVerifier(SETTINGS, IssuerKeys(ISSUER, self.get, self.clock))

    def scope(self, text: str) -> Scope | None:
        return self.verifier.scope_of(f"Bearer {text}")

    def refuses(self, text: str, why: str = "") -> None:
        with pytest.raises(TokenRefusedError, match=why):
            self.scope(text)


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.mark.parametrize(
    ("changed", "scope"),
    [
        ({}, Scope.READ),
        ({"scope": "smile/feedback smile/read"}, Scope.FEEDBACK),
        ({"scope": "smile/read admin"}, Scope.ADMIN),
        ({"scope": ["feedback"]}, Scope.FEEDBACK),
        ({"scope": None, "scp": ["openid", "smile/admin"]}, Scope.ADMIN),
        ({"scope": None, "scp": "smile/read"}, Scope.READ),
        ({"scope": "openid", "cognito:groups": ["smile/admin"]}, Scope.ADMIN),
        ({"scope": "smile/read", "cognito:groups": ["admin"]}, Scope.READ),
        ({"scope": None, "cognito:groups": ["admin"]}, None),
        ({"scope": "Admin smile/administrate aws.cognito.signin.user.admin"}, None),
        ({"scope": None}, None),
        ({"scope": {"admin": 1}, "scp": [7]}, None),
    ],
)
def test_a_token_has_the_widest_of_its_scopes(
    issuer: Issuer, changed: dict[str, Any], scope: Scope | None
) -> None:
    assert issuer.scope(token(**changed)) == scope


def test_both_algorithms_and_any_case_of_the_scheme_are_accepted(issuer: Issuer) -> None:
    assert issuer.scope(token(EC_KEY, "ES256", "ec")) == Scope.READ
    assert issuer.verifier.scope_of(f"bearer {token()}") == Scope.READ
    with pytest.raises(TokenRefusedError, match="scheme"):
        issuer.verifier.scope_of(f"Basic {token()}")


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"iss": "https://issuer.example/other"}, "InvalidIssuer"),
        ({"iss": None}, "MissingRequired"),
        ({"aud": "another-api"}, "audience"),
        ({"aud": ["another-api"]}, "audience"),
        ({"aud": None}, "audience"),
        ({"aud": None, "client_id": AUDIENCE}, "audience"),  # only Cognito has it in place of aud
        ({"aud": 7}, "audience"),
        ({"token_use": "id"}, "access token"),
        ({"aud": None, "client_id": "other", "token_use": "access"}, "audience"),
        ({"exp": None}, "MissingRequired"),
        ({"exp": "soon"}, "Decode"),
    ],
)
def test_a_token_is_refused_when_it_is_not_for_this_api(
    issuer: Issuer, changed: dict[str, Any], why: str
) -> None:
    issuer.refuses(token(**changed), why)


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": ["another-api", AUDIENCE]},
        {"aud": "other-api"},
        {"aud": None, "client_id": AUDIENCE, "token_use": "access"},
    ],
)
def test_a_token_names_one_of_the_audiences(issuer: Issuer, changed: dict[str, Any]) -> None:
    assert issuer.scope(token(**changed)) == Scope.READ


def test_clocks_may_differ_by_a_minute(issuer: Issuer) -> None:
    now = int(time.time())
    assert issuer.scope(token(exp=now - 50)) == Scope.READ
    assert issuer.scope(token(nbf=now + 50)) == Scope.READ
    issuer.refuses(token(exp=now - 70), "Expired")
    issuer.refuses(token(nbf=now + 70), "Immature")


def test_a_token_is_refused_when_its_signature_is_not_of_the_named_key(issuer: Issuer) -> None:
    issuer.refuses(token(OTHER_KEY), "Signature")
    issuer.refuses(token(EC_KEY, "ES256", "rsa"), "Algorithm")
    issuer.refuses(token(RSA_KEY, "RS256", "ec"), "Algorithm")
    head, payload, signature = token().split(".")
    _, wider, _ = token(scope="smile/admin").split(".")
    assert wider != payload
    issuer.refuses(f"{head}.{wider}.{signature}", "Signature")


def test_a_token_is_refused_before_the_issuer_is_asked_when_its_algorithm_is_not_accepted(
    issuer: Issuer,
) -> None:
    pem = RSA_KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    head, payload, _ = token().split(".")
    hmac = jwt.PyJWS().encode(b"{}", b"k" * 32, "HS256", headers={"kid": "rsa"}).split(".")[0]
    # The text of the public key as the secret of an HMAC: PyJWT signs no such token.
    digest = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    signed = digest.sign(f"{hmac}.{payload}".encode(), pem)
    forged = jwt.utils.base64url_encode(signed).decode()
    for refused in (
        token("", "none"),
        f"{hmac}.{payload}.{forged}",
        token(RSA_KEY, "RS384"),
        token(RSA_KEY, "PS256"),
        token(ec.generate_private_key(ec.SECP384R1()), "ES384", "ec"),
    ):
        issuer.refuses(refused, "algorithms")
    for broken in ("", "a.b.c", "no token", f"{head}.{payload}"):
        issuer.refuses(broken, "Decode")
    assert issuer.asked == []


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_keys_that_do_not_verify_signatures_of_an_accepted_algorithm_are_not_used(
    issuer: Issuer,
) -> None:
    secret = jwt.utils.base64url_encode(b"k" * 32).decode()
    issuer.keys = [
        "text",
        {"kid": "bad", "kty": "RSA", "n": "!", "e": "AQAB"},
        {"kid": "oct", "kty": "oct", "k": secret},
        public(RSA_KEY, kid="enc", use="enc"),
        public(RSA_KEY, kid="384", alg="RS384"),
        public(SHORT_KEY, kid="short"),
        public(RSA_KEY, kid="rsa"),
    ]
    assert issuer.scope(token()) == Scope.READ
    for kid in ("bad", "oct", "enc", "384"):
        issuer.refuses(token(kid=kid), "no such key")
    issuer.refuses(token(SHORT_KEY, kid="short"), "InvalidKey")
    issuer.refuses(jwt.encode({"iss": ISSUER}, RSA_KEY, "RS256"), "no such key")


def test_keys_are_kept_for_ten_minutes(issuer: Issuer) -> None:
    for elapsed, requests in ((0, 2), (599, 2), (600, 4)):
        issuer.clock.now = 1_000.0 + elapsed
        assert issuer.scope(token()) == Scope.READ
        assert len(issuer.asked) == requests


def test_a_key_that_is_removed_ends_when_the_keys_are_fetched_again(issuer: Issuer) -> None:
    assert issuer.scope(token()) == Scope.READ
    issuer.keys = issuer.keys[1:]
    issuer.clock.now += 600
    issuer.refuses(token(), "no such key")


def test_the_issuer_is_asked_about_an_unknown_key_once_a_minute(issuer: Issuer) -> None:
    assert issuer.scope(token()) == Scope.READ
    issuer.keys = [public(OTHER_KEY, kid="new")]
    for _ in range(5):
        issuer.refuses(token(OTHER_KEY, kid="new"), "no such key")
    assert len(issuer.asked) == 2
    issuer.clock.now += 60
    assert issuer.scope(token(OTHER_KEY, kid="new")) == Scope.READ
    assert len(issuer.asked) == 4


def test_known_keys_serve_while_the_issuer_is_down_and_unknown_ones_are_not_refused(
    issuer: Issuer,
) -> None:
    assert issuer.scope(token()) == Scope.READ
    issuer.is_down = True
    issuer.clock.now += 60
    for _ in range(3):
        with pytest.raises(IssuerError):
            issuer.scope(token(OTHER_KEY, kid="new"))
    assert len(issuer.asked) == 3, "asked once a minute"
    assert issuer.scope(token()) == Scope.READ


def test_nothing_is_known_about_a_token_until_the_issuer_has_answered(issuer: Issuer) -> None:
    issuer.is_down = True
    for _ in range(2):
        with pytest.raises(IssuerError):
            issuer.scope(token())
    issuer.is_down = False
    assert issuer.scope(token()) == Scope.READ


@pytest.mark.parametrize(
    ("discovery", "keys"),
    [({"issuer": "https://issuer.example/pool/"}, []), ({}, None), ({}, {"kid": "rsa"})],
)
def test_documents_of_another_form_are_errors_of_the_issuer(
    issuer: Issuer, discovery: dict[str, Any], keys: Any
) -> None:
    issuer.discovery |= discovery
    issuer.keys = keys
    with pytest.raises(IssuerError):
        issuer.scope(token())
