"""Smiles in the feed, in the history and on their own page."""

from __future__ import annotations

import csv
import re
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from playwright.sync_api import BrowserContext, Page, Route, expect

from smile_contract import truncate_to_ms
from tests.browser.conftest import Cloud

SECOND = timedelta(seconds=1)


def test_a_smile_appears_by_itself_within_seconds_and_changes_when_it_ends(
    opened: Page, cloud: Cloud
) -> None:
    started = cloud.smile("cam-live", "started", duration_ms=500)
    shown = opened.locator(f"[data-event='{started.event_id}']")
    expect(shown).to_contain_text("smiling", timeout=10_000)
    expect(shown).to_contain_text("0.90")
    tile = opened.locator(".tile", has_text="Smiling now")
    expect(tile).not_to_contain_text(re.compile(r"now0"))
    ended = replace(
        started, phase="ended", ended_at=started.started_at + 2 * SECOND, duration_ms=2000, seq=1
    )
    cloud.send(ended)
    expect(shown).to_contain_text("2.0 s")
    expect(shown).not_to_contain_text("smiling")


def test_smiles_that_go_on_are_counted_beyond_the_newest_ones(opened: Page, cloud: Cloud) -> None:
    now = truncate_to_ms(datetime.now(UTC))
    lasting = [
        cloud.smile("cam-count", "started", started_at=now - number * SECOND, duration_ms=500)
        for number in range(60, 75)
    ]
    # Without an end for so long, the end is lost: nobody smiles there.
    lost = cloud.smile("cam-count", "started", started_at=now - timedelta(minutes=30))
    ended = [cloud.smile("cam-count", started_at=now - number * SECOND) for number in range(12)]
    cloud.wait_stored(lost, *lasting, *ended)
    expect(opened.locator(".feed .live-dot")).to_have_count(0)
    tile = opened.locator(".tile", has_text="Smiling now").locator(".tile-value")
    expect(tile).to_have_text("15")
    end = [
        replace(one, phase="ended", ended_at=one.started_at + SECOND, duration_ms=1000, seq=1)
        for one in lasting
    ]
    cloud.send(*end)
    expect(tile).to_have_text("0")


def test_focus_stays_on_a_row_while_others_arrive(opened: Page, cloud: Cloud) -> None:
    first = cloud.smile("cam-focus")
    link = opened.locator(f"[data-event='{first.event_id}'] a")
    link.focus()
    second = cloud.smile("cam-focus", started_at=first.started_at + SECOND)
    opened.locator(f"[data-event='{second.event_id}']").wait_for()
    expect(link).to_be_focused()


def test_hidden_tab_asks_for_nothing(opened: Page) -> None:
    asked: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    opened.evaluate("""() => {
        Object.defineProperty(document, 'hidden', {configurable: true, get: () => true});
        document.dispatchEvent(new Event('visibilitychange'));
    }""")
    time.sleep(2)  # an answer may be on its way
    asked.clear()
    opened.wait_for_timeout(3000)
    assert asked == []
    opened.evaluate("""() => {
        delete document.hidden;
        document.dispatchEvent(new Event('visibilitychange'));
    }""")
    opened.wait_for_timeout(1000)
    assert any("/v1/events" in url for url in asked)


def test_event_has_its_score_history_and_a_link_without_a_key(
    opened: Page, cloud: Cloud, context: BrowserContext
) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    event = cloud.smile("cam-event", duration_ms=1500)
    opened.locator(f"[data-event='{event.event_id}'] a").click()
    expect(opened.get_by_role("heading", name="Smile on cam-event")).to_be_visible()
    expect(
        opened.get_by_role("img", name=re.compile(r"Score from 0 to 1 over 1\.5 s"))
    ).to_be_visible()
    expect(opened.get_by_text("on 0.60")).to_be_visible()
    opened.get_by_text("The scores as a table").click()
    expect(opened.get_by_role("cell", name="0.93")).to_be_visible()
    opened.get_by_role("button", name="Copy link").click()
    expect(opened.get_by_text("The link is copied")).to_be_visible()
    copied = opened.evaluate("navigator.clipboard.readText()")
    assert copied == f"{cloud.url}/#/devices/cam-event/events/{event.event_id}"


