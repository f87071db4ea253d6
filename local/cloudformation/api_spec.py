"""What the template says about its REST API: routes, who answers, who needs a key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local.cloudformation.function_spec import FUNCTION
from local.cloudformation.gateway_response import GatewayResponse, gateway_responses
from local.cloudformation.resolver import Resolver
from local.cloudformation.template import Template
from local.errors import TemplateError

API = "AWS::Serverless::Api"
_NOT_SUPPORTED = ("DefinitionBody", "DefinitionUri", "Models", "Domain")
_PARAMETER = re.compile(r"\{(\w+)(\+?)\}")


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
        Whether ``x-api-key`` must hold the key.
    """

    method: str
    resource: str
    function: str
    key_required: bool

    def match(self, segments: list[str]) -> dict[str, str] | None:
        """Return the path parameters when a path falls under this route, else None.

        Parameters
        ----------
        segments : list of str
            The path between its slashes, each decoded.
        """
        parameters: dict[str, str] = {}
        wanted = self.resource.strip("/").split("/")
        for i, part in enumerate(wanted):
            found = _PARAMETER.fullmatch(part)
            if found and found[2] and len(segments) > i:
                parameters[found[1]] = "/".join(segments[i:])
                return parameters
            if i >= len(segments) or (not found and part != segments[i]):
                return None
            if found:
                if not segments[i]:
                    return None
                parameters[found[1]] = segments[i]
        return parameters if len(wanted) == len(segments) else None

    @property
    def specificity(self) -> tuple[bool, ...]:
        """Sort key: literal segments win over parameters, those over greedy ones."""
        parts = self.resource.strip("/").split("/")
        return tuple(flag for part in parts for flag in ("+}" in part, part.startswith("{")))


@dataclass(frozen=True)
class ApiSpec:
    """The REST API.

    Attributes
    ----------
    stage : str
        Its stage's name.
    routes : tuple of Route
        The most specific first.
    binary_media_types : tuple of str
        What API Gateway hands to functions in base64.
    gateway_responses : Mapping of str to GatewayResponse
        What it answers by itself, by response type.
    """

    stage: str
    routes: tuple[Route, ...]
    binary_media_types: tuple[str, ...] = ()
    gateway_responses: Mapping[str, GatewayResponse] = field(default_factory=dict)


def api_spec(template: Template, resolver: Resolver) -> ApiSpec:
    """Read the routes from the functions' events.

    Raises
    ------
    TemplateError
        When the template has several APIs or uses something that has no counterpart here.
    """
    apis = resolver.logical_ids(API)
    if len(apis) > 1:
        raise TemplateError("Resources", f"one {API} is supported locally, not {', '.join(apis)}")
    properties = _api_properties(template, resolver, apis[0]) if apis else {}
    auth = properties.get("Auth") or {}
    key_required = bool(auth.get("ApiKeyRequired", False))
    routes = []
    for function in resolver.logical_ids(FUNCTION):
        place = f"Resources.{function}.Properties.Events"
        events = template.properties(function).get("Events") or {}
        for name, event in events.items():
            if event.get("Type") != "Api":
                raise TemplateError(
                    f"{place}.{name}", f"{event.get('Type')} events are not supported locally"
                )
            route = resolver.resolve(event.get("Properties") or {}, f"{place}.{name}.Properties")
            routes.append(_route(route, function, key_required, f"{place}.{name}"))
    routes.sort(key=lambda route: route.specificity)
    return ApiSpec(
        str(properties.get("StageName", "Prod")),
        tuple(routes),
        tuple(kind.replace("~1", "/") for kind in properties.get("BinaryMediaTypes", [])),
        gateway_responses(properties.get("GatewayResponses"), "GatewayResponses"),
    )


def _api_properties(template: Template, resolver: Resolver, logical_id: str) -> Mapping[str, Any]:
    place = f"Resources.{logical_id}.Properties"
    written = template.properties(logical_id)
    for key in _NOT_SUPPORTED:
        if key in written:
            raise TemplateError(f"{place}.{key}", "not supported locally")
    properties: Mapping[str, Any] = resolver.resolve(written, place)
    auth = properties.get("Auth") or {}
    for key in auth:
        if key not in ("ApiKeyRequired", "UsagePlan", "AddApiKeyRequiredToCorsPreflight"):
            raise TemplateError(f"{place}.Auth.{key}", "not supported locally")
    return properties


def _route(route: Mapping[str, Any], function: str, key_required: bool, place: str) -> Route:
    path, method = route.get("Path"), route.get("Method")
    if not isinstance(path, str) or not path.startswith("/") or not isinstance(method, str):
        raise TemplateError(place, "expected a Path that starts with / and a Method")
    own = (route.get("Auth") or {}).get("ApiKeyRequired", key_required)
    return Route(method.upper(), path, function, bool(own))
