"""The responses that API Gateway gives without a function, as the template sets them.

Source: "Gateway response types for API Gateway" and "Set up gateway responses to customize error
responses", Amazon API Gateway Developer Guide.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local.cloudformation.template import check_keys
from local.errors import TemplateError

_MESSAGE = "$context.error.messageString"


@dataclass(frozen=True)
class GatewayResponse:
    """One response of the gateway itself.

    Attributes
    ----------
    status : int or None
        Its status code; None for the default of its type.
    headers : Mapping of str to str
        Its headers.
    body : str
        Its body, with ``$context.error.messageString`` in place of the message.
    """

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = f'{{"message":{_MESSAGE}}}'

    def body_for(self, message: str) -> str:
        """Return the body with the gateway's message."""
        return self.body.replace(_MESSAGE, json.dumps(message))


def gateway_responses(written: Any, place: str) -> dict[str, GatewayResponse]:
    """Return ``GatewayResponses`` of an ``AWS::Serverless::Api`` by response type.

    Raises
    ------
    TemplateError
        For anything but fixed headers and a template for ``application/json``.
    """
    return {name: _one(given or {}, f"{place}.{name}") for name, given in (written or {}).items()}


def _one(given: Mapping[str, Any], place: str) -> GatewayResponse:
    check_keys(given, {"StatusCode", "ResponseParameters", "ResponseTemplates"}, place)
    templates = given.get("ResponseTemplates") or {}
    check_keys(templates, {"application/json"}, f"{place}.ResponseTemplates")
    body = templates.get("application/json", GatewayResponse.body)
    if "$" in body.replace(_MESSAGE, ""):
        raise TemplateError(f"{place}.ResponseTemplates", f"only {_MESSAGE} is supported locally")
    headers = {}
    for name, value in ((given.get("ResponseParameters") or {}).get("Headers") or {}).items():
        if not (value.startswith("'") and value.endswith("'")):
            raise TemplateError(f"{place}.ResponseParameters", "expected a text in single quotes")
        headers[name] = value[1:-1]
    status = given.get("StatusCode")
    return GatewayResponse(None if status is None else int(status), headers, body)