def test_unknown_event_says_so(opened: Page, cloud: Cloud) -> None:
    opened.goto(f"{cloud.url}/#/devices/cam-1/events/01a20451-81da-7111-8000-1234567890ab")
    expect(opened.get_by_role("heading", name="This smile is not stored")).to_be_visible()


def test_history_filters_by_camera_and_day_and_pages(opened: Page, cloud: Cloud) -> None:
    noon = datetime.now(UTC).replace(hour=11, minute=0, second=0, microsecond=0) - timedelta(days=2)
    events = [
        cloud.smile("cam-history", started_at=noon + at * SECOND, duration_ms=100)
        for at in range(55)
    ]
    other = cloud.smile("cam-other", started_at=noon)
    cloud.wait_stored(*events, other)
    day = noon.date().isoformat()
    opened.goto(f"{cloud.url}/#/history?device=cam-history&from={day}&to={day}")
    expect(opened.locator(".readout")).to_have_text("55 smiles by hour, 0.1 s long on average")
    expect(opened.locator(".bars .value")).to_have_count(1)
    opened.get_by_text("The numbers as a table").click()
    expect(opened.locator(".twin tr").filter(has_text=re.compile(r"00\s*55"))).to_have_count(1)
    expect(opened.locator(".row")).to_have_count(20)
    opened.get_by_role("button", name="Show more").click()
    expect(opened.locator(".row")).to_have_count(55)
    expect(opened.get_by_text("55 smiles in all")).to_be_visible()
    expect(opened.locator(f"[data-event='{events[0].event_id}']")).to_be_visible()
    opened.get_by_label("Camera").select_option("cam-other")
    expect(opened.locator(f"[data-event='{other.event_id}']")).to_be_visible()
    assert "device=cam-other" in opened.url
    before = (noon - timedelta(days=1)).date().isoformat()
    opened.get_by_label("To").fill(before)
    opened.get_by_label("From").fill(before)
    expect(opened.get_by_role("heading", name="No smiles", exact=True)).to_be_visible()


def test_history_filters_by_score_and_length(opened: Page, cloud: Cloud) -> None:
    weak = cloud.smile("cam-filter", peak_score=0.72, mean_score=0.7, duration_ms=5000)
    short = cloud.smile("cam-filter", peak_score=0.95, duration_ms=800)
    strong = cloud.smile("cam-filter", peak_score=0.95, duration_ms=4000)
    cloud.wait_stored(weak, short, strong)
    opened.goto(f"{cloud.url}/#/history?device=cam-filter")
    expect(opened.locator(".row")).to_have_count(3)
    opened.get_by_label("Peak score").select_option("0.9")
    expect(opened.locator(".row")).to_have_count(2)
    opened.get_by_label("Length").select_option("3000")
    expect(opened.locator(".row")).to_have_count(1)
    expect(opened.locator(f"[data-event='{strong.event_id}']")).to_be_visible()
    expect(opened.get_by_text("The chart counts all smiles")).to_be_visible()


def test_history_is_downloaded_as_csv(opened: Page, cloud: Cloud) -> None:
    events = [cloud.smile("cam-csv", duration_ms=number) for number in (100, 200, 300)]
    cloud.wait_stored(*events)
    opened.goto(f"{cloud.url}/#/history?device=cam-csv")
    expect(opened.locator(".row")).to_have_count(3)
    with opened.expect_download() as download:
        opened.get_by_role("button", name="CSV").click()
    path = download.value.path()
    rows = list(csv.DictReader(path.read_text("utf-8").splitlines()))
    assert {row["event_id"] for row in rows} == {event.event_id for event in events}
    assert download.value.suggested_filename.startswith("smiles-")


def test_fields_ask_for_cameras_after_the_view_has_its_smiles(opened: Page, cloud: Cloud) -> None:
    cloud.wait_stored(cloud.smile("cam-first"))
    held: list[Route] = []
    asked: list[str] = []

    def hold(route: Route) -> None:
        held.append(route)

    opened.route(re.compile("/v1/events.*limit=20"), hold)
    opened.on("request", lambda request: asked.append(request.url))
    with opened.expect_request(re.compile("/v1/events.*limit=20")):
        opened.goto(f"{cloud.url}/#/history?device=cam-first")
    opened.wait_for_timeout(500)
    assert not any("/v1/devices" in url for url in asked)
    with opened.expect_request(re.compile("/v1/devices")):
        held[0].continue_()
    expect(opened.locator(".row")).to_have_count(1)
