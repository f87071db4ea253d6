"""One operation of the OpenAPI document as HTML: parameters, an example request, and answers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from smile_cloud.history_api.api_example import example_request, examples, resolved

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation: its method in lower case, its path, and what the document says about it."""

    method: str
    path: str
    own: Document

    @property
    def heading(self) -> str:
        """Method and path as HTML."""
        return f'<span class="method">{self.method}</span> <code>{escape(self.path)}</code>'


def operations(document: Document) -> list[Operation]:
    """Return the operations of a document in its order."""
    return [
        Operation(method, path, own)
        for path, methods in document["paths"].items()
        for method, own in methods.items()
    ]


def operation_parts(document: Document, operation: Operation) -> Iterator[str]:
    """Yield what stands below the heading of an operation, as HTML."""
    own = operation.own
    yield f"<p>{escape(own['summary'])}. {escape(own.get('description', ''))}</p>"
    yield f"<p>{escape(_access(own.get('security', document['security'])))}</p>"
    if parameters := [resolved(document, one) for one in own.get("parameters", [])]:
        rows = "".join(_parameter(document, one) for one in parameters)
        yield f"<h3>Parameters</h3><table><tr><th>name<th>in<th>meaning</tr>{rows}</table>"
    if body := own.get("requestBody"):
        yield "<h3>Body</h3>"
        yield from _contents(body)
    example = example_request(document, operation.method, operation.path)
    yield f"<h3>Example</h3><pre>{escape(example)}</pre>"
    yield "<h3>Answers</h3>"
    for status, answer in sorted(own["responses"].items()):
        found = resolved(document, answer)
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
    schema = resolved(document, parameter["schema"])
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
        for example in examples(content):
            text = example if isinstance(example, str) else json.dumps(example, indent=2)
            yield f"<pre>{escape(text)}</pre>"
