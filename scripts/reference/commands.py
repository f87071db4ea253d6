"""The reference of the commands: the targets of the Makefile, and the help of each command."""

from __future__ import annotations

import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from scripts.reference.tables import cell

ROOT: Final = Path(__file__).resolve().parents[2]
PYTHON: Final = ROOT / ".venv" / "bin" / "python"
COMMANDS: Final = (
    "edge_lambda",
    "edge_lambda doctor",
    "smile_vision",
    "local",
    "local.rehearse",
    "local.sam",
    "local.shadow",
    "ops.cost",
    "ops.deploy",
    "ops.device",
    "ops.redrive",
    "ops.rotate_key",
    "ops.smoke_test",
    "ops.undeploy",
    "training.prepare",
    "training.train",
    "training.quantize",
    "training.evaluate",
    "training.evaluate_photos",
    "training.robustness",
    "training.gate",
    "training.report",
    "training.baselines",
    "training.finetune",
    "training.face_check",
    "training.contact_sheets",
    "training.notebooks",
)
"""Modules that people start with ``python -m``, with their subcommands."""
_COLUMNS: Final = "100"
_AT_ONCE: Final = 2
_SECTION: Final = re.compile(r"^##@ (.+)$")
_TARGET: Final = re.compile(r"^([a-z-]+):.*?## (.+)$")
_HEAD: Final = """# Commands

This page is made from the Makefile and from the `--help` of each command.

## make

`make help` prints this list. Variables in brackets are optional.
"""


class HelpError(Exception):
    """A command did not print its help."""


def make_targets(makefile: str) -> dict[str, list[tuple[str, str]]]:
    """Return targets and their descriptions by section, as ``make help`` prints them."""
    found: dict[str, list[tuple[str, str]]] = {}
    section = "Help"
    for line in makefile.splitlines():
        if title := _SECTION.match(line):
            section = title[1]
        elif target := _TARGET.match(line):
            found.setdefault(section, []).append((target[1], target[2]))
    return found


def help_of(command: str, python: Path = PYTHON) -> str:
    """Return what a command prints with ``--help``.

    Raises
    ------
    HelpError
        When it fails; the message holds the last line that it printed.
    """
    environment = os.environ | {"COLUMNS": _COLUMNS, "NO_COLOR": "1"}
    result = subprocess.run(
        [python, "-m", *command.split(), "--help"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        last = (result.stderr.strip() or "no output").splitlines()[-1]
        raise HelpError(f"python -m {command} --help: {last}")
    return result.stdout.replace(str(ROOT), ".").rstrip()


def commands_reference() -> str:
    """Return the page as Markdown."""
    if not PYTHON.exists():
        raise HelpError(f"{PYTHON.relative_to(ROOT)} does not exist: make docs sets it up")
    parts = [_HEAD]
    for section, targets in make_targets((ROOT / "Makefile").read_text("utf-8")).items():
        parts.append(f"\n### {section}\n\n| command | what it does | variables |\n|---|---|---|")
        parts += [_row(name, text) for name, text in targets]
    parts.append("\n## python -m\n")
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for command, text in zip(COMMANDS, pool.map(help_of, COMMANDS), strict=True):
            parts.append(f"### python -m {command}\n\n```text\n{text}\n```\n")
    return "\n".join(parts)


def _row(name: str, text: str) -> str:
    # Variables follow after two spaces: those that a target needs, and optional ones in brackets.
    meaning, _, variables = (part.strip() for part in text.partition("  "))
    code = f"<code>{cell(variables)}</code>" if variables else ""
    return f"| `make {name}` | {cell(meaning)} | {code} |"
