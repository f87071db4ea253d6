"""The page of an alert, as a browser or a mail scanner opens it."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any
from urllib.parse import urljoin

import pytest

from smile_cloud.attributes import to_attributes
from smile_cloud.keys import device_pk, event_sk
from smile_contract import SmileEvent, format_time
from tests.helpers.alerts_api import FORM, get, put, request, token
from tests.helpers.events import smile_event
from tests.helpers.functions import Functions
from tests.helpers.rule_events import sample

STARTED_AT = datetime(2026, 7, 1, 17, 33, 0, 250_000, tzinfo=UTC)
SmileStore = Callable[..., SmileEvent]


@pytest.fixture
def stored(aws: SimpleNamespace, table: str) -> SmileStore:
    """Store an event without its counts; return it."""

    def store(kept: timedelta = timedelta(days=1), **changes: Any) -> SmileEvent:
        event = smile_event(started_at=STARTED_AT, **{"duration_ms": 2760} | changes)
        item = event.to_dict() | {
            "pk": device_pk(event.device_id),
            "sk": event_sk(event.event_id),
            "expires_at": int((datetime.now(UTC) + kept).timestamp()),
        }
        aws.dynamodb.put_item(TableName=table, Item=to_attributes(item))
        return event

    return store


def show(functions: Functions, token: str, method: str = "GET") -> tuple[int, str]:
    status, headers, html = functions.browse(request(method, f"/alerts/{token}"))
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    return status, html


def press(functions: Functions, token: str, form: str) -> tuple[int, str]:
    """Send the form; return the status and where the browser goes next."""
    event = request("POST", f"/alerts/{token}/pause", form, Content_Type=FORM)
    status, headers, _ = functions.browse(event)
    location = headers.get("Location", "")
    return status, urljoin(f"https://api.example/dev/alerts/{token}/pause", location)


def test_page_leads_to_the_smile_in_the_dashboard(functions: Functions, stored: SmileStore) -> None:
    event = stored()
    _, html = show(functions, token("cam-1", event.event_id))
    [link] = re.findall(r'<a href="([^"]*)">See it in the dashboard</a>', html)
    shown = urljoin("https://api.example/dev/alerts/token", link)
    assert shown == f"https://api.example/dev/#/devices/cam-1/events/{event.event_id}"


def test_page_has_no_such_link_without_a_dashboard(
    functions: Functions, stored: SmileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DASHBOARD", "off")
    status, html = show(functions, token("cam-1", stored().event_id))
    assert (status, "dashboard" in html) == (200, False)


def suspended_until(functions: Functions, device: str = "cam-1") -> datetime | None:
    until = get(functions, device)["settings"]["suspended_until"]
    return None if until is None else datetime.fromisoformat(until)


def test_the_page_says_who_when_how_long_and_how_much(
    functions: Functions, stored: SmileStore
) -> None:
    put(functions, time_zone="Europe/Berlin")
    put(functions, "cam-1", display_name="Küche")
    event = stored(peak_score=0.978)
    status, html = show(functions, token("cam-1", event.event_id))
    assert status == 200
    assert "<title>Smile on Küche</title>" in html
    facts = dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", html))
    assert facts == {
        "Camera": "Küche",
        "Time": "19:33:00, Wednesday, 1 July 2026 (Europe/Berlin)",
        "Duration": "2.7 s",
        "Score": "0.97 of 1",
    }


def test_the_page_says_so_far_while_the_smile_lasts(
    functions: Functions, stored: SmileStore
) -> None:
    event = stored(phase="started", duration_ms=80)
    _, html = show(functions, token("cam-1", event.event_id))
    assert "<dd>0.0 s so far</dd>" in html
    assert "<dd>0.90 of 1 so far</dd>" in html


def test_the_page_shows_a_name_as_text_when_it_looks_like_html(
    functions: Functions, stored: SmileStore
) -> None:
    put(functions, "cam-1", display_name="<script>alert('1')</script> & \"co\"")
    _, html = show(functions, token("cam-1", stored().event_id))
    assert "<script" not in html
    assert "&lt;script&gt;alert(&#x27;1&#x27;)&lt;/script&gt; &amp; &quot;co&quot;" in html


def test_the_page_loads_nothing_and_runs_nothing(functions: Functions, stored: SmileStore) -> None:
    event = request("GET", f"/alerts/{token('cam-1', stored().event_id)}")
    _, headers, html = functions.browse(event)
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    [style] = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    digest = base64.b64encode(sha256(style.encode()).digest()).decode()
    assert policy == {
        "default-src": "'none'",
        "style-src": f"'sha256-{digest}'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer", "the link is a secret"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "http" not in html
    assert "color-scheme:light dark" in style
    assert 'name="viewport"' in html
    assert len(html) < 4_000


class Forms(HTMLParser):
    """Collects where forms go, and checks that elements are closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.actions: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag == "form":
            self.actions.append(dict(attrs)["action"])
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize(
    "base", ["https://x.example/dev/alerts/", "https://smiles.example/alerts/"]
)
def test_forms_go_to_the_api_when_it_has_a_stage_or_a_domain_of_its_own(
    functions: Functions, stored: SmileStore, base: str
) -> None:
    link = token("cam-1", stored().event_id)
    press(functions, link, "for=1h")
    _, html = show(functions, link)
    actions = Forms(html).actions
    assert len(actions) == 1
    assert {urljoin(base + link, action) for action in actions} == {f"{base}{link}/pause"}


def test_a_paused_camera_offers_no_pause_that_would_change_nothing(
    functions: Functions, stored: SmileStore
) -> None:
    link = token("cam-1", stored().event_id)
    press(functions, link, "for=24h")
    _, html = show(functions, link)
    assert 'value="end"' in html
    assert 'value="1h"' not in html


