"""What ``ApiAccess`` changes in the API that SAM makes: the authorizer, keys, and refusals."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pytest

from scripts.translate_template import packaged_template, translate

METHOD = ("/v1/events", "x-amazon-apigateway-any-method")
TOKENS = {"JwtIssuer": "https://issuer.example/pool", "JwtAudience": "smile-api"}


@cache
def resources(access: str) -> dict[str, Any]:
    made: dict[str, Any] = translate(packaged_template(), ApiAccess=access, **TOKENS)["Resources"]
    return made


def body(access: str) -> dict[str, Any]:
    made: dict[str, Any] = resources(access)["SmileApi"]["Properties"]["Body"]
    return made


@pytest.mark.parametrize(
    ("access", "authorizer", "header"),
    [
        ("key", "key", "x-api-key"),
        ("AWS_IAM", "AWS_IAM", "Authorization"),
        ("jwt", "jwt", "Authorization"),
    ],
)
def test_one_authorizer_decides_about_every_path_that_needs_a_key(
    access: str, authorizer: str, header: str
) -> None:
    schemes = body(access)["components"]["securitySchemes"]
    assert schemes[authorizer]["name"] == header
    used = {
        name
        for path in body(access)["paths"].values()
        for method in path.values()
        for needed in method.get("security", [])
        for name in needed
    }
    path, method = METHOD
    assert {"api_key": []} in body(access)["paths"][path][method]["security"]
    assert used - {"NONE"} == {authorizer, "api_key"}


def test_api_gateway_asks_about_a_token_once_a_minute_and_only_when_it_looks_like_one() -> None:
    asked = body("jwt")["components"]["securitySchemes"]["jwt"]["x-amazon-apigateway-authorizer"]
    assert asked["type"] == "token"
    assert asked["authorizerResultTtlInSeconds"] == 60
    pattern = asked["identityValidationExpression"]
    assert re.fullmatch(pattern, "Bearer eyJh.eyJp.c2ln-_")
    assert not any(
        re.fullmatch(pattern, one) for one in ("eyJh", "Bearer ", "Basic eyJh", "Bearer a b")
    )


def test_tokens_use_the_limits_of_a_key_that_nobody_sends() -> None:
    made = resources("jwt")
    api = made["SmileApi"]["Properties"]
    assert api["ApiKeySourceType"] == {"Fn::If": ["UsesTokens", "AUTHORIZER", "HEADER"]}
    for name in ("TokenClientsKey", "TokenClientsKeyInPlan"):
        assert made[name]["Condition"] == "UsesTokens"
    variables = made["AuthorizeFunction"]["Properties"]["Environment"]["Variables"]
    value = made["TokenClientsKey"]["Properties"]["Value"]
    assert variables["TOKEN_USAGE_KEY"] == value
    assert re.match(r"(?!(read|feedback|admin)_)", value["Fn::Sub"]), "it has no scope of its own"


def test_only_authorize_has_the_libraries_for_tokens() -> None:
    having = [
        name
        for name, one in packaged_template()["Resources"].items()
        if {"Ref": "JwtLayer"} in one["Properties"].get("Layers", [])
    ]
    assert having == ["AuthorizeFunction"]


def test_api_gateway_says_how_to_authenticate_and_when_to_try_again() -> None:
    refusals = body("jwt")["x-amazon-apigateway-gateway-responses"]
    bearer = {"Fn::If": ["UsesTokens", "'Bearer'", {"Ref": "AWS::NoValue"}]}
    name = "gatewayresponse.header.WWW-Authenticate"
    assert refusals["UNAUTHORIZED"]["responseParameters"][name] == bearer
    failure = refusals["AUTHORIZER_FAILURE"]
    assert str(failure["statusCode"]) == "503"
    assert failure["responseParameters"]["gatewayresponse.header.Retry-After"] == "'10'"


def test_a_deployment_with_tokens_must_name_issuer_and_audience() -> None:
    template = packaged_template()
    [rule] = template["Rules"].values()
    assert rule["RuleCondition"] == {"Fn::Equals": [{"Ref": "ApiAccess"}, "jwt"]}
    needed = [one["Assert"]["Fn::Not"][0]["Fn::Equals"] for one in rule["Assertions"]]
    assert needed == [[{"Ref": name}, "none"] for name in TOKENS]
    pattern = template["Parameters"]["JwtIssuer"]["AllowedPattern"]
    assert not any(re.fullmatch(pattern, one) for one in ("http://a.example", "https://a/?b", ""))


def test_refused_tokens_are_no_failures() -> None:
    alarm = packaged_template()["Resources"]["AuthorizeFailuresAlarm"]["Properties"]
    [percent] = [one["Expression"] for one in alarm["Metrics"] if one["Id"] == "percent"]
    assert percent.count("FILL(errors, 0) - FILL(refused, 0)") == 2
    [refused] = [one["MetricStat"]["Metric"] for one in alarm["Metrics"] if one["Id"] == "refused"]
    assert refused["MetricName"] == "TokensRefused"
    assert refused["Dimensions"] == [{"Name": "service", "Value": "authorize"}]
