"""The website of the documentation: it has every document, and its links lead to its pages."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.docs_site import (
    GENERATED,
    OUTSIDE,
    github_anchor,
    missing_files,
    repository_url,
    rewrite_links,
)
from scripts.reference.notebooks import notebook_names

ROOT = Path(__file__).resolve().parents[3]
CONFIG = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))
SOURCE_URL = "https://github.com/someone/smile/blob/abc"
DOCUMENTS = {
    name
    for name in subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "*.md"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    if not name.startswith((".github/", "docs/style/"))
}


def pages(nav: Any) -> Iterator[str]:
    """Return the pages of the navigation."""
    for entry in nav:
        if isinstance(entry, str):
            yield entry
        else:
            yield from pages([one for inner in entry.values() for one in inner])


def test_navigation_lists_every_document_once() -> None:
    expected = [OUTSIDE.get(name, name.removeprefix("docs/")) for name in DOCUMENTS]
    assert sorted(pages(CONFIG["nav"])) == sorted([*expected, *GENERATED.values()])


def test_files_that_pages_are_made_from_exist() -> None:
    assert [name for name in GENERATED if not (ROOT / name).is_file()] == []
    assert {f"notebooks/{name}.md" for name in notebook_names()} < set(GENERATED.values())


def test_every_document_outside_of_docs_is_a_page() -> None:
    assert {name for name in DOCUMENTS if not name.startswith("docs/")} == OUTSIDE.keys()


def test_a_broken_link_ends_the_build() -> None:
    assert CONFIG["strict"] is True
    assert set(CONFIG["validation"].values()) == {"warn"}
    (recipe,) = re.findall(r"^docs: .*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.M)
    assert "--quiet" not in recipe, "mkdocs would not count the warnings"


def test_pages_load_nothing_from_other_hosts() -> None:
    assert CONFIG["theme"]["font"] is False
    assert CONFIG["plugins"] == ["search"]
    assert not {"repo_url", "extra_javascript", "extra_css"} & CONFIG.keys()
    assert "analytics" not in CONFIG["extra"]


@pytest.mark.parametrize(
    ("source", "link", "expected"),
    [
        ("README.md", "[a](docs/api.md#errors)", "[a](api.md#errors)"),
        ("README.md", "![a](docs/images/dashboard.png)", "![a](images/dashboard.png)"),
        ("README.md", "[a](LICENSE)", f"[a]({SOURCE_URL}/LICENSE)"),
        ("docs/model.md", "[a](../training/README.md#fer)", "[a](project/training.md#fer)"),
        ("docs/model.md", "[a](#metrics)", "[a](#metrics)"),
        ("docs/api.md", "[a](cloud.md)", "[a](cloud.md)"),
        ("docs/decisions/README.md", "[a](../edge.md)", "[a](../edge.md)"),
        ("docs/alerts.md", "[a](alert.schema.json)", "[a](alert.schema.json)"),
        ("CONTRIBUTING.md", "[a](docs/style/README.md)", f"[a]({SOURCE_URL}/docs/style/README.md)"),
        ("training/README.md", "[a](../docs/model.md)", "[a](../model.md)"),
        ("training/README.md", "[a](data/labels/README.md)", "[a](labels.md)"),
        ("docs/api.md", "[a](../functions/history_api/openapi.json)", "[a](reference/api.md)"),
        (
            "training/notebooks/01_the_data.ipynb",
            "![a](01_the_data/picture_2_0.png) [b](02_the_model.ipynb)",
            "![a](01_the_data/picture_2_0.png) [b](02_the_model.md)",
        ),
        (
            "training/README.md",
            "[a](notebooks/01_the_data.ipynb)",
            "[a](../notebooks/01_the_data.md)",
        ),
        ("docs/api.md", "[a](https://a.example/b.md)", "[a](https://a.example/b.md)"),
        ("docs/api.md", "[a [b] c](../LICENSE)", f"[a [b] c]({SOURCE_URL}/LICENSE)"),
        ("README.md", "```\n[a](docs/api.md)\n```", "```\n[a](docs/api.md)\n```"),
    ],
)
def test_link_leads_to_the_page(source: str, link: str, expected: str) -> None:
    assert rewrite_links(link, source, SOURCE_URL) == expected


def test_link_to_a_file_is_text_when_the_repository_has_no_address() -> None:
    assert rewrite_links("See [the licence](LICENSE).", "README.md", None) == "See the licence."


def test_document_without_a_page_is_refused() -> None:
    with pytest.raises(ValueError, match=r"NOTICE.md: expected a document in docs/"):
        rewrite_links("", "NOTICE.md", None)


def test_address_of_the_repository_comes_from_github_actions() -> None:
    environment = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "someone/smile"}
    assert repository_url(environment) is None
    assert repository_url(environment | {"GITHUB_SHA": "abc"}) == SOURCE_URL


def test_headings_have_the_anchors_of_github() -> None:
    heading = "GET /v1/events/{event_id}: list smiles - all"
    assert github_anchor(heading) == "get-v1eventsevent_id-list-smiles---all"


@pytest.mark.parametrize(
    "loads",
    [
        '<link rel="stylesheet" href="../assets/missing.css">',
        '<script src="https://cdn.example/a.js"></script>',
        '<img alt="" src="missing.png">',
    ],
)
def test_page_that_loads_a_missing_file_is_found(tmp_path: Path, loads: str) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "main.css").touch()
    (tmp_path / "pages").mkdir()
    page = tmp_path / "pages" / "a.html"
    page.write_text('<link href="../assets/main.css?1"><a href="https://a.example/">a</a>')
    assert missing_files(tmp_path) == []
    page.write_text(loads)
    (found,) = missing_files(tmp_path)
    assert found.startswith("pages/a.html: ")


def test_readme_is_one_screen_with_a_small_picture() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert len(readme.splitlines()) <= 80
    (picture,) = re.findall(r"!\[[^\]]{40,}\]\(([^)]+)\)", readme)
    assert (ROOT / picture).stat().st_size <= 150_000


def test_troubleshooting_leads_to_every_table_of_errors() -> None:
    text = (ROOT / "docs" / "troubleshooting.md").read_text("utf-8")
    tables = {
        f"{page.name}#{title.lower()}"
        for page in (ROOT / "docs").glob("*.md")
        for title in re.findall(r"^## (Errors|Troubleshooting)$", page.read_text("utf-8"), re.M)
    }
    assert tables
    for table in tables:
        assert f"]({table})" in text
