"""Examples in the OpenAPI document: what it says about them, and a request with curl."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlencode

Document = Mapping[str, Any]
_JSON: Final = "application/json"
_FORM: Final = "application/x-www-form-urlencoded"


def example_path(document: Document, method: str, path: str) -> str:
    """Return the path of an example request, with the parameters that it needs."""
    own = document["paths"][path][method]
    needed: dict[str, dict[str, Any]] = {"path": {}, "query": {}, "header": {}, "cookie": {}}
    for parameter in (resolved(document, one) for one in own.get("parameters", [])):
        if parameter.get("required"):
            example = parameter.get("example", f"<{parameter['name']}>")
            needed[parameter["in"]][parameter["name"]] = example
    for name, value in needed["path"].items():
        path = path.replace(f"{{{name}}}", str(value))
    return f"{path}?{urlencode(needed['query'])}" if needed["query"] else path


def example_body(document: Document, method: str, path: str) -> tuple[str, str] | None:
    """Return media type and text of the body of an example request; None if it has no body.

    The text is empty where the document has no example, such as for a photo.
    """
    body = document["paths"][path][method].get("requestBody")
    if body is None:
        return None
    kind, content = next(iter(body["content"].items()))
    found = next(examples(content), None)
    return kind, json.dumps(found) if kind == _JSON and found is not None else ""


def example_request(document: Document, method: str, path: str) -> str:
    """Return an example request as a command with curl, for ``$URL`` and ``$KEY``."""
    own = document["paths"][path][method]
    parts = ["curl"] if method == "get" else ["curl", "-X", method.upper()]
    if own.get("security", document["security"]):
        parts += ["-H", '"x-api-key: $KEY"']
    if body := example_body(document, method, path):
        kind, text = body
        if kind == _FORM:
            parts += ["-d", "for=1h"]
        else:
            parts += ["-H", f'"Content-Type: {kind}"']
            parts += ["-d", shlex.quote(text)] if text else ["--data-binary", "@photo.jpg"]
    return " ".join([*parts, f'"$URL{example_path(document, method, path)}"'])


def examples(content: Document) -> Iterator[Any]:
    """Yield the examples of a media type."""
    if "example" in content:
        yield content["example"]
    yield from (one["value"] for one in content.get("examples", {}).values())


def resolved(document: Document, node: Document) -> Document:
    """Follow a reference inside the document."""
    reference = node.get("$ref")
    if reference is None:
        return node
    found: Any = document
    for name in reference.removeprefix("#/").split("/"):
        found = found[name]
    resolved: Document = found
    return resolved
