"""The commands in the documentation, and what they name."""

from __future__ import annotations

import re
from functools import cache

import botocore.session
from botocore import xform_name

from tests.helpers.template import ROOT

# Names of the AWS CLI for services that botocore names otherwise; None has no service.
SERVICES = {"deploy": "codedeploy", "configure": None, "sso": None, "s3": None}
_FENCE = re.compile(r"^( *)```(?:sh|bash)\n(.*?)^\1```", re.M | re.S)
_INLINE = re.compile(r"`([^`\n]+)`")
_AWS = re.compile(r"(?<![\w/.-])aws ([a-z0-9-]+) ([a-z0-9-]+)([^\n]*)")


def commands(name: str) -> str:
    """Return the code of a document, each command in one line."""
    text = (ROOT / name).read_text("utf-8")
    fenced = [code for _, code in _FENCE.findall(text)]
    inline = _INLINE.findall(re.sub(r"^ *```.*?^ *```", "", text, flags=re.M | re.S))
    return re.sub(r"\s*\\\n\s*", " ", "\n".join([*fenced, *inline]))


def aws_commands(code: str) -> list[tuple[str, str, str]]:
    """Return service, operation and the rest of the line of each command of the AWS CLI."""
    return _AWS.findall(code)


@cache
def operations(service: str) -> dict[str, set[str]]:
    """Return the operations of a service with their options, as the AWS CLI names them."""
    model = botocore.session.get_session().get_service_model(service)
    found = {}
    for name in model.operation_names:
        shape = model.operation_model(name).input_shape
        options = {xform_name(one, "-") for one in shape.members} if shape is not None else set()
        found[xform_name(name, "-")] = options | {f"no-{one}" for one in options}
    return found
