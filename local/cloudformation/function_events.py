"""The events that invoke functions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from local.cloudformation.function_spec import FUNCTION
from local.cloudformation.resolver import Resolver
from local.cloudformation.template import Template
from local.errors import TemplateError

_TYPES = ("Api", "SQS", "ScheduleV2")


@dataclass(frozen=True)
class FunctionEvent:
    """One of a function's ``Events``.

    Attributes
    ----------
    function : str
        The function's logical id.
    properties : dict
        Its properties, resolved.
    place : str
        Where it is in the template.
    """

    function: str
    properties: dict[str, Any]
    place: str


def function_events(template: Template, resolver: Resolver, kind: str) -> Iterator[FunctionEvent]:
    """Yield the events of a type, ``Api``, ``SQS`` or ``ScheduleV2``.

    Raises
    ------
    TemplateError
        For an event of another type.
    """
    for function in resolver.logical_ids(FUNCTION):
        for name, event in (template.properties(function).get("Events") or {}).items():
            place = f"Resources.{function}.Properties.Events.{name}"
            if event.get("Type") not in _TYPES:
                raise TemplateError(place, f"{event.get('Type')} events are not supported locally")
            if event["Type"] == kind:
                place = f"{place}.Properties"
                properties = resolver.resolve(event.get("Properties") or {}, place)
                yield FunctionEvent(function, properties, place)
