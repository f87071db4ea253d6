"""Cameras: how each one is, what it last said, and what of it has not arrived."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Cloud


def test_list_shows_the_state_of_each_camera_and_leads_to_it(opened: Page, cloud: Cloud) -> None:
    cloud.beat("state-on", outbox_events=2)
    cloud.beat("state-off")
    cloud.beat("state-off", status="offline")
    opened.goto(f"{cloud.url}/#/cameras")
    card = opened.locator("[data-device='state-on']")
    expect(card).to_contain_text("online", timeout=20_000)
    expect(card).to_contain_text("14.9 frames/s")
    expect(card).to_contain_text("2 smiles waiting")
    expect(opened.locator("[data-device='state-off']")).to_contain_text(
        "It is not connected", timeout=20_000
    )
    opened.get_by_label("State").select_option("offline")
    expect(card).to_have_count(0)
    expect(opened.locator("[data-device='state-off']")).to_be_visible()
    assert "state=offline" in opened.url
    opened.get_by_label("State").select_option("")
    card.get_by_role("link").click()
    expect(opened.get_by_role("heading", name="state-on")).to_be_visible()
    expect(opened.get_by_text("14.9 frames/s")).to_be_visible()
    program = opened.get_by_role("region", name="Program")
    expect(program, "nothing is known of it").to_have_count(0)
    cloud.beat("state-on", memory_mb=85.2)
    expect(program).to_contain_text("85 MB", timeout=20_000)


def test_camera_shows_the_smiles_that_are_missing(opened: Page, cloud: Cloud) -> None:
    cloud.beat("gap", next_seq=9)
    first = cloud.smile("gap", seq=0)
    last = cloud.smile("gap", seq=5, track_id=2)
    cloud.wait_stored(first, last)
    opened.goto(f"{cloud.url}/#/devices/gap")
    expect(opened.get_by_text(re.compile(r"^4: 1\u20134$"))).to_be_visible(timeout=20_000)
    opened.get_by_role("link", name="History").last.click()
    expect(opened.get_by_label("Camera")).to_have_value("gap")


def test_unknown_camera_says_so(opened: Page, cloud: Cloud) -> None:
    opened.goto(f"{cloud.url}/#/devices/nobody")
    expect(opened.get_by_role("heading", name="No sign of life yet")).to_be_visible()


def test_an_address_with_an_id_that_no_camera_has_says_so(opened: Page, cloud: Cloud) -> None:
    opened.goto(f"{cloud.url}/#/devices/k%C3%BCche")
    reason = "device: expected 1 to 128 of the characters a-z A-Z 0-9 : _ -."
    expect(opened.get_by_text(reason, exact=True)).to_be_visible()
    expect(opened.get_by_role("heading", name="Settings")).to_be_hidden()


def test_tile_counts_the_cameras_that_work(opened: Page, cloud: Cloud) -> None:
    cloud.beat("tile-on")
    cloud.beat("tile-off")
    cloud.beat("tile-off", status="offline")
    opened.reload()
    tile = opened.locator(".tile", has_text="Cameras online")
    expect(tile).to_contain_text(re.compile(r"online[1-9].*of \d"), timeout=25_000)
