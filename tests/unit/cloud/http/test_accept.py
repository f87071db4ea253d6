from __future__ import annotations

import pytest

from smile_cloud.http.accept import NotAcceptableError, choose_media_type

AVAILABLE = ("application/json", "text/csv", "application/x-ndjson")
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, "application/json"),
        ("", "application/json"),
        ("*/*", "application/json"),
        (BROWSER, "application/json"),
        ("text/csv", "text/csv"),
        ("TEXT/CSV", "text/csv"),
        ("text/*", "text/csv"),
        ("application/*", "application/json"),
        ("application/x-ndjson, text/csv;q=0.9", "application/x-ndjson"),
        ("text/csv; q=0.5, application/x-ndjson ;q=0.6", "application/x-ndjson"),
        ("text/csv, application/json", "application/json"),
        ("*/*, application/json;q=0", "text/csv"),
        ("*/*;q=0.1, application/*;q=0, application/x-ndjson;q=0.2", "application/x-ndjson"),
        ("text/csv; header=absent", "text/csv"),
        ("text/csv;q=2, application/json;q=0.1", "application/json"),
        ("nonsense, text/csv;q=0.001", "text/csv"),
    ],
)
def test_the_best_media_type_is_chosen_when_a_client_accepts_some(
    accept: str | None, chosen: str
) -> None:
    assert choose_media_type(accept, AVAILABLE) == chosen


@pytest.mark.parametrize("accept", ["text/html", "text/csv;q=0", "*/*;q=0.0", "nonsense", "text"])
def test_the_error_names_what_there_is_when_a_client_accepts_nothing_of_it(accept: str) -> None:
    with pytest.raises(NotAcceptableError) as caught:
        choose_media_type(accept, AVAILABLE)
    assert caught.value.STATUS == 406
    assert str(caught.value) == (
        "Accept: expected application/json, text/csv, application/x-ndjson, or no such header."
    )
