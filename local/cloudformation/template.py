"""Loads a CloudFormation template with its short tags; values are resolved elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from local.errors import TemplateError

_BARE_TAGS = {"Ref", "Condition"}  # the two whose long form has no "Fn::" before it
_SECTIONS = {
    "AWSTemplateFormatVersion",
    "Description",
    "Metadata",
    "Parameters",
    "Mappings",
    "Conditions",
    "Rules",
    "Transform",
    "Globals",
    "Resources",
    "Outputs",
}


@dataclass(frozen=True)
class Template:
    """A template as written: intrinsic functions in their long form, nothing resolved.

    Attributes
    ----------
    path : Path
        The file; relative paths in the template (``CodeUri``) start from its folder.
    sections : Mapping
        ``Resources``, ``Parameters`` and so on.
    """

    path: Path
    sections: Mapping[str, Any]

    @property
    def folder(self) -> Path:
        """The folder that ``CodeUri`` and ``ContentUri`` start from."""
        return self.path.parent

    def section(self, name: str) -> Mapping[str, Any]:
        """Return a top-level section, empty when the template has none."""
        found = self.sections.get(name) or {}
        if not isinstance(found, Mapping):
            raise TemplateError(name, "expected a mapping")
        return found

    def resource(self, logical_id: str) -> Mapping[str, Any]:
        """Return a resource as written.

        Raises
        ------
        TemplateError
            When the template has no such resource.
        """
        found = self.section("Resources").get(logical_id)
        if found is None:
            raise TemplateError("Resources", f"there is no resource {logical_id}")
        if not isinstance(found, Mapping) or not isinstance(found.get("Type"), str):
            raise TemplateError(f"Resources.{logical_id}", "expected a mapping with a Type")
        return found

    def type_of(self, logical_id: str) -> str:
        """Return a resource's type, such as ``AWS::SQS::Queue``."""
        return str(self.resource(logical_id)["Type"])

    def properties(self, logical_id: str) -> Mapping[str, Any]:
        """Return a resource's properties as written, with SAM's ``Globals`` merged in.

        Dictionaries are merged, lists appended and other values overridden, as the SAM
        specification says (Globals section of the AWS SAM template).
        """
        resource = self.resource(logical_id)
        own = resource.get("Properties") or {}
        if not isinstance(own, Mapping):
            raise TemplateError(f"Resources.{logical_id}.Properties", "expected a mapping")
        prefix, _, short = self.type_of(logical_id).rpartition("::")
        common = self.section("Globals").get(short) if prefix == "AWS::Serverless" else None
        merged = _merge(common or {}, own)
        assert isinstance(merged, Mapping)  # noqa: S101 - both sides are mappings
        return merged


def load_template(path: Path) -> Template:
    """Read a template file.

    Raises
    ------
    TemplateError
        When the file cannot be read, is no YAML mapping or has an unknown section.
    """
    try:
        sections = yaml.load(path.read_text("utf-8"), Loader=_Loader)  # noqa: S506 - a SafeLoader
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateError(str(path), f"cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise TemplateError(str(path), " ".join(str(error).split())) from error
    if not isinstance(sections, Mapping) or not sections.get("Resources"):
        raise TemplateError(str(path), "expected a mapping with Resources")
    for name in sections:
        if name not in _SECTIONS:
            raise TemplateError(str(name), "unknown section")
    return Template(path.resolve(), sections)


def _merge(common: object, own: object) -> object:
    if isinstance(common, Mapping) and isinstance(own, Mapping):
        keys = [*common, *(key for key in own if key not in common)]
        return {
            key: _merge(common[key], own[key])
            if key in common and key in own
            else own.get(key, common.get(key))
            for key in keys
        }
    if isinstance(common, list) and isinstance(own, list):
        return [*common, *own]
    return own


class _Loader(yaml.SafeLoader):
    """Safe YAML with CloudFormation's tags, and dates left as the text they are."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _long_form(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    elif isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in _BARE_TAGS else f"Fn::{suffix}": value}


def _unique_mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    for key in keys:
        if keys.count(key) > 1:
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {key!r} stands twice", node.start_mark
            )
    return loader.construct_mapping(node, deep=True)


_Loader.add_multi_constructor("!", _long_form)
_Loader.add_constructor("tag:yaml.org,2002:map", _unique_mapping)
