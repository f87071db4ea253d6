"""Resolves the template's intrinsic functions. What is not supported raises with its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from local.cloudformation.parameters import parameter_values
from local.cloudformation.physical import (
    PhysicalNames,
    default_name,
    name_property,
    pseudo_parameters,
)
from local.cloudformation.secret_reference import SecretReader, resolve_secrets
from local.cloudformation.template import Template
from local.errors import TemplateError

_NO_VALUE = object()
_SUB_VARIABLE = re.compile(r"\$\{(!?)([^}]*)\}")
_GENERATED = re.compile(r"(?P<function>\w+)\.(?P<what>Alias|Version)")  # by SAM


class Resolver:
    """Resolves the values of one template for one run.

    Parameters
    ----------
    template : Template
        The template as written.
    names : PhysicalNames
        The names of resources on this machine.
    parameters : Mapping of str to str, optional
        Values that replace the parameters' defaults.
    read_secret : callable, optional
        Returns the text of a secret by name or ARN, for ``{{resolve:secretsmanager:…}}``.
        Without it such references become empty, which is enough to check a template.

    Raises
    ------
    TemplateError
        When a parameter has no value, or one that the template does not allow.
    """

    def __init__(
        self,
        template: Template,
        names: PhysicalNames,
        parameters: Mapping[str, str] | None = None,
        read_secret: SecretReader | None = None,
    ) -> None:
        self._template = template
        self._names = names
        self._read_secret = read_secret
        self._values = {
            **pseudo_parameters(names.region),
            **parameter_values(template, parameters or {}),
        }
        self._functions: dict[str, Callable[[Any, str], Any]] = {
            "Ref": self._ref,
            "Fn::Sub": self._sub,
            "Fn::GetAtt": self._get_att,
            "Fn::If": self._if,
            "Fn::FindInMap": self._find_in_map,
            "Fn::Join": self._join,
            "Fn::Select": self._select,
        }
        self._tests: dict[str, Callable[[Any, str], bool]] = {
            "Condition": self._named_condition,
            "Fn::Equals": self._equals,
            "Fn::Not": lambda parts, place: not self._condition(parts[0], place),
            "Fn::And": lambda parts, place: all(self._condition(part, place) for part in parts),
            "Fn::Or": lambda parts, place: any(self._condition(part, place) for part in parts),
        }

    def resolve(self, node: object, place: str) -> Any:
        """Return a value with every intrinsic function in it resolved.

        Parameters
        ----------
        node : object
            Any part of the template.
        place : str
            Where it is, for error messages.

        Raises
        ------
        TemplateError
            For a function, reference or dynamic reference that is not supported.
        """
        value = self._resolve(node, place)
        return None if value is _NO_VALUE else value

    def properties(self, logical_id: str) -> dict[str, Any]:
        """Return the properties of a resource, resolved and merged with SAM's ``Globals``."""
        place = f"Resources.{logical_id}.Properties"
        return dict(self.resolve(self._template.properties(logical_id), place))

    def logical_ids(self, *types: str) -> list[str]:
        """Return the resources of these types (or of all) whose condition holds."""
        found = []
        for logical_id in self._template.section("Resources"):
            condition = self._template.resource(logical_id).get("Condition")
            place = f"Resources.{logical_id}.Condition"
            if condition is not None and not self._named_condition(condition, place):
                continue
            if not types or self._template.type_of(logical_id) in types:
                found.append(logical_id)
        return found

    def name(self, logical_id: str) -> str:
        """Return the physical name of a resource: the template's, or one from the logical id."""
        resource_type = self._template.type_of(logical_id)
        key = name_property(resource_type)
        given = self._template.properties(logical_id).get(key) if key else None
        if given is not None:
            return str(self.resolve(given, f"Resources.{logical_id}.Properties.{key}"))
        return default_name(logical_id, resource_type)

    def arn(self, logical_id: str) -> str:
        """Return the ARN of a resource."""
        return self._get_att([logical_id, "Arn"], f"Resources.{logical_id}")

    def _resolve(self, node: object, place: str) -> Any:
        if isinstance(node, Mapping):
            if len(node) == 1:
                (key, argument), *_ = node.items()
                if key in self._functions:
                    return _call(self._functions[key], argument, f"{place}.{key}")
                if key.startswith("Fn::"):
                    raise TemplateError(place, f"{key} is not supported locally")
            values = {k: self._resolve(v, f"{place}.{k}") for k, v in node.items()}
            return {k: v for k, v in values.items() if v is not _NO_VALUE}
        if isinstance(node, list):
            items = [self._resolve(item, f"{place}[{i}]") for i, item in enumerate(node)]
            return [item for item in items if item is not _NO_VALUE]
        if isinstance(node, str):
            return resolve_secrets(node, self._read_secret, place)
        return node

    # --- references ---

    def _ref(self, argument: str, place: str) -> Any:
        if argument == "AWS::NoValue":
            return _NO_VALUE
        if argument in self._values:
            return self._values[argument]
        generated = _GENERATED.fullmatch(argument)
        if generated:
            function = generated["function"]
            self._check_exists(function, place)
            alias = self._template.properties(function).get("AutoPublishAlias")
            if alias is None:
                raise TemplateError(place, f"{function} has no AutoPublishAlias")
            qualifier = self.resolve(alias, place) if generated["what"] == "Alias" else "1"
            return f"{self.arn(function)}:{qualifier}"
        self._check_exists(argument, place)
        return self._names.ref(self._template.type_of(argument), self.name(argument), place)

    def _get_att(self, argument: str | list[str], place: str) -> str:
        parts = argument.split(".", 1) if isinstance(argument, str) else argument
        logical_id, attribute = parts
        self._check_exists(logical_id, place)
        resource_type = self._template.type_of(logical_id)
        return self._names.attribute(resource_type, self.name(logical_id), attribute, place)

    def _check_exists(self, logical_id: str, place: str) -> None:
        if logical_id not in self._template.section("Resources"):
            raise TemplateError(place, f"unknown parameter or resource {logical_id}")

    def _sub(self, argument: Any, place: str) -> str:
        text, variables = argument if isinstance(argument, list) else (argument, {})
        values = {name: self._resolve(v, f"{place}.{name}") for name, v in variables.items()}

        def replace(match: re.Match[str]) -> str:
            literal, name = match.groups()
            if literal:
                return f"${{{name}}}"
            if name in values:
                return str(values[name])
            if name in self._values or "." not in name or _GENERATED.fullmatch(name):
                return str(self._ref(name, place))
            return self._get_att(name, place)

        return resolve_secrets(_SUB_VARIABLE.sub(replace, text), self._read_secret, place)

    # --- choices ---

    def _if(self, argument: list[Any], place: str) -> Any:
        name, then, otherwise = argument
        return self._resolve(then if self._named_condition(name, place) else otherwise, place)

    def _named_condition(self, name: str, place: str) -> bool:
        conditions = self._template.section("Conditions")
        if name not in conditions:
            raise TemplateError(place, f"unknown condition {name}")
        return self._condition(conditions[name], f"Conditions.{name}")

    def _condition(self, node: Any, place: str) -> bool:
        key, argument = next(iter(node.items())) if isinstance(node, Mapping) and node else ("", 0)
        if key not in self._tests:
            raise TemplateError(place, f"expected a condition function, not {key or node}")
        return bool(_call(self._tests[key], argument, f"{place}.{key}"))

    def _equals(self, sides: list[Any], place: str) -> bool:
        left, right = (self._resolve(side, place) for side in sides)
        return str(left) == str(right)

    def _find_in_map(self, argument: list[Any], place: str) -> Any:
        names = [str(self._resolve(part, place)) for part in argument]
        found: Any = self._template.section("Mappings")
        for name in names:
            if not isinstance(found, Mapping) or name not in found:
                raise TemplateError(place, f"the mapping {' / '.join(names)} has no {name}")
            found = found[name]
        return found

    def _join(self, argument: list[Any], place: str) -> str:
        separator, parts = argument
        return str(separator).join(str(part) for part in self._resolve(parts, place))

    def _select(self, argument: list[Any], place: str) -> Any:
        index, parts = (self._resolve(part, place) for part in argument)
        return parts[int(index)]


def _call(function: Callable[[Any, str], Any], argument: Any, place: str) -> Any:
    """Call an intrinsic function; what CloudFormation would refuse raises with its place."""
    try:
        return function(argument, place)
    except (TypeError, ValueError, LookupError, AttributeError):
        raise TemplateError(place, f"malformed: {argument}") from None
