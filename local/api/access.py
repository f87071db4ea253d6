"""Who may use a route: Lambda authorizers for tokens, then API keys, in API Gateway's order.

Source: "Use API Gateway Lambda authorizers" and "Output from an API Gateway Lambda authorizer",
Amazon API Gateway Developer Guide.
"""

from __future__ import annotations

import hmac
import json
import re
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from werkzeug.wrappers import Request

from local.api.proxy_event import raw_path
from local.cloudformation.api_spec import ApiSpec, Authorizer, Route
from local.cloudformation.physical import ACCOUNT_ID, API_ID
from local.functions.runtime_api import Answer

_REGION = "us-east-1"  # of the ARNs that the policies are about; any will do

Invoke = Callable[[str, bytes], Answer]


@dataclass(frozen=True)
class _Decision:
    """What an authorizer has said about a token.

    Attributes
    ----------
    statements : list
        Of its policy.
    usage_key : str
        The key that it names, for APIs whose clients send none.
    until : float
        When API Gateway asks again, from ``time.monotonic()``.
    """

    statements: list[dict[str, Any]]
    usage_key: str
    until: float


class Access:
    """Decides about requests.

    Parameters
    ----------
    spec : ApiSpec
        The API: its stage, and who gives the key.
    keys : collection of str
        The values that ``x-api-key`` may have, or that an authorizer may name.
    invoke : callable
        Invokes an authorizer by logical id with an event as JSON.
    """

    def __init__(self, spec: ApiSpec, keys: Collection[str], invoke: Invoke) -> None:
        self._spec = spec
        self._keys = keys
        self._invoke = invoke
        self._decisions: dict[tuple[Authorizer, str], _Decision] = {}

    def refusal(self, route: Route, request: Request) -> str | None:
        """Return why a request is refused, as a key of the front's errors, or None."""
        key = request.headers.get("x-api-key", "")
        if route.authorizer is not None:
            decision = self._decision(route.authorizer, request)
            if isinstance(decision, str):
                return decision
            arn = self._arn(request)
            effects = {one["Effect"] for one in decision.statements if _names(one["Resource"], arn)}
            if effects != {"Allow"}:
                return "denied"
            if self._spec.authorizer_gives_key:
                key = decision.usage_key
        return "no key" if route.key_required and not self._is_key(key) else None

    def _decision(self, authorizer: Authorizer, request: Request) -> _Decision | str:
        """Return what the authorizer says, or why there is no such answer."""
        token = request.headers.get(authorizer.header, "")
        if not token or re.fullmatch(authorizer.expression, token) is None:
            return "no token"
        kept = self._decisions.get((authorizer, token))
        if kept is not None and time.monotonic() < kept.until:
            return kept
        arn = self._arn(request)
        event = {"type": "TOKEN", "authorizationToken": token, "methodArn": arn}
        answer = self._invoke(authorizer.function, json.dumps(event).encode())
        if answer.error_type is not None:
            # Any other failure of the function is one of the API.
            is_refusal = json.loads(answer.payload).get("errorMessage") == "Unauthorized"
            return "no token" if is_refusal else "authorizer failed"
        said = json.loads(answer.payload)
        decision = self._decisions[authorizer, token] = _Decision(
            said["policyDocument"]["Statement"],
            str(said.get("usageIdentifierKey", "")),
            time.monotonic() + authorizer.keep_s,
        )
        return decision

    def _arn(self, request: Request) -> str:
        stage_arn = f"arn:aws:execute-api:{_REGION}:{ACCOUNT_ID}:{API_ID}/{self._spec.stage}"
        return f"{stage_arn}/{request.method}{raw_path(request)}"

    def _is_key(self, given: str) -> bool:
        return any(hmac.compare_digest(given.encode(), key.encode()) for key in self._keys)


def _names(resources: str | list[str], arn: str) -> bool:
    every = [resources] if isinstance(resources, str) else resources
    return any(fnmatchcase(arn, one) for one in every)
