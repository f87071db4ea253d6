from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import jsonschema
import numpy as np

from edge_lambda.faces.observation import Observation
from edge_lambda.faces.tracker import Track
from edge_lambda.smiles.episode import Smile
from edge_lambda.smiles.event_maker import EventMaker
from smile_contract import Model, encode_message, schema, uuid7_time
from tests.helpers.events import read_events

START = datetime(2026, 1, 1, tzinfo=UTC)
MODEL = Model("0" * 64, 0.6, 0.4)


def maker() -> EventMaker:
    return EventMaker("cam-1", MODEL, lambda at_ms: START + timedelta(milliseconds=at_ms))


def track(number: int = 1, box: tuple[float, float, float, float] = (0.1, 0.2, 0.3, 0.4)) -> Track:
    return Track(number, Observation(box, 0.9, np.zeros((6, 2), np.float32)), 0.0, 0.0)


def smile(phase: str, start_ms: float = 1234.5678, end_ms: float = 4000.1) -> Smile:
    return Smile(
        phase=phase,
        start_ms=start_ms,
        end_ms=end_ms,
        peak_score=0.90001,
        mean_score=0.9,
        score_history=(0.123456, 1.0),
    )


def test_both_events_share_id_and_start() -> None:
    events = maker()
    started, ended = (events.make(track(), smile(phase)) for phase in ("started", "ended"))
    assert started.event_id == ended.event_id
    assert started.started_at == ended.started_at == START + timedelta(milliseconds=1234)
    assert uuid7_time(started.event_id) == started.started_at
    assert ended.duration_ms == 2766
    assert started.ended_at is None


def test_next_smile_gets_an_id_of_its_own() -> None:
    events = maker()
    ids = [events.make(track(), smile(p)).event_id for p in ("started", "ended", "started")]
    other = events.make(track(2), smile("started")).event_id
    assert len({*ids, other}) == 3


def test_event_meets_the_contract_when_face_leaves_the_frame() -> None:
    events = maker()
    for box in ((-0.1, 0.9, 0.3, 0.3), (0.9999999, -2.0, 5.0, 9.0), (1.5, 1.5, 0.1, 0.1)):
        body = json.loads(encode_message([events.make(track(box=box), smile("started"))]))
        jsonschema.validate(body, schema("smile_event"))
        read_events(body, device_id="cam-1")


def test_start_stands_when_the_clock_is_corrected_in_between() -> None:
    offset = timedelta()
    events = EventMaker(
        "cam-1", MODEL, lambda at_ms: START + offset + timedelta(milliseconds=at_ms)
    )
    started = events.make(track(), smile("started"))
    offset = timedelta(hours=-1)
    ended = events.make(track(), smile("ended"))
    assert ended.started_at == started.started_at
    assert ended.duration_ms == 2766
