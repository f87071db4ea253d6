"""Values of the template's parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from local.cloudformation.template import Template
from local.errors import TemplateError

# The value of a parameter without a default: the first of these that the template allows. Who
# deploys must choose, for example who gets alerts or which stage; on this machine nobody does.
_UNCHOSEN = ("none", "dev")


def parameter_values(template: Template, given: Mapping[str, str]) -> dict[str, str]:
    """Return the value of every parameter: given, else its default, else ``none`` or ``dev``.

    Raises
    ------
    TemplateError
        When a parameter is unknown, has no value, or has one that the template does not allow.
    """
    declared = template.section("Parameters")
    for name in given:
        if name not in declared:
            known = ", ".join(declared) or "none"
            raise TemplateError("Parameters", f"unknown parameter {name}; known: {known}")
    return {name: _value(name, declared[name], given.get(name)) for name in declared}


def _value(name: str, declared: Mapping[str, Any], given: str | None) -> str:
    place = f"Parameters.{name}"
    if declared.get("Type") not in ("String", "Number"):
        raise TemplateError(place, f"the type {declared.get('Type')} is not supported locally")
    pattern, choices = declared.get("AllowedPattern"), declared.get("AllowedValues")
    value = declared.get("Default") if given is None else given
    if value is None and (pattern or choices):
        value = next((one for one in _UNCHOSEN if _is_allowed(one, pattern, choices)), None)
    if value is None:
        raise TemplateError(place, f"has no default; set it with --parameter {name}=…")
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if not _is_allowed(text, pattern, choices):
        wanted = declared.get("ConstraintDescription") or pattern or f"expected one of {choices}"
        raise TemplateError(place, f"{text!r} is not allowed: {wanted}")
    return text


def _is_allowed(text: str, pattern: str | None, choices: list[Any] | None) -> bool:
    if choices is not None and text not in map(str, choices):
        return False
    return not pattern or re.fullmatch(pattern, text) is not None
