"""Who may use a route: Lambda authorizers for tokens, then API keys, in API Gateway's order.

Source: "Use API Gateway Lambda authorizers" and "Output from an API Gateway Lambda authorizer",
Amazon API Gateway Developer Guide.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable, Collection
from fnmatch import fnmatchcase
from typing import Any

from werkzeug.wrappers import Request

from local.api.proxy_event import raw_path
from local.cloudformation.api_spec import Authorizer, Route
from local.cloudformation.physical import ACCOUNT_ID, API_ID
from local.functions.runtime_api import Answer

_REGION = "us-east-1"  # of the ARNs that the policies are about; any will do

Invoke = Callable[[str, bytes], Answer]


class Access:
    """Decides about requests.

    Parameters
    ----------
    stage : str
        Stage of the API.
    keys : collection of str
        The values that ``x-api-key`` may have.
    invoke : callable
        Invokes an authorizer by logical id with an event as JSON.
    """

    def __init__(self, stage: str, keys: Collection[str], invoke: Invoke) -> None:
        self._stage = stage
        self._keys = keys
        self._invoke = invoke
        self._policies: dict[tuple[Authorizer, str], list[dict[str, Any]]] = {}

    def refusal(self, route: Route, request: Request) -> str | None:
        """Return why a request is refused, as a key of the front's errors, or None."""
        if route.authorizer is not None and (why := self._denied(route.authorizer, request)):
            return why
        return "no key" if route.key_required and not self._has_key(request) else None

    def _denied(self, authorizer: Authorizer, request: Request) -> str | None:
        token = request.headers.get(authorizer.header, "")
        if not token or re.fullmatch(authorizer.expression, token) is None:
            return "no token"
        stage_arn = f"arn:aws:execute-api:{_REGION}:{ACCOUNT_ID}:{API_ID}/{self._stage}"
        arn = f"{stage_arn}/{request.method}{raw_path(request)}"
        statements = self._policies.get((authorizer, token))
        if statements is None:  # API Gateway keeps it, too, for the time in ReauthorizeEvery
            event = {"type": "TOKEN", "authorizationToken": token, "methodArn": arn}
            answer = self._invoke(authorizer.function, json.dumps(event).encode())
            if answer.error_type is not None:
                return "authorizer failed"
            statements = json.loads(answer.payload)["policyDocument"]["Statement"]
            self._policies[authorizer, token] = statements
        effects = {one["Effect"] for one in statements if _names(one["Resource"], arn)}
        return None if effects == {"Allow"} else "denied"

    def _has_key(self, request: Request) -> bool:
        given = request.headers.get("x-api-key", "").encode()
        return any(hmac.compare_digest(given, key.encode()) for key in self._keys)


def _names(resources: str | list[str], arn: str) -> bool:
    every = [resources] if isinstance(resources, str) else resources
    return any(fnmatchcase(arn, one) for one in every)
