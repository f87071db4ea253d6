"""Dynamic references to secrets: ``{{resolve:secretsmanager:…}}``."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from local.errors import TemplateError

# {{resolve:secretsmanager:<name or ARN>:SecretString[:<JSON key>[:…]]}}; an ARN contains colons
_SECRET = re.compile(
    r"\{\{resolve:secretsmanager:(?P<id>arn:[^:]+:secretsmanager:[^:]*:[^:]*:secret:[^:}]+|[^:}]+)"
    r":SecretString(?::(?P<key>[^:}]*)(?::[^}]*)?)?\}\}"
)

SecretReader = Callable[[str], str]


def resolve_secrets(text: str, read_secret: SecretReader | None, place: str) -> str:
    """Return a text with its references replaced by secrets; by nothing without a reader.

    Raises
    ------
    TemplateError
        For another kind of dynamic reference, or a JSON key that the secret does not have.
    """

    def replace(match: re.Match[str]) -> str:
        if read_secret is None:
            return ""
        secret = read_secret(match["id"])
        if not match["key"]:
            return secret
        try:
            return str(json.loads(secret)[match["key"]])
        except (ValueError, KeyError, TypeError):
            raise TemplateError(place, f"the secret has no JSON key {match['key']}") from None

    resolved = _SECRET.sub(replace, text)
    if "{{resolve:" in resolved:
        raise TemplateError(place, "only {{resolve:secretsmanager:…:SecretString}} is supported")
    return resolved
