"""Events as CSV and NDJSON, in parts that fit into an answer of Lambda."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from smile_cloud.history_api.event_lines import LINES, Csv
from smile_cloud.history_api.event_view import FIELDS
from smile_cloud.history_api.export import MAX_BYTES, ExportPart
from smile_contract import Face, schema
from tests.helpers.api_requests import list_request
from tests.helpers.aws_calls import watched
from tests.helpers.events import smile_event
from tests.helpers.functions import Functions
from tests.helpers.history import NOON, History
from tests.helpers.rule_events import received_now, sample

CSV, NDJSON = "text/csv", "application/x-ndjson"
LAMBDA_LIMIT = 6 * 1024 * 1024


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def longest_event(number: int = 0) -> dict[str, Any]:
    """Return a stored event whose values are as long as they get."""
    event = smile_event(
        started_at=NOON + timedelta(milliseconds=number),
        device_id="d" * 128,
        peak_score=0.123456789012345678,
        mean_score=0.123456789012345678,
        face=Face(0.123456789012345678, (0.1234567890123456,) * 4),
        score_history=tuple([0.1234567890123456] * 32),
        seq=2**53 - 1,
        track_id=2**53 - 1,
        clock="corrected",
    )
    return event.to_dict() | {"received_at": "2026-11-22T12:00:00.000Z"}


@pytest.fixture
def stored(functions: Functions) -> Functions:
    functions.invoke("store_event", received_now(sample("store_event/batch")))
    return functions


def test_each_line_is_an_event_of_the_list_when_ndjson_is_accepted(stored: Functions) -> None:
    _, _, page = stored.ask(list_request())
    status, headers, body = stored.browse(list_request(Accept=NDJSON), "history_api")
    assert (status, headers["Content-Type"]) == (200, NDJSON)
    assert [json.loads(line) for line in body.splitlines()] == page["events"]
    assert body.endswith("\n")
    assert "Link" not in headers


def test_each_record_holds_all_values_when_csv_is_accepted(stored: Functions) -> None:
    _, _, page = stored.ask(list_request())
    status, headers, body = stored.browse(list_request(Accept=CSV), "history_api")
    assert (status, headers["Content-Type"]) == (200, "text/csv; charset=utf-8; header=present")
    assert "\n" not in body.replace("\r\n", ""), "RFC 4180 ends lines with CRLF"
    found = rows(body)
    assert len(found) == len(page["events"])
    for row, event in zip(found, page["events"], strict=True):
        assert row["event_id"] == event["event_id"]
        assert row["ended_at"] == event.get("ended_at", "")
        assert float(row["peak_score"]) == event["peak_score"]
        assert row["face.score"] == str(event["face"]["score"])
        assert [float(one) for one in row["face.box"].split()] == event["face"]["box"]
        assert [float(one) for one in row["score_history"].split()] == event["score_history"]
        assert row["model.sha256"] == event["model"]["sha256"]


def test_the_csv_has_a_column_for_every_value_of_the_contract() -> None:
    header = next(csv.reader([Csv().head()]))
    fields = schema("smile_event")["properties"]
    nested = {
        name: list(field["properties"]) for name, field in fields.items() if "properties" in field
    }
    assert nested == {"face": ["score", "box"], "model": list(fields["model"]["properties"])}
    nested["feedback"] = ["verdict", "at"]
    expected = [
        column
        for name in FIELDS
        for column in [f"{name}.{part}" for part in nested.get(name, [])] or [name]
    ]
    assert header == expected


def test_the_csv_shows_feedback_without_its_free_text() -> None:
    feedback = {"verdict": "not_smile", "by": "=cmd()", "at": "2026-11-22T17:40:00.250Z"}
    text = Csv().head() + Csv().line(longest_event() | {"feedback": feedback})
    [row] = rows(text)
    assert (row["feedback.verdict"], row["feedback.at"]) == ("not_smile", feedback["at"])
    assert "cmd" not in text


@pytest.mark.parametrize("media_type", [CSV, NDJSON])
def test_the_parts_are_the_whole_list_when_links_are_followed(
    stored: Functions, media_type: str
) -> None:
    whole = stored.browse(list_request(Accept=media_type), "history_api")[2]
    parts, query = "", "?limit=1"
    while query:
        _, headers, body = stored.browse(list_request(query, Accept=media_type), "history_api")
        parts += body
        link = re.fullmatch('<(.*)>; rel="next"', headers.get("Link", ""))
        query = link[1] if link else ""
        if media_type == CSV and query and "cursor" in query:
            later = stored.browse(list_request(query, Accept=media_type), "history_api")[1]
            assert later["Content-Type"].endswith("header=absent")
    assert parts == whole, "the header comes once"


def test_json_pages_have_the_link_too(stored: Functions) -> None:
    _, headers, page = stored.ask(list_request("?limit=1&device=cam-1"))
    assert headers["Link"] == (f'<?limit=1&device=cam-1&cursor={page["next_cursor"]}>; rel="next"')
    assert headers["Vary"] == "Accept"


def test_the_answer_says_what_there_is_when_a_client_accepts_nothing_of_it(
    functions: Functions,
) -> None:
    status, headers, document = functions.ask(list_request(Accept="text/html"))
    assert (status, headers["Content-Type"]) == (406, "application/problem+json")
    assert document["detail"] == (
        "Accept: expected application/json, text/csv, application/x-ndjson, or no such header."
    )


@pytest.mark.parametrize("media_type", [CSV, NDJSON])
def test_a_part_fits_into_an_answer_of_lambda_when_events_are_long(media_type: str) -> None:
    part = ExportPart(LINES[media_type], None, has_head=True)
    added = 0
    while part.add(longest_event(added)):
        added += 1
    assert added > 2000
    assert len(json.dumps(part.body)) > MAX_BYTES - 20_000
    assert len(json.dumps({"body": part.body})) + 2000 < LAMBDA_LIMIT
    assert len(base64.b64encode(part.body.encode())) + 2000 < LAMBDA_LIMIT
    assert part.body.count("\n") == added + (media_type == CSV)


def test_every_part_makes_progress_when_there_is_no_time(aws: SimpleNamespace, table: str) -> None:
    history = History(aws.dynamodb, table)
    events = [smile_event(started_at=NOON - timedelta(days=n)) for n in range(3)]
    events += [smile_event(started_at=NOON - timedelta(days=3, seconds=n)) for n in range(60)]
    history.store_many(events[3:])
    history.store(*events[:3])
    parts = history.export(NDJSON, limit="20", remaining_ms=0)
    assert len(parts) > 3
    assert [json.loads(line)["event_id"] for part in parts for line in part.splitlines()] == [
        event.event_id for event in events
    ]


def test_one_round_of_queries_reads_hundreds_of_events(aws: SimpleNamespace, table: str) -> None:
    history = History(aws.dynamodb, table)
    events = [smile_event(started_at=NOON - timedelta(seconds=n)) for n in range(700)]
    history.store_many(events)
    with watched(aws.dynamodb, "Query") as queries:
        [part] = history.export(NDJSON)
    assert part.count("\n") == 700
    assert len(queries) <= 1 + 4 + 4
