"""Tables for the terminal and for docs/benchmarks.md, and the machine they were measured on."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

__all__ = ["machine", "table", "versions", "write_section"]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table whose columns line up; all but the first are right-aligned."""
    cells = [head, *rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]

    def line(row: Sequence[str]) -> str:
        first = row[0].ljust(widths[0])
        rest = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        return f"| {' | '.join([first, *rest])} |"

    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join([line(head), f"| {' | '.join(rule)} |", *(line(row) for row in rows)])


def machine() -> str:
    """Return the date and the machine in one line, such as ``2026-01-31, 2 cores, Intel …``."""
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        models = [
            line.partition(":")[2].strip()
            for line in cpuinfo.read_text("utf-8").splitlines()
            if line.startswith("model name")
        ]
        name = models[0] if models else name
    today = datetime.now(UTC).date()
    return f"{today}, {os.cpu_count()} cores, {name}, Python {platform.python_version()}"


def versions(*packages: str) -> str:
    """Return the installed versions of packages in one line; those not installed are left out."""
    found = []
    for package in packages:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


def write_section(document: Path, name: str, content: str) -> None:
    """Replace the part of a document between ``<!-- name -->`` and ``<!-- /name -->``.

    Raises
    ------
    ValueError
        When the document has no such part.
    """
    before, begin, rest = document.read_text("utf-8").partition(f"<!-- {name} -->\n")
    _, end, after = rest.partition(f"<!-- /{name} -->")
    if not begin or not end:
        raise ValueError(f"{document}: expected <!-- {name} --> and <!-- /{name} -->")
    document.write_text(f"{before}{begin}\n{content}\n\n{end}{after}", encoding="utf-8")
