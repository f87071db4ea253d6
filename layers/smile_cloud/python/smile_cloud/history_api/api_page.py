"""The OpenAPI document as a page: one file that loads nothing and runs no script."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from string import Template
from typing import Any, Final

Document = Mapping[str, Any]

STYLE: Final = """
:root{color-scheme:light dark}
body{font:1rem/1.5 system-ui,sans-serif;max-width:52rem;margin:1rem auto;padding:0 1rem}
h1{line-height:1.25}h2{margin-top:3rem;border-top:1px solid;padding-top:1rem}
h2,h3,td,li{overflow-wrap:anywhere}
code,pre{font:.875rem/1.4 ui-monospace,monospace}
pre{overflow-x:auto;padding:.75rem;border:1px solid;border-radius:.5rem}
table{border-collapse:collapse;width:100%}
td,th{text-align:left;vertical-align:top;padding:.25rem .75rem .25rem 0}
summary{cursor:pointer;padding:.25rem 0}
.method{font-weight:bold;text-transform:uppercase}
"""
_PAGE: Final = Template(
    """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>$style</style>
</head>
<body>
<main>
<h1>$title</h1>
<p>$description</p>
<p>The same as a file for programs: <a href="$openapi">openapi.json</a></p>
<nav><ul>
$contents
</ul></nav>
$operations
</main>
</body>
</html>
"""
)


@dataclass(frozen=True, slots=True)
class _Operation:
    method: str
    path: str
    own: Document

    @property
    def heading(self) -> str:
        return f'<span class="method">{self.method}</span> <code>{escape(self.path)}</code>'


def api_page(document: Document, api_path: str) -> str:
    """Return the page.

    Parameters
    ----------
    document : Mapping
        The OpenAPI document.
    api_path : str
        What stands before the paths of the API in a URL: a stage, a base path, or nothing.
    """
    operations = [
        _Operation(method, path, own)
        for path, methods in document["paths"].items()
        for method, own in methods.items()
    ]
    return _PAGE.substitute(
        title=escape(document["info"]["title"]),
        style=STYLE,
        description=escape(document["info"]["description"]),
        openapi=escape(f"{api_path}/v1/openapi.json"),
        contents="\n".join(
            f'<li><a href="#{one.own["operationId"]}">{one.heading}</a>: '
            f"{escape(one.own['summary'])}</li>"
            for one in operations
        ),
        operations="\n".join(part for one in operations for part in _section(document, one)),
    )


def _section(document: Document, operation: _Operation) -> Iterator[str]:
    own = operation.own
    yield f'<h2 id="{own["operationId"]}">{operation.heading}</h2>'
    yield f"<p>{escape(own['summary'])}. {escape(own.get('description', ''))}</p>"
    yield f"<p>{escape(_access(own.get('security', document['security'])))}</p>"
    if parameters := [_resolved(document, one) for one in own.get("parameters", [])]:
        rows = "".join(_parameter(document, one) for one in parameters)
        yield f"<h3>Parameters</h3><table><tr><th>name<th>in<th>meaning</tr>{rows}</table>"
    if body := own.get("requestBody"):
        yield "<h3>Body</h3>"
        yield from _contents(body)
    yield "<h3>Answers</h3>"
    for status, answer in sorted(own["responses"].items()):
        found = _resolved(document, answer)
        inner = "".join(_contents(found))
        title = f"<b>{status}</b> {escape(found['description'])}"
        yield (
            f"<details><summary>{title}</summary>{inner}</details>" if inner else f"<p>{title}</p>"
        )


def _access(security: list[Mapping[str, list[str]]]) -> str:
    scopes = sorted({scope for one in security for names in one.values() for scope in names})
    if not security:
        return "Needs no key."
    return f"Needs a key with the scope {' or '.join(scopes)}."


def _parameter(document: Document, parameter: Document) -> str:
    schema = _resolved(document, parameter["schema"])
    facts = [
        f"{name} {schema[name]}" for name in ("default", "minimum", "maximum") if name in schema
    ]
    if "enum" in schema:
        facts.append(f"one of {', '.join(map(str, schema['enum']))}")
    if "pattern" in schema:
        facts.append(f"matches {schema['pattern']}")
    if parameter.get("required"):
        facts.append("required")
    text = " ".join([parameter.get("description", ""), f"({'; '.join(facts)})" if facts else ""])
    name, place = escape(parameter["name"]), escape(parameter["in"])
    return f"<tr><td><code>{name}</code><td>{place}<td>{escape(text.strip())}</tr>"


def _contents(holder: Document) -> Iterator[str]:
    """Yield each media type of a body, with its example."""
    for kind, content in holder.get("content", {}).items():
        yield f"<p><code>{escape(kind)}</code></p>"
        for example in _examples(content):
            text = example if isinstance(example, str) else json.dumps(example, indent=2)
            yield f"<pre>{escape(text)}</pre>"


def _examples(content: Document) -> Iterator[Any]:
    if "example" in content:
        yield content["example"]
    yield from (one["value"] for one in content.get("examples", {}).values())


def _resolved(document: Document, node: Document) -> Document:
    """Follow a reference inside the document."""
    reference = node.get("$ref")
    if reference is None:
        return node
    found: Any = document
    for name in reference.removeprefix("#/").split("/"):
        found = found[name]
    resolved: Document = found
    return resolved
