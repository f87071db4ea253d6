"""Loads a CloudFormation template with its short tags. The resolver resolves its values."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from local.errors import TemplateError

_BARE_TAGS = {"Ref", "Condition"}  # the only ones whose long form has no "Fn::" in front


@dataclass(frozen=True)
class Template:
    """A template as written: intrinsic functions in their long form, nothing resolved.

    Attributes
    ----------
    path : Path
        The file. Relative paths in the template, such as ``CodeUri``, start from its folder.
    sections : Mapping
        ``Resources``, ``Parameters`` and so on.
    """

    path: Path
    sections: Mapping[str, Any]

    @property
    def folder(self) -> Path:
        """The folder that relative paths in the template start from."""
        return self.path.parent

    def section(self, name: str) -> Mapping[str, Any]:
        """Return a top-level section, empty when the template has none."""
        return _mapping(self.sections.get(name) or {}, name)

    def type_of(self, logical_id: str) -> str:
        """Return the type of a resource, such as ``AWS::SQS::Queue``."""
        return str(self.resource(logical_id)["Type"])

    def resource(self, logical_id: str) -> Mapping[str, Any]:
        """Return a resource as written.

        Raises
        ------
        TemplateError
            When it is not a mapping with a Type.
        """
        place = f"Resources.{logical_id}"
        found = _mapping(self.section("Resources")[logical_id], place)
        if not isinstance(found.get("Type"), str):
            raise TemplateError(place, "expected a Type")
        return found

    def properties(self, logical_id: str) -> Mapping[str, Any]:
        """Return the properties of a resource as written, merged with SAM's ``Globals``.

        Mappings are merged, lists appended and other values overridden: "Globals section of the
        AWS SAM template", AWS SAM Developer Guide.
        """
        own = self.resource(logical_id).get("Properties") or {}
        prefix, _, short = self.type_of(logical_id).rpartition("::")
        common = self.section("Globals").get(short) if prefix == "AWS::Serverless" else None
        return _mapping(_merge(common, own), f"Resources.{logical_id}.Properties")


def load_template(path: Path) -> Template:
    """Read a template file.

    Raises
    ------
    TemplateError
        When the file cannot be read or is not a YAML mapping with Resources.
    """
    try:
        sections = yaml.load(path.read_text("utf-8"), Loader=_Loader)  # noqa: S506 - a SafeLoader
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateError(str(path), f"cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise TemplateError(str(path), " ".join(str(error).split())) from error
    if not isinstance(sections, Mapping) or not sections.get("Resources"):
        raise TemplateError(str(path), "expected a mapping with Resources")
    return Template(path.resolve(), sections)


def check_keys(given: Iterable[str], supported: Container[str], place: str) -> None:
    """Raise `TemplateError` for the first key that is not supported."""
    for key in given:
        if key not in supported:
            raise TemplateError(f"{place}.{key}", "not supported locally")


def _mapping(value: object, place: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise TemplateError(place, "expected a mapping")
    return value


def _merge(common: object, own: object) -> object:
    if isinstance(common, Mapping) and isinstance(own, Mapping):
        merged = {key: _merge(common[key], own[key]) for key in own if key in common}
        return {**common, **own, **merged}
    if isinstance(common, list) and isinstance(own, list):
        return [*common, *own]
    return own


class _Loader(yaml.CSafeLoader):
    """Safe YAML with CloudFormation's tags; dates stay texts."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def _long_form(loader: yaml.CSafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    elif isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    return {suffix if suffix in _BARE_TAGS else f"Fn::{suffix}": value}


def _unique_mapping(loader: yaml.CSafeLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    for key in keys:
        if keys.count(key) > 1:
            problem = f"the key {key!r} is used twice"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
    return loader.construct_mapping(node, deep=True)


_Loader.add_multi_constructor("!", _long_form)
_Loader.add_constructor("tag:yaml.org,2002:map", _unique_mapping)
