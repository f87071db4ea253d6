"""Draw ``docs/diagrams/*.dot`` as SVG files that follow the reader's light or dark theme.

Run it as ``make diagrams``. It needs Graphviz, Debian package ``graphviz``.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

DIAGRAMS = Path(__file__).resolve().parents[1] / "docs" / "diagrams"


def render(source: Path, style: str) -> str:
    """Return the SVG of a Graphviz file, with colours that the style sheet sets."""
    svg = subprocess.run(
        ["dot", "-Tsvg", str(source)], check=True, capture_output=True, text=True
    ).stdout
    start = svg.index("<svg")  # drops the Graphviz version, so that only changes show in a diff
    svg = re.sub(r"<!--.*?-->\n?", "", svg[start:], flags=re.DOTALL)
    head = svg.index(">") + 1
    return f"{svg[:head]}\n<style>\n{style}</style>{svg[head:]}"


def main() -> None:
    """Draw every diagram."""
    if shutil.which("dot") is None:
        sys.exit("diagrams: Graphviz is missing: install the package graphviz")
    style = (DIAGRAMS / "theme.css").read_text("utf-8")
    for source in sorted(DIAGRAMS.glob("*.dot")):
        source.with_suffix(".svg").write_text(render(source, style), "utf-8")


if __name__ == "__main__":
    main()
