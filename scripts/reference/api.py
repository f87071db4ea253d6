"""The reference of the API: the operations of the OpenAPI document as ``GET /docs`` shows them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
_HEAD: Final = """# API reference

This page is made from the OpenAPI document that the API serves at `GET /v1/openapi.json`, by the
renderer of its page `GET /docs`. [The guide to the API](../api.md) says how to get a key, read
pages and handle errors. `$URL` is the address of the API and `$KEY` a key.

"""


def api_reference() -> str:
    """Return the page as Markdown: a heading for each operation, and HTML below it."""
    sys.path.insert(0, str(ROOT / "layers/smile_cloud/python"))
    from smile_cloud.history_api.api_operation import (  # noqa: PLC0415 - the path is set above
        operation_parts,
        operations,
    )

    document = json.loads((ROOT / "functions/history_api/openapi.json").read_text("utf-8"))
    found = operations(document)
    parts = [_HEAD, document["info"]["description"], "\n"]
    for tag in document["tags"]:
        parts.append(f"\n## {tag['description']}\n")
        for one in found:
            if one.own["tags"] != [tag["name"]]:
                continue
            body = "\n".join(operation_parts(document, one))
            parts.append(f"\n### {one.method.upper()} {one.path}\n\n<div>\n{body}\n</div>\n")
    return "".join(parts)
