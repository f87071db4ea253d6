"""The references of the website: they name everything that the code has."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from scripts.reference import notebooks
from scripts.reference.api import api_reference
from scripts.reference.commands import COMMANDS, HelpError, help_of, make_targets
from scripts.reference.messages import SCHEMAS, fields, messages_reference
from scripts.reference.tables import cell

ROOT = Path(__file__).resolve().parents[3]
PYTHON = ROOT / ".venv" / "bin" / "python"


def test_reference_of_the_api_has_every_operation_with_an_example() -> None:
    document = json.loads((ROOT / "functions/history_api/openapi.json").read_text("utf-8"))
    sections = api_reference().split("\n### ")[1:]
    titles = {section.partition("\n")[0] for section in sections}
    assert titles == {
        f"{method.upper()} {path}" for path, own in document["paths"].items() for method in own
    }
    assert all("<h3>Example</h3><pre>curl " in section for section in sections)
    assert all("<h3>Answers</h3>" in section for section in sections)


def test_reference_of_the_messages_has_every_field() -> None:
    page = messages_reference()
    for path in SCHEMAS:
        schema = json.loads((ROOT / path).read_text("utf-8"))
        for name, _, _ in fields(schema, schema):
            assert f"| `{name}` |" in page
    assert "| `face.box` | array, at least 4, at most 4 | yes | x, y, width, height" in page
    assert "| `ended_at` | string, " in page
    assert "**`smile`, `smile_update`, `test`**" in page


def test_reference_of_the_commands_has_every_command() -> None:
    commands = {
        path.parent if path.name == "__main__.py" else path.with_suffix("")
        for folder in ("edge_lambda", "local", "ops", "training")
        for path in (ROOT / folder).rglob("*.py")
        if path.name == "__main__.py"
        or (folder == "training" and path.parent.name == folder and _is_command(path))
    }
    found = {".".join(path.relative_to(ROOT).parts) for path in commands}
    assert {command.split()[0] for command in COMMANDS} == found | {"smile_vision"}


def _is_command(path: Path) -> bool:
    return '__name__ == "__main__"' in path.read_text("utf-8")


def test_help_of_a_command_is_what_it_prints() -> None:
    assert help_of("ops.cost", PYTHON).startswith("usage: python -m ops.cost")


def test_a_command_that_fails_ends_the_build_with_its_last_line() -> None:
    with pytest.raises(HelpError, match=r"python -m ops\.nothing --help: .*No module named"):
        help_of("ops.nothing", PYTHON)


def test_targets_are_those_of_make_help() -> None:
    found = make_targets((ROOT / "Makefile").read_text("utf-8"))
    makefile = (ROOT / "Makefile").read_text("utf-8")
    described = re.findall(r"^([a-z-]+):.*## ", makefile, re.M)
    assert [name for targets in found.values() for name, _ in targets] == described
    assert list(found)[:2] == ["Help", "Every day"]


def test_a_bar_does_not_end_a_cell() -> None:
    assert cell("a|b <c>") == "a&#124;b &lt;c&gt;"


def test_page_of_a_notebook_says_below_its_title_how_it_was_run() -> None:
    assert (
        notebooks.with_note("\n# 1 · A title\n\nText\n", "So.")
        == "# 1 · A title\n\n> So.\n\nText\n"
    )
