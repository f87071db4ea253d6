"""Works out the template's intrinsic functions; whatever it does not know it refuses by place."""

from __future__ import annotations

import json
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
from local.cloudformation.template import Template
from local.errors import TemplateError

_NO_VALUE = object()
_SUB_VARIABLE = re.compile(r"\$\{(!?)([^}]*)\}")
# {{resolve:secretsmanager:<name or ARN>:SecretString[:<JSON key>[:…]]}}; an ARN has colons itself
_SECRET = re.compile(
    r"\{\{resolve:secretsmanager:(?P<id>arn:[^:]+:secretsmanager:[^:]*:[^:]*:secret:[^:}]+|[^:}]+)"
    r":SecretString(?::(?P<key>[^:}]*)(?P<version>(?::[^}]*)?))?\}\}"
)
_GENERATED_ALIAS = re.compile(r"(?P<function>\w+)\.(?P<what>Alias|Version)")

SecretReader = Callable[[str], str]


class Resolver:
    """Resolves values of one template for one run.

    Parameters
    ----------
    template : Template
        The template as written.
    names : PhysicalNames
        What resources are called on this machine.
    parameters : Mapping of str to str, optional
        Values that replace the parameters' defaults.
    read_secret : callable, optional
        Gives the text of a secret by name or ARN, for ``{{resolve:secretsmanager:…}}``; without
        it such references become empty, which serves to check a template.

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

    def resolve(self, node: object, place: str) -> Any:
        """Return a value with every intrinsic function in it worked out.

        Parameters
        ----------
        node : object
            Any part of the template.
        place : str
            Where it stands, for error messages.

        Raises
        ------
        TemplateError
            For a function, reference or dynamic reference that is not supported.
        """
        value = self._resolve(node, place)
        return None if value is _NO_VALUE else value

    def properties(self, logical_id: str) -> dict[str, Any]:
        """Return a resource's properties, SAM's ``Globals`` merged in and all resolved."""
        place = f"Resources.{logical_id}.Properties"
        resolved = self.resolve(self._template.properties(logical_id), place)
        assert isinstance(resolved, dict)  # noqa: S101 - the template's properties are a mapping
        return resolved

    def logical_ids(self, *types: str) -> list[str]:
        """Return the resources of the given types (all when none) whose condition holds."""
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
        """Return a resource's physical name: the template's, or one made of the logical id."""
        resource_type = self._template.type_of(logical_id)
        key = name_property(resource_type)
        place = f"Resources.{logical_id}.Properties.{key}"
        given = self._template.properties(logical_id).get(key) if key else None
        if given is not None:
            return str(self.resolve(given, place))
        return default_name(logical_id, resource_type)

    def arn(self, logical_id: str) -> str:
        """Return a resource's ARN."""
        return str(self._get_att([logical_id, "Arn"], f"Resources.{logical_id}"))

    def _resolve(self, node: object, place: str) -> Any:
        if isinstance(node, Mapping):
            if len(node) == 1:
                (key, argument), *_ = node.items()
                if key in self._functions:
                    return self._functions[key](argument, f"{place}.{key}")
                if key.startswith("Fn::"):
                    raise TemplateError(place, f"{key} is not supported locally")
            values = {k: self._resolve(v, f"{place}.{k}") for k, v in node.items()}
            return {k: v for k, v in values.items() if v is not _NO_VALUE}
        if isinstance(node, list):
            items = [self._resolve(item, f"{place}[{i}]") for i, item in enumerate(node)]
            return [item for item in items if item is not _NO_VALUE]
        if isinstance(node, str):
            return self._dynamic_reference(node, place)
        return node

    # --- references ---

    def _ref(self, argument: Any, place: str) -> Any:
        if argument == "AWS::NoValue":
            return _NO_VALUE
        if argument in self._values:
            return self._values[argument]
        return self._resource_ref(str(argument), place)

    def _resource_ref(self, reference: str, place: str) -> str:
        generated = _GENERATED_ALIAS.fullmatch(reference)
        if generated:  # SAM: <function>.Alias and <function>.Version
            function = generated["function"]
            alias = self._known(function, place).get("AutoPublishAlias")
            if alias is None:
                raise TemplateError(place, f"{function} has no AutoPublishAlias")
            qualifier = self.resolve(alias, place) if generated["what"] == "Alias" else "1"
            return f"{self.arn(function)}:{qualifier}"
        self._known(reference, place)
        resource_type = self._template.type_of(reference)
        return self._names.ref(reference, resource_type, self.name(reference), place)

    def _known(self, logical_id: str, place: str) -> Mapping[str, Any]:
        if logical_id not in self._template.section("Resources"):
            raise TemplateError(place, f"there is no parameter or resource {logical_id}")
        return self._template.properties(logical_id)

    def _get_att(self, argument: Any, place: str) -> str:
        if isinstance(argument, str):
            argument = argument.split(".", 1)
        if not isinstance(argument, list) or len(argument) != 2:  # noqa: PLR2004 - resource, attribute
            raise TemplateError(place, "expected a resource and an attribute")
        logical_id, attribute = argument
        self._known(logical_id, place)
        resource_type = self._template.type_of(logical_id)
        return self._names.attribute(
            logical_id, resource_type, self.name(logical_id), attribute, place
        )

    def _sub(self, argument: Any, place: str) -> str:
        text, variables = argument if isinstance(argument, list) else (argument, {})
        values = {name: self._resolve(v, f"{place}.{name}") for name, v in variables.items()}

        def replace(match: re.Match[str]) -> str:
            literal, name = match.groups()
            if literal:
                return f"${{{name}}}"
            if name in values:
                return str(values[name])
            if name in self._values or "." not in name or _GENERATED_ALIAS.fullmatch(name):
                return str(self._ref(name, place))
            return self._get_att(name, place)

        if not isinstance(text, str):
            raise TemplateError(place, "expected a text with ${…} in it")
        return self._dynamic_reference(_SUB_VARIABLE.sub(replace, text), place)

    def _dynamic_reference(self, text: str, place: str) -> str:
        def replace(match: re.Match[str]) -> str:
            if self._read_secret is None:
                return ""
            secret = self._read_secret(match["id"])
            if not match["key"]:
                return secret
            try:
                return str(json.loads(secret)[match["key"]])
            except (ValueError, KeyError, TypeError):
                raise TemplateError(place, f"the secret has no JSON key {match['key']}") from None

        resolved = _SECRET.sub(replace, text)
        if "{{resolve:" in resolved:
            raise TemplateError(
                place, "only {{resolve:secretsmanager:…:SecretString}} is supported"
            )
        return resolved

    # --- choices ---

    def _if(self, argument: Any, place: str) -> Any:
        if not isinstance(argument, list) or len(argument) != 3:  # noqa: PLR2004 - condition, then, else
            raise TemplateError(place, "expected a condition and two values")
        name, then, otherwise = argument
        return self._resolve(then if self._named_condition(name, place) else otherwise, place)

    def _named_condition(self, name: Any, place: str) -> bool:
        conditions = self._template.section("Conditions")
        if name not in conditions:
            raise TemplateError(place, f"there is no condition {name}")
        return self._condition(conditions[name], f"Conditions.{name}")

    def _condition(self, node: Any, place: str) -> bool:
        if not isinstance(node, Mapping) or len(node) != 1:
            raise TemplateError(place, "expected one condition function")
        ((key, argument),) = node.items()
        if key == "Condition":
            return self._named_condition(argument, place)
        if key == "Fn::Equals":
            left, right = (self._resolve(side, f"{place}.{key}") for side in argument)
            return str(left) == str(right)
        if key not in ("Fn::Not", "Fn::And", "Fn::Or"):
            raise TemplateError(place, f"{key} is not supported locally")
        parts = [self._condition(part, f"{place}.{key}") for part in argument]
        if key == "Fn::Not":
            return not parts[0]
        return all(parts) if key == "Fn::And" else any(parts)

    def _find_in_map(self, argument: Any, place: str) -> Any:
        names = [str(self._resolve(part, place)) for part in argument]
        found: Any = self._template.section("Mappings")
        for name in names:
            if not isinstance(found, Mapping) or name not in found:
                raise TemplateError(place, f"the mapping {' / '.join(names)} has no {name}")
            found = found[name]
        return found

    def _join(self, argument: Any, place: str) -> str:
        separator, parts = argument
        return str(separator).join(str(part) for part in self._resolve(parts, place))

    def _select(self, argument: Any, place: str) -> Any:
        index, parts = (self._resolve(part, place) for part in argument)
        return parts[int(index)]
