"""The template's REST API: routes, the functions behind them, API keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local.cloudformation.function_events import FunctionEvent, function_events
from local.cloudformation.gateway_response import GatewayResponse, gateway_responses
from local.cloudformation.resolver import Resolver
from local.cloudformation.template import Template, check_keys
from local.errors import TemplateError

API = "AWS::Serverless::Api"
_NOT_SUPPORTED = ("DefinitionBody", "DefinitionUri", "Models", "Domain")
_AUTH = {"ApiKeyRequired", "UsagePlan", "AddApiKeyRequiredToCorsPreflight"}


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
    """

    method: str
    resource: str
    function: str
    key_required: bool


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
    """

    stage: str
    routes: tuple[Route, ...]
    binary_media_types: tuple[str, ...] = ()
    gateway_responses: Mapping[str, GatewayResponse] = field(default_factory=dict)


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
    key_required = bool((properties.get("Auth") or {}).get("ApiKeyRequired", False))
    routes = [_route(event, key_required) for event in function_events(template, resolver, "Api")]
    return ApiSpec(
        str(properties.get("StageName", "Prod")),
        tuple(routes),
        tuple(kind.replace("~1", "/") for kind in properties.get("BinaryMediaTypes", [])),
        gateway_responses(properties.get("GatewayResponses"), "GatewayResponses"),
    )


def _api_properties(resolver: Resolver, logical_id: str) -> Mapping[str, Any]:
    place = f"Resources.{logical_id}.Properties"
    properties = resolver.properties(logical_id)
    for key in _NOT_SUPPORTED:
        if key in properties:
            raise TemplateError(f"{place}.{key}", "not supported locally")
    check_keys(properties.get("Auth") or {}, _AUTH, f"{place}.Auth")
    return properties


def _route(event: FunctionEvent, key_required: bool) -> Route:
    route = event.properties
    path, method = route.get("Path"), route.get("Method")
    if not isinstance(path, str) or not path.startswith("/") or not isinstance(method, str):
        raise TemplateError(event.place, "expected a Path that starts with / and a Method")
    own = (route.get("Auth") or {}).get("ApiKeyRequired", key_required)
    return Route(method.upper(), path, event.function, bool(own))
