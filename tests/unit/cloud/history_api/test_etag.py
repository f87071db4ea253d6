"""Polling: a client that has the answer gets 304."""

from __future__ import annotations

from typing import Any

import pytest

from tests.helpers.api_requests import list_request
from tests.helpers.functions import Functions
from tests.helpers.rule_events import received_now, sample


@pytest.fixture
def stored(functions: Functions) -> Functions:
    functions.invoke("store_event", received_now(sample("store_event/batch")))
    return functions


def get(functions: Functions, query: str = "", **headers: str) -> tuple[int, dict[str, str], str]:
    return functions.browse(list_request(query, **headers), "history_api")


def test_an_unchanged_page_is_not_sent_again_when_the_client_has_it(stored: Functions) -> None:
    status, headers, body = get(stored, "limit=2")
    assert (status, headers["Cache-Control"]) == (200, "private, no-cache")
    assert body
    again, repeated, nothing = get(stored, "limit=2", If_None_Match=headers["ETag"])
    assert (again, nothing) == (304, "")
    for name in ("ETag", "Cache-Control", "Link", "Vary"):
        assert repeated[name] == headers[name]
    assert "Content-Type" not in repeated


@pytest.mark.parametrize("form", ["{tag}", '"a,b", {tag}', '{tag} , W/"x"', "{strong}", "*", " * "])
def test_every_form_of_the_header_is_understood(stored: Functions, form: str) -> None:
    tag = get(stored)[1]["ETag"]
    given = form.format(tag=tag, strong=tag.removeprefix("W/"))
    assert get(stored, If_None_Match=given)[0] == 304


@pytest.mark.parametrize("given", ['W/"other"', "", "bare", '"'])
def test_the_page_is_sent_when_the_client_has_another_one(stored: Functions, given: str) -> None:
    assert get(stored, If_None_Match=given)[0] == 200


def test_the_page_is_sent_again_when_a_smile_has_arrived(functions: Functions) -> None:
    tag = get(functions)[1]["ETag"]
    functions.invoke("store_event", received_now(sample("store_event/ended")))
    status, headers, _ = get(functions, If_None_Match=tag)
    assert status == 200
    assert headers["ETag"] != tag


def test_formats_have_tags_of_their_own(stored: Functions) -> None:
    tags = {
        get(stored, Accept=kind)[1]["ETag"]
        for kind in ("application/json", "text/csv", "application/x-ndjson")
    }
    assert len(tags) == 3


def test_the_last_part_is_sent_again_when_another_part_follows_it(functions: Functions) -> None:
    query = "order=oldest_first&limit=1"
    functions.invoke("store_event", received_now(sample("store_event/ended")))
    _, headers, body = get(functions, query, Accept="text/csv")
    assert "Link" not in headers
    functions.invoke("store_event", received_now(sample("store_event/batch")))
    status, later, same = get(functions, query, Accept="text/csv", If_None_Match=headers["ETag"])
    assert (status, same) == (200, body)
    assert 'rel="next"' in later["Link"]


def test_one_smile_is_not_sent_again_when_the_client_has_it(stored: Functions) -> None:
    request: dict[str, Any] = sample("history_api/get")
    status, headers, _ = stored.browse(request, "history_api")
    assert status == 200
    given = {"If-None-Match": headers["ETag"]}
    again = request | {"headers": request["headers"] | given}
    assert stored.browse(again, "history_api")[0] == 304


def test_an_error_has_no_tag(functions: Functions) -> None:
    status, headers, _ = get(functions, "limit=0", If_None_Match="*")
    assert status == 400
    assert "ETag" not in headers
    assert headers["Cache-Control"] == "no-store"
