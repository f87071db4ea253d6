"""Alert settings in the browser: change, give back, pause, test; what is refused says why."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.request import Request, urlopen

from playwright.sync_api import Page, expect

from tests.browser.conftest import Cloud


def stored(cloud: Cloud, device: str) -> dict[str, Any]:
    url = f"{cloud.url}/v1/devices/{device}/alert-settings"
    with urlopen(Request(url, headers={"x-api-key": cloud.key}), timeout=10) as answer:
        found: dict[str, Any] = json.load(answer)["stored"]
    return found


def open_settings(page: Page, cloud: Cloud, device: str) -> None:
    page.goto(f"{cloud.url}/#/alerts?device={device}")
    page.get_by_role("heading", name=f"Settings of {device}").wait_for()


def test_only_what_a_person_changes_is_stored(opened: Page, cloud: Cloud) -> None:
    open_settings(opened, cloud, "cam-set")
    opened.get_by_label("Name").fill("Front door")
    opened.get_by_label("Shortest smile, in seconds").fill("1.5")
    opened.get_by_label("Quiet from").fill("22:00")
    opened.get_by_label("Quiet until").fill("07:00")
    opened.get_by_role("button", name="Save").click()
    expect(opened.get_by_role("status").filter(has_text="The settings are saved")).to_be_visible()
    expected = {
        "display_name": "Front door",
        "min_duration_ms": 1500,
        "quiet_hours": {"start": "22:00", "end": "07:00"},
    }
    assert stored(cloud, "cam-set") == expected
    opened.locator(".field", has_text="Shortest smile").get_by_role("button").click()
    opened.get_by_role("button", name="Save").click()
    expect(opened.get_by_label("Shortest smile, in seconds")).to_have_value("0")
    assert set(stored(cloud, "cam-set")) == {"display_name", "quiet_hours"}


def test_quiet_hours_need_both_times(opened: Page, cloud: Cloud) -> None:
    open_settings(opened, cloud, "cam-half")
    opened.get_by_label("Quiet from").fill("22:00")
    opened.get_by_role("button", name="Save").click()
    expect(opened.get_by_role("alert").filter(has_text="need both times")).to_be_visible()
    assert stored(cloud, "cam-half") == {}


def test_what_the_service_refuses_names_the_setting(opened: Page, cloud: Cloud) -> None:
    open_settings(opened, cloud, "cam-refused")
    detail = '{"errors": [{"field": "display_name", "detail": "expected another name."}]}'
    opened.route(
        re.compile("alert-settings$"),
        lambda route: (
            route.fulfill(status=400, body=detail)
            if route.request.method == "PUT"
            else route.fallback()
        ),
    )
    opened.get_by_label("Name").fill("x")
    opened.get_by_role("button", name="Save").click()
    expect(opened.get_by_text("Name: expected another name.")).to_be_visible()
    expect(opened.get_by_label("Name")).to_have_value("x")


def test_alerts_are_paused_and_go_on(opened: Page, cloud: Cloud) -> None:
    open_settings(opened, cloud, "cam-pause")
    opened.get_by_role("button", name="8 hours").click()
    expect(opened.get_by_text(re.compile("Alerts of cam-pause are paused until"))).to_be_visible()
    assert set(stored(cloud, "cam-pause")) == {"suspended_until"}
    opened.get_by_role("button", name="Send alerts again").click()
    expect(opened.get_by_role("button", name="8 hours")).to_be_visible()
    assert stored(cloud, "cam-pause") == {}


def test_a_test_alert_is_sent(opened: Page, cloud: Cloud) -> None:
    open_settings(opened, cloud, "cam-test")
    opened.get_by_role("button", name="Send a test alert").click()
    expect(opened.get_by_text("The test alert is on its way")).to_be_visible()


def test_settings_of_another_camera_are_chosen_from_a_list(opened: Page, cloud: Cloud) -> None:
    cloud.wait_stored(cloud.smile("cam-chosen"))
    opened.reload()
    opened.goto(f"{cloud.url}/#/alerts")
    opened.get_by_role("heading", name="Settings of all cameras").wait_for()
    expect(opened.get_by_label("Name")).to_have_count(0)
    opened.get_by_label("Settings of", exact=True).select_option("cam-chosen")
    expect(opened.get_by_role("heading", name="Settings of cam-chosen")).to_be_visible()
