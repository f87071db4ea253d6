"""The links in alerts lead to their smile or camera, through the form for the key."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import Page, expect

from smile_cloud.alert_messages.dashboard import Dashboard
from smile_contract import SmileEvent
from tests.browser.conftest import Cloud
from tests.helpers.http_server import Answer, serve

DEVICE = "cam:alert-1"  # an id whose colon the link escapes


@pytest.fixture(scope="module")
def alerted(cloud: Cloud) -> SmileEvent:
    """A stored smile that an alert was sent about."""
    event = cloud.smile(DEVICE, peak_score=0.97)
    cloud.wait_stored(event)
    return event


def enter_key(page: Page, cloud: Cloud) -> None:
    page.get_by_label("API key").fill(cloud.key)
    page.get_by_role("button", name="Continue").click()


def test_link_of_an_alert_asks_for_a_key_and_shows_the_smile(
    page: Page, cloud: Cloud, alerted: SmileEvent
) -> None:
    page.goto(cloud.link_of_alert(alerted))
    expect(page.get_by_role("heading", name="Enter your key")).to_be_visible()
    enter_key(page, cloud)
    expect(page.get_by_role("heading", name=f"Smile on {DEVICE}")).to_be_visible()
    expect(page.get_by_text(alerted.event_id)).to_be_visible()


def test_link_of_an_alert_survives_a_mail_filter_that_redirects(
    page: Page, cloud: Cloud, alerted: SmileEvent
) -> None:
    # Such filters put the link into the query of their own address.
    def redirect(path: str, _: Mapping[str, str], __: bytes) -> Answer:
        return 302, b"", {"Location": parse_qs(urlsplit(path).query)["url"][0]}

    link = cloud.link_of_alert(alerted)
    with serve(redirect) as filter_url:
        page.goto(f"{filter_url}/?url={quote(link, safe='')}")
        enter_key(page, cloud)
        expect(page.get_by_text(alerted.event_id)).to_be_visible()
    assert page.url.endswith(urlsplit(link).fragment)


def test_links_of_digests_and_of_stopped_cameras_lead_to_their_views(
    page: Page, cloud: Cloud, alerted: SmileEvent
) -> None:
    dashboard = Dashboard(cloud.url)
    cloud.beat(DEVICE)
    page.goto(dashboard.camera(DEVICE))
    enter_key(page, cloud)
    expect(page.get_by_role("heading", name=DEVICE, exact=True)).to_be_visible()
    page.goto(dashboard.cameras())
    expect(page.get_by_role("link", name=DEVICE)).to_be_visible()
    page.goto(dashboard.day(alerted.started_at.date(), DEVICE))
    smiles = page.get_by_role("region", name="Smiles")
    expect(smiles.get_by_text(DEVICE)).to_be_visible()
    page.goto(dashboard.day(alerted.started_at.date() - timedelta(days=9), DEVICE))
    expect(page.get_by_text("No smiles in this time")).to_be_visible()
