"""What people see when something is wrong: always a sentence, never an error of a program."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.conftest import Cloud

EVENTS = re.compile(r"/v1/events")
PROBLEM = '{"type": "about:blank", "title": "x", "status": 429, "detail": "Send fewer requests."}'
FAILURES = {
    "throttled": (
        429,
        PROBLEM,
        "Too many requests",
        "Send fewer requests. The page tries again in 7 s.",
    ),
    "down": (503, "", "The service does not answer", "The service failed to answer."),
    "error": (
        502,
        "<html>Bad gateway</html>",
        "The service does not answer",
        "The service failed to",
    ),
    "portal": (
        200,
        "<html>Log in</html>",
        "The service does not answer",
        "did not come from the service",
    ),
    "invalid": (400, '{"detail": "limit: expected a number."}', "is not valid", "limit: expected"),
}


def answer(route: Route, status: int, body: str) -> None:
    headers = {"Retry-After": "7"} if status == 429 else {}
    route.fulfill(status=status, body=body, headers=headers)


@pytest.mark.parametrize("kind", FAILURES)
def test_failure_is_a_sentence_with_what_happens_next(page: Page, cloud: Cloud, kind: str) -> None:
    status, body, title, text = FAILURES[kind]
    page.route(EVENTS, lambda route: answer(route, status, body))
    page.goto(f"{cloud.url}/#key={cloud.key}&/now", wait_until="commit")
    panel = page.get_by_role("alert")
    expect(panel).to_contain_text(title)
    expect(panel).to_contain_text(text)
    expect(page.locator("body")).not_to_contain_text(re.compile(r"JSON|undefined|Unexpected|NaN"))
    page.unroute(EVENTS)


def test_history_can_be_asked_for_again(page: Page, cloud: Cloud) -> None:
    cloud.wait_stored(cloud.smile("cam-again"))
    page.route(EVENTS, lambda route: route.abort())
    page.goto(f"{cloud.url}/#key={cloud.key}&/history", wait_until="commit")
    expect(page.get_by_role("alert")).to_contain_text("The service cannot be reached.")
    page.unroute(EVENTS)
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".row").first).to_be_visible()


def test_offline_keeps_what_is_shown_and_goes_on_by_itself(
    opened: Page, context: BrowserContext, cloud: Cloud
) -> None:
    cloud.smile("cam-offline")
    opened.locator(".row", has_text="cam-offline").first.wait_for()
    context.set_offline(True)
    expect(opened.get_by_role("alert")).to_contain_text("You are offline")
    expect(opened.locator(".row", has_text="cam-offline").first).to_be_visible()
    context.set_offline(False)
    expect(opened.get_by_role("alert")).to_have_count(0)


def test_no_smiles_at_all_is_a_state_of_its_own(page: Page, cloud: Cloud) -> None:
    nothing = '{"events": [], "next_cursor": null}'
    page.route(EVENTS, lambda route: route.fulfill(body=nothing, content_type="application/json"))
    page.goto(f"{cloud.url}/#key={cloud.key}&/now", wait_until="commit")
    expect(page.get_by_role("heading", name="No smiles yet")).to_be_visible()


def test_live_picture_says_why_there_is_none(page: Page, cloud: Cloud) -> None:
    page.goto(f"{cloud.url}/#key={cloud.key}&/now", wait_until="commit")
    expect(page.get_by_text("The camera is not running")).to_be_visible()


def test_cloud_without_pictures_says_why(page: Page, cloud: Cloud) -> None:
    page.route(re.compile(r"/live$"), lambda route: route.fulfill(status=404, body="{}"))
    page.goto(f"{cloud.url}/#key={cloud.key}&/now", wait_until="commit")
    expect(page.get_by_text("Pictures never leave the machine of the camera")).to_be_visible()


def test_unknown_address_leads_back(opened: Page, cloud: Cloud) -> None:
    opened.goto(f"{cloud.url}/#/nothing")
    opened.get_by_role("link", name="Go to Now").click()
    expect(opened.get_by_role("heading", name="Newest smiles")).to_be_visible()
