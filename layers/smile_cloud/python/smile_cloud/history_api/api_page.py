"""The OpenAPI document as a page: one file that loads nothing and runs no script."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from string import Template
from typing import Any, Final

from smile_cloud.history_api.api_operation import Operation, operation_parts, operations

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


def api_page(document: Document, api_path: str) -> str:
    """Return the page.

    Parameters
    ----------
    document : Mapping
        The OpenAPI document.
    api_path : str
        What stands before the paths of the API in a URL: a stage, a base path, or nothing.
    """
    found = operations(document)
    return _PAGE.substitute(
        title=escape(document["info"]["title"]),
        style=STYLE,
        description=escape(document["info"]["description"]),
        openapi=escape(f"{api_path}/v1/openapi.json"),
        contents="\n".join(
            f'<li><a href="#{one.own["operationId"]}">{one.heading}</a>: '
            f"{escape(one.own['summary'])}</li>"
            for one in found
        ),
        operations="\n".join(part for one in found for part in _section(document, one)),
    )


def _section(document: Document, operation: Operation) -> Iterator[str]:
    yield f'<h2 id="{operation.own["operationId"]}">{operation.heading}</h2>'
    yield from operation_parts(document, operation)
