"""Hooks of mkdocs: documents outside of ``docs/`` become pages, and links between all of them work.

Some pages have no document: `scripts/reference` makes them from what the code reads.

In the repository, links lead to files. On the website, a link to a document leads to its page, and
one to another file leads to the repository on GitHub. GitHub Actions names that repository; without
it, as on your machine, such a link is plain text.
"""

from __future__ import annotations

import os
import posixpath
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
DOCS: Final = "docs/"
REFERENCE: Final = "reference/"
TRAINING: Final = "training/"
OUTSIDE: Final = {
    "README.md": "index.md",
    "CHANGELOG.md": "project/changelog.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "SECURITY.md": "project/security.md",
    "local/clip/README.md": "project/clip.md",
    "training/README.md": "project/training.md",
    "training/data/labels/README.md": "project/labels.md",
}
"""The page of each document outside of ``docs/``."""
GENERATED: Final = {
    "functions/history_api/openapi.json": "reference/api.md",
    "layers/smile_contract/python/smile_contract/schemas/smile_event.schema.json": (
        "reference/messages.md"
    ),
    "Makefile": "reference/commands.md",
    "training/notebooks/01_the_data.ipynb": "notebooks/01_the_data.md",
    "training/notebooks/02_the_model.ipynb": "notebooks/02_the_model.md",
    "training/notebooks/03_two_photos.ipynb": "notebooks/03_two_photos.md",
}
"""The page that is made from a file; links to the file lead there."""
# A link or picture; the text may hold one pair of brackets.
_LINK: Final = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")
# What a page loads, and the files of this site that it leads to.
_LOADED: Final = re.compile(r'(?:\bsrc|<link\b[^>]*? href)="([^"]+)"')
_CODE: Final = re.compile(r"(^ *```.*?^ *```$)", re.MULTILINE | re.DOTALL)


def github_anchor(heading: str, separator: str = "-") -> str:
    """Return the anchor that GitHub gives to a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", separator)


def repository_url(environment: Mapping[str, str]) -> str | None:
    """Return the address of the files of this version on GitHub, if GitHub Actions runs this."""
    names = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_SHA")
    if not all(environment.get(name) for name in names):
        return None
    server, repository, commit = (environment[name] for name in names)
    return f"{server}/{repository}/blob/{commit}"


def rewrite_links(markdown: str, source: str, source_url: str | None) -> str:
    """Return a document with the links of its page.

    Parameters
    ----------
    markdown : str
        The document as it is in the repository.
    source : str
        Its path in the repository.
    source_url : str or None
        Where the repository's files are; None makes links to them plain text.
    """
    page = _page(source)
    if page is None:
        raise ValueError(f"{source}: expected a document in {DOCS} or in OUTSIDE")

    def rewrite(found: re.Match[str]) -> str:
        sign, text, link = found.groups()
        path, hash_sign, anchor = link.partition("#")
        if not path or "://" in path or path.startswith("mailto:"):
            return found[0]
        target = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
        there = _page(target)
        if there is not None:
            return f"{sign}[{text}]({_relative(there, page)}{hash_sign}{anchor})"
        if source_url is None:
            return text
        return f"{sign}[{text}]({source_url}/{target}{hash_sign}{anchor})"

    parts = _CODE.split(markdown)
    parts[::2] = [_LINK.sub(rewrite, part) for part in parts[::2]]
    return "".join(parts)


def _page(path: str) -> str | None:
    """Return where the website has a file of the repository."""
    if page := OUTSIDE.get(path) or GENERATED.get(path):
        return page
    if path.startswith(f"{TRAINING}notebooks/") and path.endswith((".png", ".jpg")):
        return path.removeprefix(TRAINING)  # a picture that a notebook has made
    on_site = path.startswith(DOCS) and path.endswith((".md", ".png", ".svg", ".json"))
    return path.removeprefix(DOCS) if on_site and not path.startswith("docs/style/") else None


def _relative(target: str, page: str) -> str:
    return posixpath.relpath(target, posixpath.dirname(page) or ".")


def on_config(config: Any) -> None:
    """Give headings the anchors that they have on GitHub."""
    config.mdx_configs["toc"]["slugify"] = github_anchor


def on_files(files: Any, config: Any) -> None:
    """Add the documents outside of ``docs/``, and the pages that are made."""
    from mkdocs.structure.files import File  # noqa: PLC0415 - only .venv-docs has mkdocs

    for source, page in OUTSIDE.items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / source)))
    for page, content in generated_pages().items():
        files.append(File.generated(config, page, content=content))


def generated_pages() -> dict[str, str | bytes]:
    """Return the pages that are made, and their pictures, by path in the website."""
    sys.path.insert(0, str(ROOT))  # mkdocs starts in an environment without this repository
    from scripts.reference.api import api_reference  # noqa: PLC0415 - the path is set above
    from scripts.reference.commands import commands_reference  # noqa: PLC0415
    from scripts.reference.messages import messages_reference  # noqa: PLC0415
    from scripts.reference.notebooks import notebook_names, notebook_page  # noqa: PLC0415

    found: dict[str, str | bytes] = {
        "reference/api.md": api_reference(),
        "reference/messages.md": messages_reference(),
        "reference/commands.md": commands_reference(),
    }
    for name in notebook_names():
        text, pictures = notebook_page(name)
        found[f"notebooks/{name}.md"] = text
        found |= {f"notebooks/{name}/{picture}": data for picture, data in pictures.items()}
    return found


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Rewrite the links of a page."""
    if page.file.src_uri.startswith(REFERENCE):
        return markdown  # its links lead to pages already
    sources = {there: source for source, there in (OUTSIDE | GENERATED).items()}
    source = sources.get(page.file.src_uri, DOCS + page.file.src_uri)
    return rewrite_links(markdown, source, repository_url(os.environ))


def missing_files(site: Path) -> list[str]:
    """Return what the pages of a site load that is not one of its files.

    Such a thing is a file that the build left out, or comes from another host.
    """
    return [
        f"{page.relative_to(site)}: {loaded} is not on the site"
        for page in sorted(site.rglob("*.html"))
        if page.name != "404.html"  # has addresses from the root of the host
        for loaded in _LOADED.findall(page.read_text("utf-8"))
        if not loaded.startswith("data:")
        and not (page.parent / loaded.partition("?")[0].partition("#")[0]).is_file()
    ]


def on_post_build(config: Any) -> None:
    """Fail when a page loads what is not on the site."""
    if missing := missing_files(Path(config.site_dir)):
        raise SystemExit("docs: " + "\n".join(missing))
