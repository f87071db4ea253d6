"""axe finds nothing in any view, in both colour schemes; the page works with the keyboard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Cloud

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
RUN = "axe.run(document, {resultTypes: ['violations']}).then(found => found.violations)"
VIEWS = {
    "now": ".row",
    "history": ".row",
    "timeline": ".mark",
    "cameras": ".camera",
    "camera": "#camera-settings",
    "alerts": ".settings",
    "threshold": ".outcomes",
    "event": ".score-chart",
    "key": ".key-form",
}


def violations(page: Page) -> list[str]:
    """Return what axe finds; it gets in behind the content security policy, as tools do."""
    page.evaluate(AXE)
    found: list[dict[str, Any]] = page.evaluate(RUN)
    return [f"{one['id']}: {[node['html'] for node in one['nodes']]}" for one in found]


@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing(page: Page, cloud: Cloud, view: str) -> None:
    event = cloud.smile("cam-axe")
    cloud.wait_stored(event)
    cloud.beat("cam-axe")
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    hashes = {
        "camera": "/devices/cam-axe",
        "event": f"/devices/cam-axe/events/{event.event_id}",
    }
    key = "" if view == "key" else f"key={cloud.key}&"
    page.goto(f"{cloud.url}/#{key}{hashes.get(view, f'/{view}')}", wait_until="commit")
    page.locator(VIEWS[view]).first.wait_for()
    assert violations(page) == []
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    assert violations(page) == []


def test_keyboard_skips_to_the_content_and_opens_a_smile(opened: Page, cloud: Cloud) -> None:
    cloud.smile("cam-keys")
    opened.locator(".row", has_text="cam-keys").first.wait_for()
    opened.evaluate("document.activeElement.blur()")
    opened.keyboard.press("Tab")
    expect(opened.get_by_role("link", name="Skip to the content")).to_be_focused()
    opened.keyboard.press("Enter")
    expect(opened.locator("main")).to_be_focused()
    opened.keyboard.press("Tab")
    opened.keyboard.press("Enter")
    expect(opened.get_by_role("heading", level=1)).to_contain_text("Smile on")
    expect(opened.locator("main")).to_be_focused()


def test_nothing_is_wider_than_a_phone(page: Page, cloud: Cloud) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    name = "cam-with-a-long-name-that-does-not-fit-into-one-line-of-a-phone"
    cloud.wait_stored(cloud.smile(name))
    cloud.beat(name)
    for view in sorted(set(VIEWS) - {"event", "key"}):
        path = f"devices/{name}" if view == "camera" else view
        page.goto(f"{cloud.url}/#key={cloud.key}&/{path}", wait_until="commit")
        page.locator(VIEWS[view]).first.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, view
