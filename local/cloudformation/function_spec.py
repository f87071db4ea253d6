"""The template's functions: code, layers, environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from local.cloudformation.physical import API_ID
from local.cloudformation.resolver import Resolver
from local.cloudformation.template import Template, load_template
from local.errors import TemplateError

FUNCTION = "AWS::Serverless::Function"
LAYER = "AWS::Serverless::LayerVersion"
COMPONENT = "AWS::GreengrassV2::ComponentVersion"
STACK = "AWS::CloudFormation::Stack"

_DEFAULT_TIMEOUT_S = 3  # Lambda's own defaults
_DEFAULT_MEMORY_MB = 128


@dataclass(frozen=True)
class FunctionSpec:
    """One function as it runs here.

    Attributes
    ----------
    logical_id : str
        Its name in the template.
    name, arn : str
        Its name and ARN on this machine.
    handler : str
        Module and function, such as ``app.handler``.
    code_folder : Path
        Its ``CodeUri``.
    layer_folders : tuple of Path
        The ``python`` folders of its layers.
    environment : Mapping of str to str
        The template's variables, resolved.
    runtime : str
        The template's ``Runtime``. The interpreter of this process runs it.
    alias : str or None
        The alias that events and routes invoke, as SAM connects them.
    timeout_s, memory_mb : int
        Its limits. The memory is only shown to the function.
    """

    logical_id: str
    name: str
    arn: str
    handler: str
    code_folder: Path
    layer_folders: tuple[Path, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    runtime: str = "python3.13"
    alias: str | None = None
    timeout_s: int = _DEFAULT_TIMEOUT_S
    memory_mb: int = _DEFAULT_MEMORY_MB


def function_specs(template: Template, resolver: Resolver) -> list[FunctionSpec]:
    """Return every function of the template.

    Raises
    ------
    TemplateError
        When a function uses something that is not supported here.
    """
    return [_spec(template, resolver, name) for name in resolver.logical_ids(FUNCTION)]


def with_api_url(spec: FunctionSpec, region: str, stage: str, url: str) -> FunctionSpec:
    """Return the function with `url` where its variables name the REST API on AWS."""
    on_aws = f"https://{API_ID}.execute-api.{region}.amazonaws.com"
    variables = {
        name: value.replace(f"{on_aws}/{stage}", url).replace(on_aws, url)
        for name, value in spec.environment.items()
    }
    return replace(spec, environment=variables)


def device_functions(template: Template) -> set[str]:
    """Return the functions that AWS IoT Greengrass runs on devices, in any condition.

    A component may be in a nested template, which gets the function as a parameter.

    Raises
    ------
    TemplateError
        When a nested template cannot be read.
    """
    found = set()
    for name in template.section("Resources"):
        properties = template.properties(name)
        if template.type_of(name) == COMPONENT:
            arns = [properties.get("LambdaFunction", {}).get("LambdaArn")]
        elif template.type_of(name) == STACK:
            nested = load_template(template.folder / str(properties.get("TemplateURL")))
            passed = properties.get("Parameters") or {}
            arns = [passed.get(parameter) for parameter in device_functions(nested)]
        else:
            continue
        found |= {
            str(arn["Ref"]).partition(".")[0]
            for arn in arns
            if isinstance(arn, Mapping) and "Ref" in arn
        }
    return found


def _spec(template: Template, resolver: Resolver, logical_id: str) -> FunctionSpec:
    place = f"Resources.{logical_id}.Properties"
    written = template.properties(logical_id)

    def get(key: str, default: Any = None) -> Any:
        return resolver.resolve(written.get(key, default), f"{place}.{key}")

    for key in ("InlineCode", "ImageUri", "DeadLetterQueue"):
        if key in written:
            raise TemplateError(f"{place}.{key}", "not supported locally")
    runtime = str(get("Runtime"))
    if not runtime.startswith("python"):
        raise TemplateError(f"{place}.Runtime", f"{runtime} is not supported locally, only python")
    return FunctionSpec(
        logical_id=logical_id,
        name=resolver.name(logical_id),
        arn=resolver.arn(logical_id),
        handler=str(get("Handler")),
        code_folder=_folder(template, get("CodeUri"), f"{place}.CodeUri"),
        layer_folders=_layers(template, resolver, logical_id),
        environment={
            name: str(value).lower() if isinstance(value, bool) else str(value)
            for name, value in (get("Environment", {}).get("Variables") or {}).items()
        },
        runtime=runtime,
        alias=get("AutoPublishAlias"),
        timeout_s=int(get("Timeout", _DEFAULT_TIMEOUT_S)),
        memory_mb=int(get("MemorySize", _DEFAULT_MEMORY_MB)),
    )


def _layers(template: Template, resolver: Resolver, logical_id: str) -> tuple[Path, ...]:
    place = f"Resources.{logical_id}.Properties.Layers"
    known = {
        resolver.resolve({"Ref": layer}, place): layer for layer in resolver.logical_ids(LAYER)
    }
    folders = []
    for arn in resolver.resolve(template.properties(logical_id).get("Layers", []), place):
        if arn not in known:
            raise TemplateError(place, f"{arn} is not a layer of this template")
        uri = resolver.properties(known[arn]).get("ContentUri")
        content = _folder(template, uri, f"Resources.{known[arn]}.Properties.ContentUri")
        if (content / "python").is_dir():  # third-party packages are in .venv already
            folders.append(content / "python")
    return tuple(folders)


def _folder(template: Template, uri: object, place: str) -> Path:
    if not isinstance(uri, str):
        raise TemplateError(place, "expected a folder")
    folder = (template.folder / uri).resolve()
    if not folder.is_dir():
        raise TemplateError(place, f"folder not found: {uri}")
    return folder
