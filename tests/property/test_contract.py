"""Rules that hold for every event that a device can send, and for every other message."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from smile_contract import (
    ContractError,
    Face,
    Model,
    SmileEvent,
    encode_message,
    format_time,
    parse_time,
    read_message,
    schema,
    truncate_to_ms,
    uuid7,
    uuid7_lower_bound,
    uuid7_time,
)

SCORES = st.floats(0, 1)
INSTANTS = st.datetimes(datetime(1970, 1, 1), datetime(9998, 1, 1), timezones=st.just(UTC)).map(
    truncate_to_ms
)
_VALIDATOR = Draft202012Validator(schema("smile_event"))


@st.composite
def smile_events(draw: st.DrawFn, device_id: str = "cam-1") -> SmileEvent:
    started_at = draw(INSTANTS)
    duration_ms = draw(st.integers(0, 10**8))
    ended = draw(st.booleans())
    low, high = sorted(draw(st.tuples(SCORES, SCORES)))
    off = draw(st.floats(0, 0.5))
    return SmileEvent(
        event_id=uuid7(started_at),
        device_id=device_id,
        seq=draw(st.integers(0, 2**53 - 1)),
        phase="ended" if ended else "started",
        started_at=started_at,
        ended_at=started_at + timedelta(milliseconds=duration_ms) if ended else None,
        duration_ms=duration_ms,
        peak_score=high,
        mean_score=low,
        face=Face(draw(SCORES), draw(st.tuples(SCORES, SCORES, SCORES, SCORES))),
        track_id=draw(st.integers(0, 10**9)),
        model=Model("0f" * 32, draw(st.floats(0.51, 1)), off),
        score_history=tuple(draw(st.lists(SCORES, max_size=32))),
        clock=draw(st.sampled_from([None, "corrected"])),
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(smile_events(), min_size=1, max_size=5))
def test_events_are_unchanged_after_a_message(events: list[SmileEvent]) -> None:
    received = json.loads(encode_message(events))
    assert read_message(received, device_id="cam-1") == (events, [])


@given(smile_events())
def test_schema_accepts_every_event(event: SmileEvent) -> None:
    _VALIDATOR.validate(event.to_dict())


@given(smile_events(), st.data())
def test_code_rejects_what_the_schema_rejects(event: SmileEvent, data: st.DataObject) -> None:
    fields: dict[str, Any] = event.to_dict()
    name = data.draw(st.sampled_from(sorted(fields)))
    fields[name] = data.draw(JSON)
    try:
        SmileEvent.from_dict(fields)
    except ContractError:
        return
    assert _VALIDATOR.is_valid(fields)


@given(JSON)
def test_only_contract_errors_are_raised_when_the_message_is_arbitrary(message: object) -> None:
    try:
        read_message(message, device_id="cam-1")
    except ContractError as error:
        assert error.field
        assert len(str(error)) < 300


@given(INSTANTS)
def test_time_is_unchanged_after_text(at: datetime) -> None:
    assert parse_time(format_time(at)) == at


@given(INSTANTS, INSTANTS)
def test_ids_sort_as_their_times_do(one: datetime, other: datetime) -> None:
    id_one, id_other = uuid7(one), uuid7(other)
    if one != other:
        assert (id_one < id_other) == (one < other)
    assert uuid7_time(id_one) == one
    assert uuid7_lower_bound(one) <= id_one
    assert uuid.UUID(id_one).version == 7
    assert uuid.UUID(id_one).variant == uuid.RFC_4122
