"""The timeline: a lane for each camera, or for each face of one; every bar is a link."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, Route, expect

from smile_contract import truncate_to_ms
from tests.browser.conftest import Cloud


def test_lanes_are_cameras_then_faces_and_bars_lead_to_smiles(opened: Page, cloud: Cloud) -> None:
    now = truncate_to_ms(datetime.now(UTC))
    events = [
        cloud.smile(camera, track_id=face, started_at=now - timedelta(minutes=minutes))
        for camera, face, minutes in (("lane-a", 1, 3), ("lane-a", 2, 2), ("lane-b", 1, 1))
    ]
    cloud.wait_stored(*events)
    opened.goto(f"{cloud.url}/#/timeline?hours=0.25")
    names = opened.locator(".lane-name")
    expect(names.filter(has_text="lane-a")).to_have_count(1)
    expect(names.filter(has_text="lane-b")).to_have_count(1)
    opened.get_by_label("Camera").select_option("lane-a")
    expect(names).to_have_text([re.compile("face 1"), re.compile("face 2")])
    assert "device=lane-a" in opened.url
    opened.get_by_role("link", name=re.compile("Smile on lane-a")).first.click()
    expect(opened.get_by_role("heading", name="Smile on lane-a")).to_be_visible()


def test_table_has_the_same_smiles(opened: Page, cloud: Cloud) -> None:
    cloud.wait_stored(cloud.smile("lane-table", duration_ms=2500))
    opened.goto(f"{cloud.url}/#/timeline?device=lane-table")
    opened.get_by_text("The smiles as a table").click()
    row = opened.get_by_role("row", name=re.compile("face 1"))
    expect(row).to_contain_text("2.5 s")


def test_one_can_go_back_in_time_and_to_now(opened: Page, cloud: Cloud) -> None:
    cloud.wait_stored(cloud.smile("lane-now"))
    opened.goto(f"{cloud.url}/#/timeline?device=lane-now&hours=0.25")
    expect(opened.locator(".mark")).to_have_count(1)
    opened.get_by_role("button", name="Earlier").click()
    expect(opened.get_by_role("heading", name="No smiles in this time")).to_be_visible()
    assert "end=" in opened.url
    opened.get_by_role("button", name="Now").click()
    expect(opened.locator(".mark")).to_have_count(1)
    assert "end=" not in opened.url


def test_newest_smiles_are_drawn_before_the_others_arrive(opened: Page, cloud: Cloud) -> None:
    now = truncate_to_ms(datetime.now(UTC))
    events = [
        cloud.smile("lane-many", started_at=now - timedelta(seconds=number)) for number in range(55)
    ]
    cloud.wait_stored(*events)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    opened.route(re.compile(r"/v1/events.*limit=500"), hold)
    opened.goto(f"{cloud.url}/#/timeline?device=lane-many")
    expect(opened.locator(".mark")).to_have_count(50)
    expect(opened.get_by_text("The newest 50 smiles…")).to_be_visible()
    expect(opened.locator(".lanes + details td")).to_have_count(0)
    for route in held:
        route.continue_()
    expect(opened.get_by_text("55 smiles", exact=True)).to_be_visible()
    opened.get_by_text("The smiles as a table").click()
    expect(opened.locator(".lanes + details tbody tr")).to_have_count(55)
