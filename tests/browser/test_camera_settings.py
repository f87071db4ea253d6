"""Settings of a camera in the browser: pause, thresholds, and what the camera makes of them."""

from __future__ import annotations

import json
import uuid
from typing import Any
from urllib.request import Request, urlopen

import paho.mqtt.publish
import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Cloud

IN_USE = {
    "paused": False,
    "smile": {"threshold_on": 0.6, "threshold_off": 0.4, "min_duration_ms": 500.0},
}


class Camera:
    """A camera that has reported what it uses, and its page."""

    def __init__(self, page: Page, cloud: Cloud, name: str) -> None:
        self.page = page
        self._cloud = cloud
        self.name = name
        cloud.beat(name)
        self.report(**IN_USE)

    def report(self, **reported: Any) -> None:
        """Say what is in use, as the program of a camera does."""
        paho.mqtt.publish.single(
            f"$aws/things/{self.name}/shadow/name/settings/update",
            json.dumps({"state": {"reported": reported}}),
            qos=1,
            port=self._cloud.stack.mqtt_port,
        )

    def open(self, key: str, query: str = "") -> None:
        self.page.goto(
            f"{self._cloud.url}/#key={key}&/devices/{self.name}{query}", wait_until="commit"
        )

    def desired(self) -> dict[str, Any]:
        url = f"{self._cloud.url}/v1/devices/{self.name}/settings"
        with urlopen(Request(url, headers={"x-api-key": self._cloud.key}), timeout=10) as answer:
            found: dict[str, Any] = json.load(answer)["desired"]
        return found

    def expect_status(self, text: str) -> None:
        card = self.page.get_by_role("region", name="Settings")
        expect(card.get_by_role("status")).to_have_text(text, timeout=15_000)


@pytest.fixture
def camera(page: Page, cloud: Cloud) -> Camera:
    return Camera(page, cloud, f"set-{uuid.uuid4().hex[:6]}")


def test_a_camera_is_paused_and_resumed(camera: Camera, cloud: Cloud) -> None:
    camera.open(cloud.key)
    camera.expect_status("The camera uses these settings.")
    camera.page.get_by_role("button", name="Pause").click()
    camera.expect_status("Waiting for the camera…")
    camera.report(paused=True)
    camera.expect_status("The camera is paused: it looks for no faces.")
    camera.page.get_by_role("button", name="Resume").click()
    camera.report(paused=False)
    camera.expect_status("The camera uses these settings.")
    assert camera.desired() == {"paused": False}


def test_only_what_a_person_changes_is_wanted_and_can_be_given_back(
    camera: Camera, cloud: Cloud
) -> None:
    page = camera.page
    camera.open(cloud.key)
    starts, ends = page.get_by_label("Starts at score"), page.get_by_label("Ends below score")
    expect(starts).to_have_value("0.6")
    expect(page.get_by_label("Lasts at least, in seconds")).to_have_value("0.5")
    starts.fill("0.3")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("must end below a lower score")).to_be_visible()
    starts.fill("0.75")
    page.get_by_label("Lasts at least, in seconds").fill("1.2")
    page.keyboard.press("Enter")
    camera.expect_status("Waiting for the camera…")
    expect(page.get_by_text("The camera uses 0.6.")).to_be_visible()
    assert camera.desired() == {"smile": {"threshold_on": 0.75, "min_duration_ms": 1200}}
    camera.report(smile={"threshold_on": 0.75, "min_duration_ms": 1200})
    camera.expect_status("The camera uses these settings.")
    expect(page.get_by_text("The camera uses 0.6.")).to_have_count(0)
    expect(ends).to_have_value("0.4")
    page.get_by_role("button", name="Use the camera's own values").click()
    expect(page.get_by_role("button", name="Use the camera's own values")).to_be_hidden()
    assert camera.desired() == {}


def test_what_the_camera_refuses_is_said_with_the_reason(camera: Camera, cloud: Cloud) -> None:
    camera.open(cloud.key)
    camera.page.get_by_label("Starts at score").fill("0.999")
    camera.page.get_by_role("button", name="Save").click()
    camera.expect_status("Waiting for the camera…")
    reason = "0.999 can never be reached: the model's largest score is 0.99"
    camera.report(rejected=[{"field": "smile.threshold_on", "reason": reason}])
    expect(camera.page.get_by_role("alert").filter(has_text="refuses")).to_have_text(
        f"The camera refuses “Starts at score”: {reason}.", timeout=15_000
    )
    expect(camera.page.get_by_text("The camera uses 0.6.")).to_be_visible()


