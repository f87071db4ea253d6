"""The template's IoT rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.cloudformation.function_spec import FUNCTION
from local.cloudformation.resolver import Resolver
from local.errors import TemplateError
from local.iot_sql import Query, SqlError, parse

RULE = "AWS::IoT::TopicRule"
PERMISSION = "AWS::Lambda::Permission"
SQL_VERSION = "2016-03-23"


@dataclass(frozen=True)
class RuleSpec:
    """One enabled rule.

    Attributes
    ----------
    name : str
        Its name on this machine.
    query : Query
        Its parsed SQL.
    function_arns : tuple of str
        The functions that it invokes, in the template's order.
    error_queue_url : str or None
        Receives messages that it could not deliver.
    error_base64 : bool
        Whether that queue gets its messages in base64.
    """

    name: str
    query: Query
    function_arns: tuple[str, ...]
    error_queue_url: str | None = None
    error_base64: bool = False


def rule_specs(resolver: Resolver) -> list[RuleSpec]:
    """Return the enabled rules.

    Raises
    ------
    TemplateError
        For SQL, actions or error actions that are not supported here, and for a function that
        the rule has no permission to invoke.
    """
    specs = []
    permissions = _permissions(resolver)
    for logical_id in resolver.logical_ids(RULE):
        place = f"Resources.{logical_id}.Properties.TopicRulePayload"
        payload = resolver.properties(logical_id).get("TopicRulePayload")
        if not isinstance(payload, Mapping):
            raise TemplateError(place, "expected a mapping")
        if str(payload.get("RuleDisabled", False)).lower() == "true":
            continue
        functions = [
            _function_arn(action, f"{place}.Actions[{i}]")
            for i, action in enumerate(payload.get("Actions", []))
        ]
        for i, function in enumerate(functions):
            if (function, resolver.arn(logical_id)) not in permissions:
                raise TemplateError(
                    f"{place}.Actions[{i}]",
                    f"no AWS::Lambda::Permission lets this rule invoke {function}",
                )
        query = _query(payload, place)
        queue = _error_queue(payload.get("ErrorAction"), f"{place}.ErrorAction")
        specs.append(RuleSpec(resolver.name(logical_id), query, tuple(functions), *queue))
    return specs


def _query(payload: Mapping[str, Any], place: str) -> Query:
    version = payload.get("AwsIotSqlVersion")
    if version != SQL_VERSION:
        raise TemplateError(f"{place}.AwsIotSqlVersion", f"expected '{SQL_VERSION}', not {version}")
    try:
        return parse(str(payload.get("Sql", "")))
    except SqlError as error:
        raise TemplateError(f"{place}.Sql", str(error)) from error


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


def _permissions(resolver: Resolver) -> set[tuple[str, str]]:
    """Return (function ARN, rule ARN) for each permission of a rule."""
    pairs = set()
    arns = {resolver.name(f): resolver.arn(f) for f in resolver.logical_ids(FUNCTION)}
    for logical_id in resolver.logical_ids(PERMISSION):
        permission = resolver.properties(logical_id)
        if permission.get("Principal") == "iot.amazonaws.com":
            function = str(permission.get("FunctionName"))  # a name or an ARN
            pairs.add((arns.get(function, function), str(permission.get("SourceArn"))))
    return pairs
