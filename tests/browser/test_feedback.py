"""People say whether a smile is one: on its page, in the lists and in the counts."""

from __future__ import annotations

import json
from typing import Any
from urllib.request import Request, urlopen

from playwright.sync_api import Page, expect

from tests.browser.conftest import Cloud


def stored(cloud: Cloud, path: str) -> dict[str, Any]:
    request = Request(f"{cloud.url}/{path}", headers={"x-api-key": cloud.key})
    with urlopen(request, timeout=10) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def test_the_last_answer_counts_and_shows_everywhere(opened: Page, cloud: Cloud) -> None:
    event = cloud.smile("cam-said")
    cloud.wait_stored(event)
    path = f"devices/cam-said/events/{event.event_id}"
    opened.goto(f"{cloud.url}/#/{path}")
    right = opened.get_by_role("button", name="Right")
    wrong = opened.get_by_role("button", name="Wrong")
    expect(opened.get_by_text("Nobody has said yet")).to_be_visible()
    right.click()
    expect(right).to_have_attribute("aria-pressed", "true")
    wrong.click()
    expect(wrong).to_have_attribute("aria-pressed", "true")
    expect(right).to_have_attribute("aria-pressed", "false")
    assert stored(cloud, f"v1/{path}")["feedback"]["verdict"] == "not_smile"
    opened.reload()
    expect(wrong).to_have_attribute("aria-pressed", "true")
    opened.goto(f"{cloud.url}/#/history?device=cam-said")
    expect(opened.locator(".row")).to_contain_text("wrong")


def test_a_key_that_may_only_read_does_not_lose_the_page(page: Page, cloud: Cloud) -> None:
    event = cloud.smile("cam-unsaid")
    cloud.wait_stored(event)
    [read_key] = [key for key in cloud.stack.api_keys if key.startswith("read_")]
    path = f"devices/cam-unsaid/events/{event.event_id}"
    page.goto(f"{cloud.url}/#key={read_key}&/{path}", wait_until="commit")
    page.get_by_role("button", name="Unsure").click()
    expect(page.get_by_role("alert")).to_contain_text("It needs the scope feedback or admin.")
    expect(page.get_by_role("heading", name="Smile on cam-unsaid")).to_be_visible()
    assert "feedback" not in stored(cloud, f"v1/{path}")
