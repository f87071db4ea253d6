from __future__ import annotations

from datetime import UTC, datetime

import pytest

from smile_cloud import QueryError
from smile_cloud.history_api.query import HistoryQuery, parse_history_request
from smile_cloud.history_api.rfc3339 import parse_rfc3339
from smile_contract import format_time


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-22T17:33:00Z", "2026-11-22T17:33:00.000Z"),
        ("2026-11-22t17:33:00z", "2026-11-22T17:33:00.000Z"),
        ("2026-11-22T18:33:00.250+01:00", "2026-11-22T17:33:00.250Z"),
        ("2026-11-22T18:33:00.250 01:00", "2026-11-22T17:33:00.250Z"),
        ("2026-11-22T10:03:00-07:30", "2026-11-22T17:33:00.000Z"),
        ("2026-11-22T17:33:00.0000001Z", "2026-11-22T17:33:00.001Z"),
        ("2026-11-22T17:33:00.9999Z", "2026-11-22T17:33:01.000Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"),
        ("0001-01-01T00:00:00+23:59", "1970-01-01T00:00:00.000Z"),
        ("1969-12-31T23:59:59Z", "1970-01-01T00:00:00.000Z"),
        ("9999-12-31T23:59:59.9999-01:00", "9999-12-31T23:59:59.999Z"),
    ],
)
def test_any_rfc3339_time_is_understood_when_it_names_its_offset(text: str, instant: str) -> None:
    assert format_time(parse_rfc3339(text)) == instant


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-11-22",
        "2026-11-22T17:33:00",
        "2026-11-22 17:33:00Z",
        "2026-11-22T17:33Z",
        "2026-11-22T17:33:00,5Z",
        "2026-13-22T17:33:00Z",
        "2026-02-29T17:33:00Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T17:33:61Z",
        "2026-11-22T17:33:00+24:00",
        "2026-11-22T17:33:00+01:60",
        "2026-11-22T17:33:00+0100",
        "\uff12026-11-22T17:33:00Z",
        "2026-11-22T17:33:00Z\n",
        "1795368783",
    ],
)
def test_anything_else_is_refused_when_a_time_is_expected(text: str) -> None:
    with pytest.raises(ValueError):
        parse_rfc3339(text)


def test_everything_is_asked_for_when_there_are_no_parameters() -> None:
    request = parse_history_request({})
    assert (request.query, request.limit, request.cursor) == (HistoryQuery(), 50, None)


def test_each_parameter_arrives_when_all_are_given() -> None:
    request = parse_history_request(
        {
            "device": ["cam:1_a-B"],
            "from": ["2026-11-22T18:00:00+01:00"],
            "to": ["2026-11-22T18:00:00Z"],
            "limit": ["500"],
            "cursor": ["anything"],
        }
    )
    start = datetime(2026, 11, 22, 17, tzinfo=UTC)
    assert request.query == HistoryQuery("cam:1_a-B", start, start.replace(hour=18))
    assert (request.limit, request.cursor) == (500, "anything")


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"devise": ["cam-1"]}, ["devise"]),
        ({"a": ["1"], "b": ["2"], "limit": ["0"]}, ["a", "b", "limit"]),
        ({"device": ["cam-1", "cam-2"]}, ["device"]),
        ({"device": [""]}, ["device"]),
        ({"device": ["../x"]}, ["device"]),
        ({"device": ["c" * 129]}, ["device"]),
        ({"from": ["now"], "to": [""]}, ["from", "to"]),
        ({"from": ["2026-11-22T18:00:00Z"], "to": ["2026-11-22T18:59:59+01:00"]}, ["to"]),
        ({"limit": ["501"]}, ["limit"]),
        ({"limit": ["-1"]}, ["limit"]),
        ({"limit": ["1_0"]}, ["limit"]),
        ({"limit": ["\u0665"]}, ["limit"]),
        ({"limit": ["1.0"]}, ["limit"]),
    ],
)
def test_every_bad_parameter_is_named_when_a_request_is_refused(
    parameters: dict[str, list[str]], named: list[str]
) -> None:
    with pytest.raises(QueryError) as caught:
        parse_history_request(parameters)
    assert [problem.parameter for problem in caught.value.problems] == named


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("1960-01-01T00:00:00Z", "1965-01-01T00:00:00Z"),
        ("2026-11-22T18:00:00.0001Z", "2026-11-22T18:00:00.0002Z"),
    ],
)
def test_a_range_is_no_error_when_no_event_can_lie_in_it(start: str, end: str) -> None:
    query = parse_history_request({"from": [start], "to": [end]}).query
    assert query.start == query.end


def test_the_answer_stays_short_when_a_thousand_parameters_are_unknown() -> None:
    with pytest.raises(QueryError) as caught:
        parse_history_request({f"p{number}": ["1"] for number in range(1000)})
    assert len(caught.value.problems) == 10


def test_two_queries_differ_when_any_part_does() -> None:
    at = datetime(2026, 11, 22, 17, tzinfo=UTC)
    queries = [
        HistoryQuery(),
        HistoryQuery("cam-1"),
        HistoryQuery("cam-2"),
        HistoryQuery("cam-1", at),
        HistoryQuery("cam-1", None, at),
        HistoryQuery(None, at),
    ]
    assert len({query.fingerprint() for query in queries}) == len(queries)
