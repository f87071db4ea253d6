"""Values of the template's parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from local.cloudformation.template import Template
from local.errors import TemplateError

# What a parameter without default is on this machine, if the template allows it: whoever deploys
# has to say whether anybody is told, here nobody is.
_NONE = "none"


def parameter_values(template: Template, given: Mapping[str, str]) -> dict[str, Any]:
    """Return every parameter's value: the given one, else its default, else ``none``.

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
    if value is None and _takes(declared, _NONE):
        value = _NONE
    if value is None:
        raise TemplateError(place, f"has no default; give it with --parameter {name}=…")
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if not (_takes(declared, text) or _unconstrained(declared)):
        allowed = ", ".join(str(item) for item in declared.get("AllowedValues", []))
        pattern = declared.get("AllowedPattern")
        wanted = declared.get("ConstraintDescription") or pattern or f"one of {allowed}"
        raise TemplateError(place, f"{text!r} is not allowed: {wanted}")
    if kind == "CommaDelimitedList":
        return [part.strip() for part in text.split(",")]
    if kind not in ("String", "Number"):
        raise TemplateError(place, f"the type {kind} is not supported locally")
    return text


def _unconstrained(declared: Mapping[str, Any]) -> bool:
    return "AllowedValues" not in declared and not declared.get("AllowedPattern")


def _takes(declared: Mapping[str, Any], text: str) -> bool:
    """Tell whether the template names a value as allowed."""
    if _unconstrained(declared):
        return False
    allowed = [str(item) for item in declared.get("AllowedValues", [text])]
    pattern = declared.get("AllowedPattern")
    return text in allowed and (not pattern or re.fullmatch(pattern, text) is not None)
