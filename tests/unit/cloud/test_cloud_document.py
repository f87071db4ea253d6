"""docs/cloud.md against the template."""

from __future__ import annotations

import re
from typing import Any

from tests.helpers.template import ROOT


def test_each_parameter_has_one_row_with_its_default(template: dict[str, Any]) -> None:
    section = (ROOT / "docs/cloud.md").read_text("utf-8").split("\n## Parameters\n", 1)[1]
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| (.+?) \|", section.split("\n## ", 1)[0], re.M)
    documented = [name for names, _ in rows for name in re.findall(r"\w+", names)]
    assert sorted(documented) == sorted(template["Parameters"])
    for names, default in rows:
        for name in re.findall(r"\w+", names):
            value = template["Parameters"][name].get("Default")
            assert value in (None, "") or f"`{value}`" in default, name
