"""``authorize``: answer API Gateway with a policy of what a key or a token allows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from smile_cloud.authorize.scope import ALLOWED, Scope, scope_of
from smile_cloud.authorize.settings import AuthorizeSettings

_INVOKE: Final = "execute-api:Invoke"
_NOBODY: Final = "unknown"


class Authorizer:
    """Says what the holder of a key or of a token may do.

    Parameters
    ----------
    scope_of : callable
        Returns the scope of the header, or None; raises the errors of ``authorize``.
    usage_key : str, optional
        The API key whose limits apply to holders of tokens.
    """

    def __init__(
        self, scope_of: Callable[[str], Scope | None], usage_key: str | None = None
    ) -> None:
        self._scope_of = scope_of
        self._usage_key = usage_key

    @classmethod
    def from_settings(cls, settings: AuthorizeSettings) -> Authorizer:
        """Return the authorizer that the settings ask for."""
        if settings.tokens is None:
            return cls(scope_of)
        # They load native code, which keys do not need.
        from smile_cloud.authorize.issuer_keys import IssuerKeys  # noqa: PLC0415
        from smile_cloud.authorize.tokens import TokenVerifier  # noqa: PLC0415
        from smile_cloud.issuer.documents import Documents  # noqa: PLC0415

        keys = IssuerKeys(settings.tokens.issuer, Documents().get)
        return cls(TokenVerifier(settings.tokens, keys).scope_of, settings.tokens.usage_key)

    def policy(self, header: str, method_arn: str) -> dict[str, Any]:
        """Return the answer to API Gateway's question about one request.

        API Gateway keeps it for all requests with the same header, so it names everything that the
        header allows, and not only the request at hand:
        https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html

        Parameters
        ----------
        header : str
            The header ``x-api-key``, or ``Authorization`` with ``ApiAccess=jwt``.
        method_arn : str
            ARN of the request: that of the stage, method and path, with a slash between them.

        Raises
        ------
        TokenRefusedError
            When a token is not valid.
        IssuerError
            When the issuer of a token cannot be asked for its keys.
        """
        stage_arn = "/".join(method_arn.split("/", 2)[:2])
        scope = self._scope_of(header)
        if scope is None:
            return self._answer(_NOBODY, "Deny", [f"{stage_arn}/*"])
        return self._answer(scope, "Allow", [f"{stage_arn}/{one}" for one in ALLOWED[scope]])

    def _answer(self, principal: str, effect: str, resources: list[str]) -> dict[str, Any]:
        statement = {"Action": _INVOKE, "Effect": effect, "Resource": resources}
        answer = {
            "principalId": principal,
            "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
            "context": {"scope": principal},
        }
        return (
            answer if self._usage_key is None else answer | {"usageIdentifierKey": self._usage_key}
        )
