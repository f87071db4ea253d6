"""How the page gets its key, where it keeps it, and what happens without one."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Cloud


def stored_key(page: Page) -> str | None:
    found: str | None = page.evaluate("sessionStorage.getItem('smile.key')")
    return found


def test_key_of_the_link_disappears_from_the_address(opened: Page, cloud: Cloud) -> None:
    assert cloud.key not in opened.url
    assert opened.url == f"{cloud.url}/"
    assert stored_key(opened) == cloud.key
    assert opened.evaluate("localStorage.length") == 0
    assert opened.evaluate("document.cookie") == ""
    opened.reload()
    expect(opened.get_by_role("heading", name="Newest smiles")).to_be_visible()


def test_page_asks_for_a_key_and_goes_on_to_the_event(page: Page, cloud: Cloud) -> None:
    event = cloud.smile("cam-key")
    cloud.wait_stored(event)
    page.goto(f"{cloud.url}/#/devices/cam-key/events/{event.event_id}")
    expect(page.get_by_role("heading", name="Enter your key")).to_be_visible()
    expect(page.get_by_label("API key")).to_be_focused()
    page.get_by_label("API key").fill("wrong")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_contain_text("does not accept this key")
    assert stored_key(page) is None
    page.get_by_label("API key").fill(f" {cloud.key} ")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Smile on cam-key")).to_be_visible()
    assert stored_key(page) == cloud.key


def test_page_asks_again_when_the_key_no_longer_works(opened: Page) -> None:
    opened.evaluate("sessionStorage.setItem('smile.key', 'revoked')")
    expect(opened.get_by_role("heading", name="Enter your key")).to_be_visible()
    expect(opened.get_by_role("alert")).to_contain_text("no longer valid")


def test_key_can_be_forgotten(opened: Page) -> None:
    opened.get_by_role("button", name="Forget key").click()
    expect(opened.get_by_role("heading", name="Enter your key")).to_be_visible()
    assert stored_key(opened) is None


def test_another_tab_has_no_key(opened: Page, context: BrowserContext, cloud: Cloud) -> None:
    other = context.new_page()
    other.goto(f"{cloud.url}/#/now")
    expect(other.get_by_role("heading", name="Enter your key")).to_be_visible()
