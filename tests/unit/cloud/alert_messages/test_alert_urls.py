from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import unquote, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from smile_cloud.alert_messages.alert_urls import AlertUrlMaker
from smile_cloud.alert_messages.links import AlertLinks
from tests.helpers.events import smile_event

API = "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/prod"
NOW = datetime(2026, 11, 22, 17, 33, tzinfo=UTC)
LINKS = AlertLinks(b"s" * 64)


@given(st.from_regex(r"[a-zA-Z0-9:_-]{1,128}", fullmatch=True))
def test_mail_programs_keep_the_whole_link_to_a_smile(device_id: str) -> None:
    event = smile_event(device_id=device_id)
    url = AlertUrlMaker(LINKS, has_dashboard=True).urls(API, event, NOW).smile
    # RFC 3986: one fragment, and characters that need no other escapes.
    assert re.fullmatch(r"https://[a-z0-9.-]+/prod/#(/[\w%-]+){4}", url), url
    # RFC 5322, 2.1.1: a line has at most 998 characters.
    assert len(url) < 998
    path = urlsplit(url).fragment.split("/")
    assert [unquote(part) for part in path] == ["", "devices", device_id, "events", event.event_id]
