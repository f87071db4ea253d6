from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smile_cloud.alert_messages.links import AlertLink, AlertLinks, LinkError
from smile_cloud.http.signed_cursor import SignedCursor
from smile_contract import DEVICE_ID_PATTERN, uuid7

SECRET = b"s" * 64
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LINKS = AlertLinks(SECRET)
DEVICES = st.from_regex(DEVICE_ID_PATTERN, fullmatch=True)


@given(device=DEVICES, at=st.datetimes(datetime(1970, 1, 1), datetime(9999, 1, 1)))
def test_a_link_names_what_it_was_made_for(device: str, at: datetime) -> None:
    event_id = uuid7(at.replace(tzinfo=UTC))
    token = LINKS.token(device, event_id, NOW)
    assert LINKS.read(token) == AlertLink(device, event_id, NOW + timedelta(days=7))
    assert re.fullmatch("[A-Za-z0-9_-]+", token)
    assert len(token) <= 220


@given(device=DEVICES, data=st.data())
def test_a_link_is_refused_when_one_character_differs(device: str, data: st.DataObject) -> None:
    token = LINKS.token(device, uuid7(NOW), NOW)
    at = data.draw(st.integers(0, len(token) - 1))
    alphabet = "ABCXYZabcxyz0189-_=+/ \né"
    other = data.draw(st.sampled_from(alphabet).filter(lambda c: c != token[at]))
    with pytest.raises(LinkError):
        LINKS.read(token[:at] + other + token[at + 1 :])


@given(text=st.text())
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(LinkError):
        LINKS.read(text)


def test_a_link_is_refused_when_it_is_cut_or_longer() -> None:
    token = LINKS.token("cam-1", uuid7(NOW), NOW)
    for other in (token[:-1], token[:-4], token + "=", token + "A", token + "AAAA"):
        with pytest.raises(LinkError):
            LINKS.read(other)


def test_a_link_is_refused_when_another_secret_signed_it() -> None:
    with pytest.raises(LinkError):
        LINKS.read(AlertLinks(b"o" * 64).token("cam-1", uuid7(NOW), NOW))


def test_the_key_of_links_differs_from_the_key_of_cursors() -> None:
    # Both come from one secret: nothing that the history API signs may open a page.
    assert LINKS._key != SECRET
    assert LINKS._key != SignedCursor(SECRET, "events")._key


def test_the_link_goes_to_the_api() -> None:
    event_id = uuid7(NOW)
    url = LINKS.url("https://a.example/dev", "cam-1", event_id, NOW)
    assert url == f"https://a.example/dev/alerts/{LINKS.token('cam-1', event_id, NOW)}"
    assert len(url) < 100
