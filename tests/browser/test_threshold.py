"""Try a threshold: a slider shows which smiles would stay, change or vanish."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Cloud

HIGH = (0.9, 0.95, 0.96, 0.95, 0.94, 0.95, 0.92, 0.9)
LOW = (0.61, 0.66, 0.7, 0.69, 0.68, 0.7, 0.66, 0.62)


def test_weak_smiles_vanish_with_a_higher_threshold(opened: Page, cloud: Cloud) -> None:
    sure = cloud.smile(
        "cam-try", score_history=HIGH, peak_score=0.96, mean_score=0.93, duration_ms=4000
    )
    weak = cloud.smile(
        "cam-try", score_history=LOW, peak_score=0.7, mean_score=0.66, duration_ms=4000
    )
    cloud.wait_stored(sure, weak)
    opened.goto(f"{cloud.url}/#/threshold?device=cam-try")
    outcomes = opened.locator(".outcomes")
    expect(opened.get_by_role("heading", name="Of 2 smiles")).to_be_visible()
    expect(outcomes).to_contain_text(re.compile("stay2.*vanish0"))
    opened.get_by_label("Starts at score").fill("0.8")
    expect(outcomes).to_contain_text(re.compile("stay1.*vanish1"))
    assert "on=0.80" in opened.url
    row = opened.get_by_role("row", name=re.compile("vanishes"))
    row.get_by_role("link").click()
    expect(opened).to_have_url(re.compile(weak.event_id))


def test_the_end_is_always_below_the_start(opened: Page, cloud: Cloud) -> None:
    cloud.wait_stored(cloud.smile("cam-order", score_history=HIGH))
    opened.goto(f"{cloud.url}/#/threshold?device=cam-order")
    start, end = opened.get_by_label("Starts at score"), opened.get_by_label("Ends below score")
    start.fill("0.3")
    expect(end).to_have_value("0.29")
    end.fill("0.7")
    expect(start).to_have_value("0.71")
    expect(opened.get_by_role("heading", name="Precision")).to_be_visible()
