from __future__ import annotations

from datetime import UTC, datetime

import pytest

from smile_cloud.history_api.query import HistoryQuery
from smile_cloud.history_api.requests import PARAMETERS, GetEvent, ListEvents
from smile_cloud.http.errors import QueryError
from smile_contract import uuid7_lower_bound

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
EVENT_ID = uuid7_lower_bound(NOON)


def test_all_events_are_requested_when_there_are_no_parameters() -> None:
    request = ListEvents.parse({})
    assert (request.query, request.limit, request.cursor) == (HistoryQuery(), None, None)


def test_each_parameter_is_used_when_all_are_given() -> None:
    request = ListEvents.parse(
        {
            "device": ["cam:1_a-B"],
            "from": ["2026-11-22T18:00:00+01:00"],
            "to": ["2026-11-22T18:00:00Z"],
            "min_score": ["0.75"],
            "min_duration_ms": ["1500"],
            "in_progress": ["false"],
            "order": ["oldest_first"],
            "limit": ["500"],
            "cursor": ["anything"],
        }
    )
    start = datetime(2026, 11, 22, 17, tzinfo=UTC)
    assert request.query == HistoryQuery(
        "cam:1_a-B", start, start.replace(hour=18), 0.75, 1500, False, True
    )
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
        ({"min_score": ["1.5"], "min_duration_ms": ["-1"]}, ["min_score", "min_duration_ms"]),
        ({"min_duration_ms": ["86400001"]}, ["min_duration_ms"]),
        ({"in_progress": ["yes"], "order": ["desc"]}, ["in_progress", "order"]),
    ],
)
def test_every_bad_parameter_is_named_when_a_request_is_refused(
    parameters: dict[str, list[str]], named: list[str]
) -> None:
    with pytest.raises(QueryError) as caught:
        ListEvents.parse(parameters)
    assert [problem.parameter for problem in caught.value.problems] == named


TIME_EXPECTED = (
    "expected an RFC 3339 time with its offset, such as 2026-11-22T17:33:00Z "
    "or 2026-11-22T18:33:00.250+01:00 (write + as %2B in a URL)."
)
DEVICE_EXPECTED = "expected 1 to 128 of the characters a-z A-Z 0-9 : _ -"


@pytest.mark.parametrize(
    ("parameters", "detail"),
    [
        ({"devise": ["1"]}, f"unknown parameter, expected {', '.join(PARAMETERS)}."),
        ({"device": [""]}, f"{DEVICE_EXPECTED}; leave it out for all devices."),
        ({"device": ["a", "b"]}, "given more than once, give it once."),
        ({"from": ["now"]}, TIME_EXPECTED),
        ({"limit": ["0"]}, "expected a whole number from 1 to 500."),
        (
            {"from": ["2026-11-22T18:00:00Z"], "to": ["2026-11-21T18:00:00Z"]},
            "expected a time that is not before from.",
        ),
    ],
)
def test_the_error_says_what_to_send_when_a_parameter_is_bad(
    parameters: dict[str, list[str]], detail: str
) -> None:
    with pytest.raises(QueryError) as caught:
        ListEvents.parse(parameters)
    assert [problem.detail for problem in caught.value.problems] == [detail]


@pytest.mark.parametrize("limit", [1, 500])
def test_a_limit_is_accepted_when_it_is_from_1_to_500(limit: int) -> None:
    assert ListEvents.parse({"limit": [str(limit)]}).limit == limit


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("1960-01-01T00:00:00Z", "1965-01-01T00:00:00Z"),
        ("2026-11-22T18:00:00.0001Z", "2026-11-22T18:00:00.0002Z"),
    ],
)
def test_a_range_is_accepted_when_no_event_can_lie_in_it(start: str, end: str) -> None:
    query = ListEvents.parse({"from": [start], "to": [end]}).query
    assert query.start == query.end


def test_the_error_is_short_when_a_thousand_parameters_are_unknown() -> None:
    with pytest.raises(QueryError) as caught:
        ListEvents.parse({f"p{number}": ["1"] for number in range(1000)})
    assert len(caught.value.problems) == 10


def test_the_error_is_short_when_an_unknown_parameter_has_a_long_name() -> None:
    with pytest.raises(QueryError) as caught:
        ListEvents.parse({"x" * 10_000: ["1"]})
    assert [problem.parameter for problem in caught.value.problems] == ["x" * 40]


def test_fingerprints_differ_when_any_part_of_the_query_does() -> None:
    at = datetime(2026, 11, 22, 17, tzinfo=UTC)
    queries = [
        HistoryQuery(),
        HistoryQuery("cam-1"),
        HistoryQuery("cam-2"),
        HistoryQuery("cam-1", at),
        HistoryQuery("cam-1", None, at),
        HistoryQuery(None, at),
        HistoryQuery(min_score=0.0),
        HistoryQuery(min_score=0.5),
        HistoryQuery(min_duration_ms=0),
        HistoryQuery(in_progress=False),
        HistoryQuery(in_progress=True),
        HistoryQuery(oldest_first=True),
    ]
    assert len({query.fingerprint() for query in queries}) == len(queries)


def test_an_event_id_is_understood_when_it_is_written_in_capitals() -> None:
    assert GetEvent.parse("cam-1", EVENT_ID.upper()) == GetEvent("cam-1", EVENT_ID)


@pytest.mark.parametrize(
    ("device", "event_id", "named"),
    [
        ("cam 1", EVENT_ID, ["device"]),
        ("cam-1", "42", ["event_id"]),
        ("cam-1", EVENT_ID.replace("-", ""), ["event_id"]),
        ("", "9c5b94b1-35ad-49bb-b118-8e8fc24abf80", ["device", "event_id"]),
    ],
)
def test_every_bad_id_is_named_when_a_path_cannot_exist(
    device: str, event_id: str, named: list[str]
) -> None:
    with pytest.raises(QueryError) as caught:
        GetEvent.parse(device, event_id)
    details = {
        "device": f"{DEVICE_EXPECTED}.",
        "event_id": "expected a UUIDv7, such as an event_id of GET /v1/events.",
    }
    found = [(problem.parameter, problem.detail) for problem in caught.value.problems]
    assert found == [(name, details[name]) for name in named]
