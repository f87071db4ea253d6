from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from smile_cloud.history_api.query import DEFAULT_LIMIT, MAX_LIMIT, PARAMETERS

DOCS = Path(__file__).parents[3] / "docs"


def rows(name: str, section: str) -> dict[str, str]:
    """Return the first two columns of the first table in a section."""
    text = (DOCS / name).read_text("utf-8").split(f"\n## {section}", 1)[1].split("\n## ", 1)[0]
    return dict(re.findall(r"^\| `([^`]+)` \| ([^|]+?) \|", text, re.MULTILINE))


def test_the_docs_list_every_template_parameter_with_its_default(template: dict[str, Any]) -> None:
    wanted = {
        name: f"`{given['Default']}`" if "Default" in given else "asked for"
        for name, given in template["Parameters"].items()
    }
    assert rows("cloud.md", "Parameters") == wanted


def test_the_docs_list_every_parameter_of_the_api() -> None:
    documented = rows("api.md", "`GET /v1/events`")
    assert tuple(documented) == PARAMETERS
    assert documented["limit"] == str(DEFAULT_LIMIT)
    assert f"1 to {MAX_LIMIT}" in (DOCS / "api.md").read_text("utf-8")
