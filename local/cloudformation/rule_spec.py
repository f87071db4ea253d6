"""What the template says about its IoT rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.cloudformation.function_spec import FUNCTION
from local.cloudformation.resolver import Resolver
from local.cloudformation.template import Template
from local.errors import SqlError, TemplateError
from local.iot_sql.parser import Query, parse

RULE = "AWS::IoT::TopicRule"
PERMISSION = "AWS::Lambda::Permission"
SQL_VERSION = "2016-03-23"


@dataclass(frozen=True)
class RuleSpec:
    """One enabled rule.

    Attributes
    ----------
    logical_id, name : str
        Its name in the template and on this machine.
    query : Query
        Its parsed SQL.
    function_arns : tuple of str
        The functions it invokes, in the template's order.
    error_queue_url : str or None
        Where messages go that it could not hand over.
    error_base64 : bool
        Whether that queue gets its messages in base64.
    """

    logical_id: str
    name: str
    query: Query
    function_arns: tuple[str, ...]
    error_queue_url: str | None = None
    error_base64: bool = False


def rule_specs(template: Template, resolver: Resolver) -> list[RuleSpec]:
    """Read the enabled rules.

    Raises
    ------
    TemplateError
        For SQL, actions or error actions outside the supported subset, and for a function that
        the rule has no permission to invoke.
    """
    specs = []
    for logical_id in resolver.logical_ids(RULE):
        place = f"Resources.{logical_id}.Properties.TopicRulePayload"
        written = template.properties(logical_id).get("TopicRulePayload")
        payload = resolver.resolve(written, place)
        if not isinstance(payload, Mapping):
            raise TemplateError(place, "expected a mapping")
        if str(payload.get("RuleDisabled", False)).lower() != "true":
            specs.append(_spec(template, resolver, logical_id, payload, place))
    return specs


def _spec(
    template: Template, resolver: Resolver, logical_id: str, payload: Mapping[str, Any], place: str
) -> RuleSpec:
    version = payload.get("AwsIotSqlVersion")
    if version != SQL_VERSION:
        raise TemplateError(f"{place}.AwsIotSqlVersion", f"expected '{SQL_VERSION}', not {version}")
    try:
        query = parse(str(payload.get("Sql", "")))
    except SqlError as error:
        raise TemplateError(f"{place}.Sql", str(error)) from error
    functions = tuple(
        _function_arn(action, f"{place}.Actions[{i}]")
        for i, action in enumerate(payload.get("Actions", []))
    )
    for i, function in enumerate(functions):
        if (function, resolver.arn(logical_id)) not in _permissions(template, resolver):
            raise TemplateError(
                f"{place}.Actions[{i}]",
                f"no AWS::Lambda::Permission lets this rule invoke {function}",
            )
    url, base64 = _error_queue(payload.get("ErrorAction"), f"{place}.ErrorAction")
    return RuleSpec(logical_id, resolver.name(logical_id), query, functions, url, base64)


def _function_arn(action: Any, place: str) -> str:
    if not isinstance(action, Mapping) or list(action) != ["Lambda"]:
        kinds = ", ".join(action) if isinstance(action, Mapping) else action
        raise TemplateError(place, f"the action {kinds} is not supported locally, only Lambda")
    arn = action["Lambda"].get("FunctionArn")
    if not isinstance(arn, str):
        raise TemplateError(f"{place}.Lambda.FunctionArn", "expected an ARN")
    return arn


def _error_queue(action: Any, place: str) -> tuple[str | None, bool]:
    if action is None:
        return None, False
    if not isinstance(action, Mapping) or list(action) != ["Sqs"]:
        raise TemplateError(place, "only Sqs is supported locally")
    return str(action["Sqs"]["QueueUrl"]), bool(action["Sqs"].get("UseBase64", False))


def _permissions(template: Template, resolver: Resolver) -> set[tuple[str, str]]:
    """Return (function ARN, rule ARN) pairs that a permission of the template joins."""
    pairs = set()
    arns = {resolver.name(f): resolver.arn(f) for f in resolver.logical_ids(FUNCTION)}
    for logical_id in resolver.logical_ids(PERMISSION):
        place = f"Resources.{logical_id}.Properties"
        permission = resolver.resolve(template.properties(logical_id), place)
        if permission.get("Principal") == "iot.amazonaws.com":
            function = str(permission.get("FunctionName"))  # a name or an ARN
            pairs.add((arns.get(function, function), str(permission.get("SourceArn"))))
    return pairs