@pytest.mark.parametrize(("button", "hours"), [("1h", 1), ("24h", 24)])
def test_alerts_of_the_camera_pause_when_a_button_is_pressed(
    functions: Functions, stored: SmileStore, button: str, hours: int
) -> None:
    put(functions, "cam-1", cooldown_s=7)
    link = token("cam-1", stored().event_id)
    assert press(functions, link, f"for={button}") == (
        303,
        f"https://api.example/dev/alerts/{link}",
    )
    until = suspended_until(functions)
    assert until is not None
    expected = datetime.now(UTC) + timedelta(hours=hours)
    assert abs(until - expected) < timedelta(minutes=1)
    _, html = show(functions, link)
    assert f"Alerts of this camera are paused until {until:%H:%M}, " in html
    assert get(functions, "cam-1")["settings"]["cooldown_s"] == 7
    assert suspended_until(functions, "cam-2") is None


def test_alerts_are_sent_again_when_a_pause_is_ended(
    functions: Functions, stored: SmileStore
) -> None:
    link = token("cam-1", stored().event_id)
    press(functions, link, "for=24h")
    assert "Send alerts again" in show(functions, link)[1]
    assert press(functions, link, "for=end")[0] == 303
    assert suspended_until(functions) is None
    assert "paused until" not in show(functions, link)[1]


def test_the_pause_of_an_operator_stays_when_somebody_presses_a_button(
    functions: Functions, stored: SmileStore
) -> None:
    far = datetime(2999, 1, 1, tzinfo=UTC)
    put(functions, "cam-1", suspended_until=format_time(far))
    link = token("cam-1", stored().event_id)
    for form in ("for=1h", "for=end"):
        assert press(functions, link, form)[0] == 303
        assert suspended_until(functions) == far
    _, html = show(functions, link)
    assert "An operator has set this time" in html
    assert "Send alerts again" not in html


def test_the_pause_of_the_fleet_stays_when_it_is_longer(
    functions: Functions, stored: SmileStore
) -> None:
    put(functions, suspended_until="2999-01-01T00:00:00Z")
    link = token("cam-1", stored().event_id)
    press(functions, link, "for=1h")
    assert suspended_until(functions) == datetime(2999, 1, 1, tzinfo=UTC)
    assert "Send alerts again" not in show(functions, link)[1]


def test_a_pause_works_when_the_stored_time_is_null_or_over(
    functions: Functions, stored: SmileStore
) -> None:
    link = token("cam-1", stored().event_id)
    for before in (None, "2020-01-01T00:00:00Z"):
        put(functions, "cam-1", suspended_until=before)
        assert "paused until" not in show(functions, link)[1]
        press(functions, link, "for=1h")
        assert suspended_until(functions) is not None
        assert "paused until" in show(functions, link)[1]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_nothing_changes_when_a_mail_scanner_opens_the_link(
    functions: Functions, stored: SmileStore, method: str
) -> None:
    before = get(functions, "cam-1")
    assert show(functions, token("cam-1", stored().event_id), method)[0] == 200
    assert get(functions, "cam-1") == before


@pytest.mark.parametrize(
    "form",
    ["", "for=", "for=2h", "for=1h&for=24h", "hours=1", "for=1h&x=", "for=1h" + "&for=" * 30],
)
def test_nothing_changes_when_a_form_is_not_that_of_the_page(
    functions: Functions, stored: SmileStore, form: str
) -> None:
    link = token("cam-1", stored().event_id)
    assert press(functions, link, form)[0] == 400
    assert suspended_until(functions) is None


def test_the_page_can_still_pause_when_the_smile_is_not_stored(
    functions: Functions, stored: SmileStore
) -> None:
    deleted = stored(kept=timedelta(seconds=-1))  # DynamoDB has not deleted it yet
    for event_id in (smile_event().event_id, deleted.event_id):
        link = token("cam-1", event_id)
        status, html = show(functions, link)
        assert (status, "This smile is not stored" in html) == (404, True)
        assert press(functions, link, "for=1h")[0] == 303
    assert suspended_until(functions) is not None


def test_a_link_expires_after_seven_days(functions: Functions, stored: SmileStore) -> None:
    event_id = stored().event_id
    now = datetime.now(UTC)
    in_time = token("cam-1", event_id, now - timedelta(days=7) + timedelta(minutes=1))
    too_late = token("cam-1", event_id, now - timedelta(days=7, seconds=1))
    assert show(functions, in_time)[0] == 200
    status, html = show(functions, too_late)
    assert (status, "This link has expired" in html) == (410, True)
    assert press(functions, too_late, "for=1h")[0] == 410
    assert suspended_until(functions) is None


@pytest.mark.parametrize("name", ["page_bad_token", "pause_bad_token"])
def test_the_page_says_so_when_a_link_is_not_valid(functions: Functions, name: str) -> None:
    status, _, html = functions.browse(sample(f"alerts_api/{name}"))
    assert (status, "This link is not valid" in html) == (404, True)
    assert suspended_until(functions) is None


def test_a_link_with_a_slash_at_its_end_leads_to_the_page(
    functions: Functions, stored: SmileStore
) -> None:
    """Its buttons have addresses that are relative to the page."""
    link = token("cam-1", stored().event_id)
    status, headers, _ = functions.browse(request("GET", f"/alerts/{link}/"))
    assert status == 308
    page = "https://api.example/dev/alerts/"
    assert urljoin(f"{page}{link}/", headers["Location"]) == f"{page}{link}"
