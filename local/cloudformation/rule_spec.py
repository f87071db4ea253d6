"""The template's IoT rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.cloudformation.resolver import Resolver
from local.errors import TemplateError
from local.iot_sql import Query, SqlError, parse

RULE = "AWS::IoT::TopicRule"
ROLE = "AWS::IAM::Role"
SQL_VERSION = "2016-03-23"


@dataclass(frozen=True)
class QueueAction:
    """An action that sends a message to a queue.

    Attributes
    ----------
    queue_url : str
        The queue.
    base64 : bool
        Whether it gets its messages in base64.
    """

    queue_url: str
    base64: bool = False


@dataclass(frozen=True)
class RuleSpec:
    """One enabled rule.

    Attributes
    ----------
    name : str
        Its name on this machine.
    query : Query
        Its parsed SQL.
    actions : tuple of QueueAction
        Its actions, in the template's order.
    error_action : QueueAction or None
        Gets messages that it could not deliver.
    """

    name: str
    query: Query
    actions: tuple[QueueAction, ...]
    error_action: QueueAction | None = None


def rule_specs(resolver: Resolver) -> list[RuleSpec]:
    """Return the enabled rules.

    Raises
    ------
    TemplateError
        For SQL, actions or error actions that are not supported here, and for a queue that the
        role of the action may not send to: on AWS its messages would vanish without an error.
    """
    specs = []
    grants = _grants(resolver)
    for logical_id in resolver.logical_ids(RULE):
        place = f"Resources.{logical_id}.Properties.TopicRulePayload"
        payload = resolver.properties(logical_id).get("TopicRulePayload")
        if not isinstance(payload, Mapping):
            raise TemplateError(place, "expected a mapping")
        if str(payload.get("RuleDisabled", False)).lower() == "true":
            continue
        actions = tuple(
            _queue_action(action, grants, f"{place}.Actions[{i}]")
            for i, action in enumerate(payload.get("Actions", []))
        )
        error = payload.get("ErrorAction")
        error_action = error and _queue_action(error, grants, f"{place}.ErrorAction")
        query = _query(payload, place)
        specs.append(RuleSpec(resolver.name(logical_id), query, actions, error_action))
    return specs


def _query(payload: Mapping[str, Any], place: str) -> Query:
    version = payload.get("AwsIotSqlVersion")
    if version != SQL_VERSION:
        raise TemplateError(f"{place}.AwsIotSqlVersion", f"expected '{SQL_VERSION}', not {version}")
    try:
        return parse(str(payload.get("Sql", "")))
    except SqlError as error:
        raise TemplateError(f"{place}.Sql", str(error)) from error


def _queue_action(action: Any, grants: set[tuple[str, str]], place: str) -> QueueAction:
    if not isinstance(action, Mapping) or list(action) != ["Sqs"]:
        kinds = ", ".join(action) if isinstance(action, Mapping) else action
        raise TemplateError(place, f"the action {kinds} is not supported locally, only Sqs")
    settings = action["Sqs"]
    url, role = str(settings.get("QueueUrl")), str(settings.get("RoleArn"))
    name = url.rpartition("/")[2]
    if (role, name) not in grants:
        raise TemplateError(f"{place}.Sqs", f"no role of this template lets it send to {name}")
    return QueueAction(url, bool(settings.get("UseBase64", False)))


def _grants(resolver: Resolver) -> set[tuple[str, str]]:
    """Return (role ARN, queue name) for each queue that a role may send to."""
    return {
        (resolver.arn(role), str(resource).rpartition(":")[2])
        for role in resolver.logical_ids(ROLE)
        for policy in resolver.properties(role).get("Policies", [])
        for statement in _list(policy["PolicyDocument"]["Statement"])
        if statement["Effect"] == "Allow" and "sqs:SendMessage" in _list(statement["Action"])
        for resource in _list(statement["Resource"])
    }


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
