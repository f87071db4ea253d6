"""What the template says about each function: code, layers, environment, retries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.cloudformation.resolver import Resolver
from local.cloudformation.template import Template, load_template
from local.errors import TemplateError

FUNCTION = "AWS::Serverless::Function"
LAYER = "AWS::Serverless::LayerVersion"
COMPONENT = "AWS::GreengrassV2::ComponentVersion"
STACK = "AWS::CloudFormation::Stack"

_DEFAULT_TIMEOUT_S = 3  # Lambda's own defaults
_DEFAULT_MEMORY_MB = 128
_DEFAULT_RETRIES = 2


@dataclass(frozen=True)
class FunctionSpec:
    """One function as it will run.

    Attributes
    ----------
    logical_id : str
        Its name in the template.
    name, arn : str
        What it is called on this machine.
    handler : str
        Module and function, such as ``app.handler``.
    code_folder : Path
        Its ``CodeUri``.
    layer_folders : tuple of Path
        The ``python`` folders of its layers.
    environment : Mapping of str to str
        The template's variables, resolved.
    runtime : str
        The template's ``Runtime``; the interpreter at hand runs it.
    timeout_s, memory_mb : int
        Its limits; the memory is only told to the function.
    retries : int
        Further tries of a failed asynchronous invocation.
    failure_queue_arn : str or None
        Where the record of an asynchronous invocation goes that failed every time.
    """

    logical_id: str
    name: str
    arn: str
    handler: str
    code_folder: Path
    layer_folders: tuple[Path, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    runtime: str = "python3.13"
    timeout_s: int = _DEFAULT_TIMEOUT_S
    memory_mb: int = _DEFAULT_MEMORY_MB
    retries: int = _DEFAULT_RETRIES
    failure_queue_arn: str | None = None


def function_specs(template: Template, resolver: Resolver) -> list[FunctionSpec]:
    """Read every function of the template.

    Raises
    ------
    TemplateError
        When a function uses something that has no counterpart here.
    """
    return [_spec(template, resolver, name) for name in resolver.logical_ids(FUNCTION)]


def device_functions(template: Template) -> set[str]:
    """Return the functions that AWS IoT Greengrass runs on devices, whatever the conditions.

    Their components may stand in a nested template, which gets the function as a parameter.

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
        found |= {str(arn["Ref"]).partition(".")[0] for arn in arns if _is_reference(arn)}
    return found


def _is_reference(value: object) -> bool:
    return isinstance(value, Mapping) and "Ref" in value


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
    retries, queue_arn = _invoke_config(get("EventInvokeConfig", {}), f"{place}.EventInvokeConfig")
    return FunctionSpec(
        logical_id=logical_id,
        name=resolver.name(logical_id),
        arn=resolver.arn(logical_id),
        handler=str(get("Handler")),
        code_folder=_folder(template, get("CodeUri"), f"{place}.CodeUri"),
        layer_folders=_layers(template, resolver, logical_id),
        environment={
            name: _variable(value)
            for name, value in (get("Environment", {}).get("Variables") or {}).items()
        },
        runtime=runtime,
        timeout_s=int(get("Timeout", _DEFAULT_TIMEOUT_S)),
        memory_mb=int(get("MemorySize", _DEFAULT_MEMORY_MB)),
        retries=retries,
        failure_queue_arn=queue_arn,
    )


def _invoke_config(config: Mapping[str, Any], place: str) -> tuple[int, str | None]:
    for key in config:
        if key not in ("DestinationConfig", "MaximumEventAgeInSeconds", "MaximumRetryAttempts"):
            raise TemplateError(f"{place}.{key}", "not supported locally")
    destinations = config.get("DestinationConfig") or {}
    if "OnSuccess" in destinations:
        raise TemplateError(f"{place}.DestinationConfig.OnSuccess", "not supported locally")
    queue_arn = None
    failure = destinations.get("OnFailure")
    if failure is not None:
        queue_arn = failure.get("Destination")
        if failure.get("Type") != "SQS" or not queue_arn:
            raise TemplateError(
                f"{place}.DestinationConfig.OnFailure", "expected Type SQS and a Destination"
            )
    return int(config.get("MaximumRetryAttempts", _DEFAULT_RETRIES)), queue_arn


def _layers(template: Template, resolver: Resolver, logical_id: str) -> tuple[Path, ...]:
    place = f"Resources.{logical_id}.Properties.Layers"
    known = {
        resolver.resolve({"Ref": layer}, f"Resources.{layer}"): layer
        for layer in resolver.logical_ids(LAYER)
    }
    folders = []
    written = template.properties(logical_id).get("Layers", [])
    for arn in resolver.resolve(written, place):
        if arn not in known:
            raise TemplateError(place, f"{arn} is no layer of this template")
        layer = known[arn]
        layer_place = f"Resources.{layer}.Properties.ContentUri"
        uri = resolver.resolve(template.properties(layer).get("ContentUri"), layer_place)
        content = _folder(template, uri, layer_place) / "python"
        if content.is_dir():  # a layer of third-party packages only is in the environment already
            folders.append(content)
    return tuple(folders)


def _folder(template: Template, uri: object, place: str) -> Path:
    if not isinstance(uri, str):
        raise TemplateError(place, "expected a folder")
    folder = (template.folder / uri).resolve()
    if not folder.is_dir():
        raise TemplateError(place, f"there is no folder {uri}")
    return folder


def _variable(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
