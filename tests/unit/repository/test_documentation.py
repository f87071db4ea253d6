"""The documentation agrees with the repository: links resolve, the import diagram is true."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = (
    "smile_contract",
    "smile_vision",
    "smile_cloud",
    "edge_lambda",
    "training",
    "local",
    "ops",
)
ROOMS = ("camera", "faces", "smiles", "delivery", "stream")
DOCUMENTS = subprocess.run(
    ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
    cwd=ROOT,
    check=True,
    capture_output=True,
    text=True,
).stdout.split()
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)


def anchors(document: Path) -> set[str]:
    """Return the anchors that GitHub makes of a document's headings."""
    headings = _HEADING.findall(document.read_text("utf-8"))
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_of_a_document_leads_somewhere(name: str) -> None:
    document = ROOT / name
    for link in _LINK.findall(document.read_text("utf-8")):
        if "://" in link or link.startswith("mailto:"):
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), f"{name}: {link} does not exist"
        if anchor:
            assert anchor in anchors(target), f"{name}: {link} names no heading"


def drawn_arrows() -> set[tuple[str, str]]:
    """Return the imports that the diagram of packages draws, without functions and start-up."""
    source = (ROOT / "docs" / "diagrams" / "packages.dot").read_text("utf-8")
    arrows = set(re.findall(r"(\w+) -> (\w+)", source))
    return {(one, other) for one, other in arrows if one not in {"functions", "top"}}


def real_arrows() -> set[tuple[str, str]]:
    """Return the imports between the names of the diagram, as the code has them."""
    graph = grimp.build_graph(*PACKAGES)

    def box(module: str) -> str | None:
        package, _, rest = module.partition(".")
        if package != "edge_lambda":
            return package
        room = rest.partition(".")[0]
        return room if room in ROOMS else None

    arrows = set()
    for module in graph.modules:
        for imported in graph.find_modules_directly_imported_by(module):
            one, other = box(module), box(imported)
            if one is not None and other is not None and one != other:
                arrows.add((one, other))
    return arrows


def test_the_diagram_of_packages_shows_the_imports_of_the_code() -> None:
    assert drawn_arrows() == real_arrows()


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text("utf-8")
    for page in folder.glob("[0-9]*.md"):
        title = page.read_text("utf-8").splitlines()[0].split(". ", 1)[1]
        assert f"({page.name}) | {title} |" in index
