"""The check at the end of a run: stored events, the smiles of the bundled clip, the summary."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from local.report.ground_truth import Episode, Match, compare, load_episodes
from local.report.run_check import RunCheck, check_run
from local.report.run_log import RunLog
from local.report.summary import check_lines, truth_lines
from local.run.options import DEFAULT_CLIP

START = datetime(2026, 1, 1, tzinfo=UTC)
ID = "01890000-0000-7000-8000-00000000000"
SENT = {
    "event_id": f"{ID}1",
    "device_id": "cam-1",
    "phase": "ended",
    "started_at": "2026-01-01T00:00:01.000Z",
    "ended_at": "2026-01-01T00:00:02.000Z",
    "duration_ms": 1000,
    "peak_score": 0.9,
    "mean_score": 0.8,
    "track_id": 1,
}


def event(number: int, start: str, end: str) -> dict[str, Any]:
    return {
        "event_id": f"{ID}{number}",
        "started_at": f"2026-01-01T00:00:{start}Z",
        "ended_at": f"2026-01-01T00:00:{end}Z",
    }


def check(sent: Mapping[str, Any], *answers: Mapping[str, Any] | None) -> RunCheck:
    """Check one event; the API gives these answers in turn, and the last one again and again."""
    given = list(answers)
    timeout_s = 5.0 if len(answers) > 1 else 0.0
    read = lambda _: given.pop(0) if len(given) > 1 else given[0]  # noqa: E731
    return check_run({f"{ID}1": sent}, read, timeout_s)


def test_event_is_good_when_the_table_has_it_and_fields_of_the_cloud() -> None:
    found = check(SENT, {**SENT, "peak_score": 0.9 + 1e-9, "expires_at": 5})
    assert found.good
    assert list(found.stored) == [f"{ID}1"]


def test_event_is_good_when_it_is_stored_after_a_while() -> None:
    found = check(SENT, None, {**SENT, "phase": "started"}, SENT)
    assert found.good
    assert (found.missing, found.different) == ([], {})


def test_event_is_missing_when_it_is_never_stored() -> None:
    found = check(SENT, None)
    assert not found.good
    assert found.missing == [f"{ID}1"]


@pytest.mark.parametrize(
    "change",
    [
        {"device_id": "cam-2"},
        {"phase": "started"},
        {"started_at": "2026-01-01T00:00:01.001Z"},
        {"ended_at": None},
        {"duration_ms": 1001},
        {"peak_score": 0.90001},
        {"mean_score": 0.7},
        {"track_id": 2},
    ],
)
def test_event_is_different_when_a_field_is(change: dict[str, Any]) -> None:
    found = check(SENT, {**SENT, **change})
    [(field, value)] = change.items()
    assert not found.good
    assert found.different == {f"{ID}1": f"{field} is {value!r}, sent as {SENT[field]!r}"}


def test_event_is_different_when_the_edge_never_sent_its_end() -> None:
    started = {**SENT, "phase": "started"}
    assert check(started, started).different == {f"{ID}1": "the edge did not send its end"}


def test_run_is_not_good_when_a_queue_has_a_message() -> None:
    assert not RunCheck(dead_letters={"DeadLetterQueue": 1}).good
    assert RunCheck(dead_letters={"DeadLetterQueue": 0}).good


def test_summary_names_what_is_missing_different_and_in_which_queue() -> None:
    found = RunCheck(
        missing=[f"{ID}1"],
        different={f"{ID}2": "phase is 'a', sent as 'b'"},
        dead_letters={"DeadLetterQueue": 2, "Other": 0},
    )
    text = "\n".join(check_lines(RunLog(), found))
    assert f"not stored                 {ID}1" in text
    assert f"stored differently         {ID}2: phase is 'a', sent as 'b'" in text
    assert "dead letters               2 in DeadLetterQueue" in text
    assert "dead letters               0" in "\n".join(check_lines(RunLog(), RunCheck()))


def test_smile_gets_the_nearest_event_and_each_event_is_used_once() -> None:
    episodes = [
        Episode("Noor", 1000, 3000),
        Episode("Robin", 1200, 3200),
        Episode("Noor", 9000, 11000),
    ]
    stored = [
        event(1, "01.250", "03.190"),
        event(2, "00.990", "03.050"),
        event(3, "20.000", "21.000"),
    ]
    matches, extra = compare(episodes, stored, START)
    assert [m.event_id for m in matches] == [f"{ID}2", f"{ID}1", None]
    assert (matches[0].start_error_ms, matches[0].end_error_ms) == (-10, 50)
    assert extra == [f"{ID}3"]
    text = "\n".join(truth_lines(matches, extra))
    assert "3, found 2, false alarms 1" in text
    assert "not found" in text
    assert f"false alarm {ID}3" in text


@pytest.mark.parametrize(("second", "found"), [("02.900", True), ("03.100", False)])
def test_event_belongs_to_a_smile_when_it_starts_within_two_seconds(
    second: str, found: bool
) -> None:
    matches, _ = compare([Episode("Noor", 1000, 5000)], [event(1, second, "05.000")], START)
    assert (matches[0].event_id is not None) is found


@pytest.mark.parametrize(
    ("start_ms", "end_ms", "close"),
    [(500, -500, True), (-501, 0, False), (0, 501, False)],
)
def test_event_is_close_when_both_ends_are_within_half_a_second(
    start_ms: int, end_ms: int, close: bool
) -> None:
    match = Match(Episode("Noor", 1000, 5000), f"{ID}1", start_ms, end_ms)
    assert match.is_close is close
    assert ("more than half a second off" in truth_lines([match], [])[1]) is not close


def test_smile_is_not_close_when_it_has_no_event() -> None:
    assert not Match(Episode("Noor", 1000, 5000)).is_close


def test_smiles_of_the_bundled_clip_have_people_and_times() -> None:
    episodes = load_episodes(DEFAULT_CLIP)
    assert len({episode.person for episode in episodes}) >= 2
    assert all(0 <= episode.start_ms < episode.end_ms for episode in episodes)
