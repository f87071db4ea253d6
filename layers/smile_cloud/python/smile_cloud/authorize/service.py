"""``authorize``: answer API Gateway with a policy of what a key allows."""

from __future__ import annotations

from typing import Any, Final

from smile_cloud.authorize.scope import ALLOWED, scope_of

_INVOKE: Final = "execute-api:Invoke"
_NOBODY: Final = "unknown"


def policy(key: str, method_arn: str) -> dict[str, Any]:
    """Return the answer to API Gateway's question about one request.

    API Gateway keeps it for all requests with the same key, so it names everything that the key
    allows, and not only the request at hand:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html

    Parameters
    ----------
    key : str
        The header ``x-api-key``.
    method_arn : str
        ARN of the request: that of the stage, method and path, with a slash between them.
    """
    stage_arn = "/".join(method_arn.split("/", 2)[:2])
    scope = scope_of(key)
    if scope is None:
        return _answer(_NOBODY, "Deny", [f"{stage_arn}/*"])
    return _answer(scope, "Allow", [f"{stage_arn}/{one}" for one in ALLOWED[scope]])


def _answer(principal: str, effect: str, resources: list[str]) -> dict[str, Any]:
    statement = {"Action": _INVOKE, "Effect": effect, "Resource": resources}
    return {
        "principalId": principal,
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {"scope": principal},
    }