def test_settings_wait_for_a_camera_that_is_offline(camera: Camera, cloud: Cloud) -> None:
    cloud.beat(camera.name, status="offline")
    camera.open(cloud.key)
    camera.page.get_by_text("It is not connected").wait_for(timeout=20_000)
    camera.page.get_by_role("button", name="Pause").click()
    camera.expect_status("The camera is offline; it takes the settings over when it is back.")


@pytest.mark.parametrize("scope", ["read", "feedback"])
def test_a_key_that_may_not_change_settings_shows_them(
    camera: Camera, cloud: Cloud, scope: str
) -> None:
    [key] = [one for one in cloud.stack.api_keys if one.startswith(f"{scope}_")]
    camera.open(key)
    expect(camera.page.get_by_label("Starts at score")).to_have_value("0.6")
    expect(camera.page.get_by_label("Starts at score")).to_be_disabled()
    for name in ("Pause", "Save"):
        expect(camera.page.get_by_role("button", name=name)).to_be_disabled()
    expect(camera.page.get_by_text("Your key can only read.")).to_be_visible()


def test_settings_appear_with_the_first_sign_of_life(page: Page, cloud: Cloud) -> None:
    name = f"set-{uuid.uuid4().hex[:6]}"
    page.goto(f"{cloud.url}/#key={cloud.key}&/devices/{name}", wait_until="commit")
    page.get_by_role("heading", name="No sign of life yet").wait_for()
    expect(page.get_by_role("region", name="Settings")).to_be_hidden()
    cloud.beat(name)
    status = page.get_by_role("region", name="Settings").get_by_role("status")
    expect(status).to_have_text("The camera has not reported its settings.", timeout=25_000)
    expect(page.get_by_label("Starts at score")).to_have_value("")


def test_what_the_service_refuses_is_said_and_the_input_stays(camera: Camera, cloud: Cloud) -> None:
    page = camera.page
    camera.open(cloud.key)
    page.get_by_label("Starts at score").fill("0.7")
    detail = '{"errors": [{"field": "smile.threshold_on", "detail": "expected another number."}]}'
    page.route(
        "**/settings",
        lambda route: (
            route.fulfill(status=400, body=detail)
            if route.request.method == "PATCH"
            else route.fallback()
        ),
    )
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Starts at score: expected another number.")).to_be_visible()
    expect(page.get_by_label("Starts at score")).to_have_value("0.7")


def test_thresholds_that_were_tried_are_proposed_for_the_camera(
    camera: Camera, cloud: Cloud
) -> None:
    page = camera.page
    cloud.wait_stored(cloud.smile(camera.name))
    page.goto(
        f"{cloud.url}/#key={cloud.key}&/threshold?device={camera.name}&on=0.71&off=0.33&min=0.8",
        wait_until="commit",
    )
    page.get_by_role("link", name="Use for this camera").click()
    expect(page.get_by_label("Starts at score")).to_have_value("0.71")
    assert camera.desired() == {}, "nothing changes before somebody saves it"
    page.get_by_role("button", name="Save").click()
    camera.expect_status("Waiting for the camera…")
    expected = {"threshold_on": 0.71, "threshold_off": 0.33, "min_duration_ms": 800}
    assert camera.desired() == {"smile": expected}


def test_nothing_is_asked_when_the_page_was_left_while_a_change_was_sent(
    camera: Camera, cloud: Cloud
) -> None:
    page = camera.page
    camera.open(cloud.key)
    camera.expect_status("The camera uses these settings.")
    held: list[Route] = []
    page.route(
        "**/settings",
        lambda route: held.append(route) if route.request.method == "PATCH" else route.fallback(),
    )
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("navigation").get_by_role("link", name="History").click()
    expect(page.get_by_role("heading", name="History")).to_be_visible()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    [change] = held
    change.fallback()
    expect(page.get_by_text("The settings are saved.")).to_be_visible()
    page.wait_for_timeout(500)  # the page would ask at once
    assert [url for url in asked if url.endswith("/settings")] == []
