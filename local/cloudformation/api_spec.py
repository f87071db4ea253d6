"""The template's REST API: routes, the functions behind them, API keys."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local.cloudformation.function_events import FunctionEvent, function_events
from local.cloudformation.function_spec import FUNCTION
from local.cloudformation.gateway_response import GatewayResponse, gateway_responses
from local.cloudformation.resolver import Resolver
from local.cloudformation.template import Template, check_keys
from local.errors import TemplateError

API = "AWS::Serverless::Api"
_NOT_SUPPORTED = ("DefinitionBody", "DefinitionUri", "Models", "Domain")
_KEY = "AWS::ApiGateway::ApiKey"
_KEY_SOURCES = ("HEADER", "AUTHORIZER")
# The parameter of the template that opens the API to pages of other origins, and the port that a
# browser leaves out of an origin: https://html.spec.whatwg.org/#ascii-serialisation-of-an-origin
_ORIGINS = "ApiOrigins"
_DEFAULT_PORT = re.compile(r"(?<=^http)(://.*):80$|(?<=^https)(://.*):443$")
_AUTH = {
    "AddApiKeyRequiredToCorsPreflight",
    "AddDefaultAuthorizerToCorsPreflight",
    "ApiKeyRequired",
    "Authorizers",
    "DefaultAuthorizer",
    "UsagePlan",
}
_AUTHORIZER = {"FunctionArn", "FunctionPayloadType", "Identity"}
_IDENTITY = {"Header", "ReauthorizeEvery", "ValidationExpression"}
_KEEP_S = 300  # what SAM sets without ReauthorizeEvery


@dataclass(frozen=True)
class Authorizer:
    """A function that says what the holder of a token may do.

    Attributes
    ----------
    function : str
        Its logical id.
    header : str
        Header of the token.
    expression : str
        Pattern of tokens that reach the function.
    keep_s : int
        For how long its answer about a token holds.
    """

    function: str
    header: str
    expression: str
    keep_s: int = _KEEP_S


@dataclass(frozen=True)
class Route:
    """One method of one path.

    Attributes
    ----------
    method : str
        Upper case, or ``ANY``.
    resource : str
        The path as in the template, such as ``/v1/devices/{device}``.
    function : str
        Logical id of the function that answers.
    key_required : bool
        Whether requests need an API key.
    authorizer : Authorizer or None
        Who decides about requests before their key is checked.
    """

    method: str
    resource: str
    function: str
    key_required: bool
    authorizer: Authorizer | None = None


@dataclass(frozen=True)
class ApiSpec:
    """The REST API.

    Attributes
    ----------
    stage : str
        Name of its stage.
    routes : tuple of Route
        Its routes.
    binary_media_types : tuple of str
        Media types of the bodies that functions get in base64.
    gateway_responses : Mapping of str to GatewayResponse
        Responses of the gateway itself, by response type.
    key_prefixes : tuple of str
        How the values of its keys start, in the template's order; the rest is secret.
    fixed_keys : tuple of str
        The values of its keys that are no secrets.
    authorizer_gives_key : bool
        Whether the authorizer names the key of a request, so that clients send none.
    origins : tuple of str
        Origins whose pages may read it with a browser.
    """

    stage: str
    routes: tuple[Route, ...]
    binary_media_types: tuple[str, ...] = ()
    gateway_responses: Mapping[str, GatewayResponse] = field(default_factory=dict)
    key_prefixes: tuple[str, ...] = ()
    fixed_keys: tuple[str, ...] = ()
    authorizer_gives_key: bool = False
    origins: tuple[str, ...] = ()


def api_spec(template: Template, resolver: Resolver) -> ApiSpec:
    """Return the REST API; its routes are events of the functions.

    Raises
    ------
    TemplateError
        When the template has several APIs or uses something that is not supported here.
    """
    apis = resolver.logical_ids(API)
    if len(apis) > 1:
        raise TemplateError("Resources", f"one {API} is supported locally, not {', '.join(apis)}")
    properties = _api_properties(resolver, apis[0]) if apis else {}
    auth = properties.get("Auth") or {}
    default = Route(
        "", "", "", bool(auth.get("ApiKeyRequired", False)), _authorizer(auth, resolver)
    )
    routes = [_route(event, default) for event in function_events(template, resolver, "Api")]
    keys = {name: _key_value(resolver, name) for name in resolver.logical_ids(_KEY)}
    fixed = {
        name
        for name, value in keys.items()
        if value and "{{resolve:" not in str(template.properties(name))
    }
    return ApiSpec(
        str(properties.get("StageName", "Prod")),
        tuple(routes),
        tuple(kind.replace("~1", "/") for kind in properties.get("BinaryMediaTypes", [])),
        gateway_responses(properties.get("GatewayResponses"), "GatewayResponses"),
        tuple(value for name, value in keys.items() if name not in fixed),
        tuple(value for name, value in keys.items() if name in fixed),
        properties.get("ApiKeySourceType") == "AUTHORIZER",
        _origins(template, resolver),
    )


def _api_properties(resolver: Resolver, logical_id: str) -> Mapping[str, Any]:
    place = f"Resources.{logical_id}.Properties"
    properties = resolver.properties(logical_id)
    for key in _NOT_SUPPORTED:
        if key in properties:
            raise TemplateError(f"{place}.{key}", "not supported locally")
    if properties.get("ApiKeySourceType", "HEADER") not in _KEY_SOURCES:
        raise TemplateError(f"{place}.ApiKeySourceType", "expected HEADER or AUTHORIZER")
    check_keys(properties.get("Auth") or {}, _AUTH, f"{place}.Auth")
    return properties


def _authorizer(auth: Mapping[str, Any], resolver: Resolver) -> Authorizer | None:
    name = auth.get("DefaultAuthorizer")
    if name is None:
        return None
    place = "Auth.DefaultAuthorizer"
    given = (auth.get("Authorizers") or {}).get(name)
    if given is None:
        raise TemplateError(place, "not supported locally, only Lambda authorizers")
    check_keys(given, _AUTHORIZER, place)
    identity = given.get("Identity") or {}
    check_keys(identity, _IDENTITY, f"{place}.Identity")
    functions = {resolver.arn(one): one for one in resolver.logical_ids(FUNCTION)}
    found = [
        one
        for arn, one in functions.items()
        if f"{given.get('FunctionArn')}:".startswith(f"{arn}:")
    ]
    if given.get("FunctionPayloadType") != "TOKEN" or not found:
        raise TemplateError(
            place, "expected FunctionPayloadType TOKEN and a function of this template"
        )
    header, expression = identity.get("Header"), identity.get("ValidationExpression")
    keep_s = int(identity.get("ReauthorizeEvery", _KEEP_S))
    return Authorizer(found[0], str(header or "Authorization"), str(expression or ".*"), keep_s)


def _key_value(resolver: Resolver, logical_id: str) -> str:
    """Return the value of a key without its secret part, which is empty before a run."""
    return str(resolver.properties(logical_id).get("Value", ""))


def _origins(template: Template, resolver: Resolver) -> tuple[str, ...]:
    if _ORIGINS not in template.section("Parameters"):
        return ()
    value = str(resolver.resolve({"Ref": _ORIGINS}, f"Parameters.{_ORIGINS}"))
    if value in ("", "none"):
        return ()
    return tuple(_DEFAULT_PORT.sub(r"\1\2", origin) for origin in value.split(","))


def _route(event: FunctionEvent, default: Route) -> Route:
    route = event.properties
    path, method = route.get("Path"), route.get("Method")
    if not isinstance(path, str) or not path.startswith("/") or not isinstance(method, str):
        raise TemplateError(event.place, "expected a Path that starts with / and a Method")
    auth = route.get("Auth") or {}
    key_required = bool(auth.get("ApiKeyRequired", default.key_required))
    is_open = auth.get("Authorizer") == "NONE"
    authorizer = None if is_open else default.authorizer
    return Route(method.upper(), path, event.function, key_required, authorizer)
