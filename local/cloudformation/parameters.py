"""Values of the template's parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from local.cloudformation.template import Template
from local.errors import TemplateError


def parameter_values(template: Template, given: Mapping[str, str]) -> dict[str, Any]:
    """Return every parameter's value: the given one, else its default.

    Parameters
    ----------
    template : Template
        What declares them.
    given : Mapping of str to str
        Values that replace defaults.

    Raises
    ------
    TemplateError
        When a parameter is unknown, has no value, or one that the template does not allow.
    """
    declared = template.section("Parameters")
    for name in given:
        if name not in declared:
            known = ", ".join(declared) or "none"
            raise TemplateError("Parameters", f"there is no parameter {name} (there are: {known})")
    return {name: _parameter(name, declared[name], given.get(name)) for name in declared}


def _parameter(name: str, declared: Mapping[str, Any], given: str | None) -> Any:
    place = f"Parameters.{name}"
    kind = declared.get("Type")
    value = declared.get("Default") if given is None else given
    if value is None:
        raise TemplateError(place, f"has no default; give it with --parameter {name}=…")
    text = str(value).lower() if isinstance(value, bool) else str(value)
    allowed = [str(item) for item in declared.get("AllowedValues", [text])]
    pattern = declared.get("AllowedPattern")
    if text not in allowed or (pattern and not re.fullmatch(pattern, text)):
        wanted = declared.get("ConstraintDescription") or pattern or f"one of {', '.join(allowed)}"
        raise TemplateError(place, f"{text!r} is not allowed: {wanted}")
    if kind == "CommaDelimitedList":
        return [part.strip() for part in text.split(",")]
    if kind not in ("String", "Number"):
        raise TemplateError(place, f"the type {kind} is not supported locally")
    return text
