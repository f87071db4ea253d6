"""The dashboard as API Gateway gets it: the page, its files, and how a browser may keep them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from smile_cloud.dashboard.service import TYPES, DashboardService
from tests.helpers.functions import FUNCTIONS, Functions
from tests.helpers.rule_events import sample

WEB = FUNCTIONS / "dashboard" / "web"


@pytest.fixture
def functions(functions: Functions, monkeypatch: pytest.MonkeyPatch) -> Functions:
    """The functions for people who enter a key; test_sign_in.py is about the others."""
    monkeypatch.setenv("API_ACCESS", "key")
    return functions


def request(path: str, stage_path: str | None = None, **headers: str) -> dict[str, Any]:
    event = sample("dashboard/page" if path == "/" else "dashboard/script") | {"path": path}
    event["requestContext"]["path"] = f"/dev{path}" if stage_path is None else stage_path
    for name, value in headers.items():
        event["headers"][name.replace("_", "-")] = value
    return event


def browse(functions: Functions, event: dict[str, Any]) -> tuple[int, dict[str, str], str]:
    return functions.browse(event, "dashboard")


def files_of(html: str) -> list[str]:
    return re.findall(r'(?:href|src)="(dashboard/[^"]+)"', html)


def test_page_loads_only_files_that_exist(functions: Functions) -> None:
    status, headers, html = browse(functions, request("/"))
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    found = files_of(html)
    assert {Path(one).name for one in found} >= {"app.js", "base.css", "icon.svg"}
    for path in found:
        status, headers, text = browse(functions, request(f"/{path}"))
        assert status == 200, path
        assert headers["Content-Type"] == TYPES[Path(path).suffix]
        assert text == (WEB / Path(path).name).read_text("utf-8")
        assert headers["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    ("stage_path", "base"),
    [("/dev/", "/dev/"), ("/dev", "/dev/"), ("/", "/"), ("/smile", "/smile/"), ('/"><b>', None)],
)
def test_links_start_below_the_path_of_the_api(
    functions: Functions, stage_path: str, base: str | None
) -> None:
    _, _, html = browse(functions, request("/", stage_path))
    shown = base or "/&quot;&gt;&lt;b&gt;/"
    assert f'<base href="{shown}">' in html
    links = re.findall(r'(?:href|src)="([^"]*)"', html)[1:]
    assert not any(link.startswith("/") for link in links)


def test_page_is_found_below_the_base_path_of_a_domain_name(functions: Functions) -> None:
    status, _, html = browse(functions, request("/", "/smile") | {"path": "/smile"})
    assert status == 200
    assert '<base href="/smile/">' in html


def test_browser_asks_for_the_page_again_and_keeps_it_while_nothing_changes(
    functions: Functions,
) -> None:
    _, headers, _ = browse(functions, request("/"))
    assert headers["Cache-Control"] == "no-cache"
    again = browse(functions, request("/", If_None_Match=headers["ETag"]))
    assert (again[0], again[2]) == (304, "")
    assert browse(functions, request("/", If_None_Match='"other"'))[0] == 200
    assert browse(functions, request("/", "/smile", If_None_Match=headers["ETag"]))[0] == 200


def test_page_may_load_nothing_of_another_host_and_nothing_inline(functions: Functions) -> None:
    _, headers, html = browse(functions, request("/"))
    policy = dict(
        one.strip().split(" ", 1) for one in headers["Content-Security-Policy"].split(";")
    )
    assert policy.pop("default-src") == "'none'"
    assert policy.pop("require-trusted-types-for") == "'script'"
    assert policy.pop("trusted-types") == "'none'"
    assert set(policy.values()) == {"'self'", "'none'"}
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert not re.search(r"<style|<script>| style=| on[a-z]+=|https?://", html)


def test_files_of_another_version_are_not_kept(functions: Functions) -> None:
    """While a new version is deployed, a page may ask the other one for its files."""
    status, headers, _ = browse(functions, request("/dashboard/0123456789ab/app.js"))
    assert (status, headers["Cache-Control"]) == (200, "no-store")


def test_version_changes_with_any_file(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("$base $version")
    (tmp_path / "app.js").write_text("1")
    before = DashboardService(tmp_path, is_on=True).version
    assert before == DashboardService(tmp_path, is_on=True).version
    (tmp_path / "app.js").write_text("2")
    assert before != DashboardService(tmp_path, is_on=True).version


@pytest.mark.parametrize("name", ["unknown.js", "index.html", "..%2Fapp.py", "app.py"])
def test_other_names_are_not_found(functions: Functions, name: str) -> None:
    status, _, document = functions.ask(request(f"/dashboard/1/{name}"), "dashboard")
    assert status == 404
    assert document["detail"] == "The dashboard has no such file; load the page again."


@pytest.mark.parametrize("path", ["/", "/dashboard/1/app.js"])
def test_everything_is_404_when_the_dashboard_is_off(
    functions: Functions, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setenv("DASHBOARD", "off")
    status, _, document = functions.ask(request(path), "dashboard")
    assert status == 404
    assert "Dashboard" in document["detail"]


@pytest.mark.parametrize("path", sorted(WEB.glob("*.js")), ids=lambda path: path.name)
def test_module_is_short_and_makes_no_code_or_html_of_text(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= 250
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", text)
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", text)
    for imported in re.findall(r'from "\./([\w.]+)"', text):
        assert (WEB / imported).is_file(), imported


def test_every_module_and_style_is_used() -> None:
    used = {"index.html", *(Path(one).name for one in files_of((WEB / "index.html").read_text()))}
    new = set(used)
    while new:
        texts = ((WEB / name).read_text("utf-8") for name in new if name.endswith(".js"))
        new = {name for text in texts for name in re.findall(r'from "\./([\w.]+)"', text)} - used
        used |= new
    assert used == {path.name for path in WEB.iterdir()}
