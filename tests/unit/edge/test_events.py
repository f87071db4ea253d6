from __future__ import annotations

import json
from datetime import timedelta

import jsonschema

from edge_lambda.smiles.event_maker import EventMaker
from smile_contract import encode_message, schema, uuid7_time
from smile_contract.episodes.smile import Smile
from tests.helpers.events import MODEL, STARTED_AT, read_events
from tests.helpers.faces import track


def maker() -> EventMaker:
    return EventMaker("cam-1", MODEL, lambda at_ms: STARTED_AT + timedelta(milliseconds=at_ms))


def smile(phase: str, start_ms: float = 1234.5678, end_ms: float = 4000.1) -> Smile:
    return Smile(
        phase=phase,
        start_ms=start_ms,
        end_ms=end_ms,
        peak_score=0.90001,
        mean_score=0.85,
        score_history=(0.123456, 1.0),
    )


def test_both_events_of_a_smile_share_id_and_start() -> None:
    events = maker()
    started, ended = (events.make(track(), smile(phase)) for phase in ("started", "ended"))
    assert started.event_id == ended.event_id
    assert started.started_at == ended.started_at == STARTED_AT + timedelta(milliseconds=1234)
    assert uuid7_time(started.event_id) == started.started_at
    assert started.ended_at is None
    assert ended.duration_ms == 2766
    assert ended.ended_at == ended.started_at + timedelta(milliseconds=2766)


def test_event_describes_the_smile_the_face_and_the_model() -> None:
    event = maker().make(track(7, (0.12345678, 0.2, 0.3, 0.4), score=0.912345), smile("started"))
    assert (event.device_id, event.track_id, event.phase) == ("cam-1", 7, "started")
    assert (event.peak_score, event.mean_score) == (0.9, 0.85)
    assert event.score_history == (0.1235, 1.0)
    assert (event.face.score, event.face.box) == (0.9123, (0.1235, 0.2, 0.3, 0.4))
    assert event.model == MODEL


def test_next_smile_gets_another_id() -> None:
    events = maker()
    ids = [events.make(track(), smile(p)).event_id for p in ("started", "ended", "started")]
    assert ids[0] == ids[1] != ids[2]


def test_smiles_of_two_faces_get_different_ids() -> None:
    events = maker()
    ids = [events.make(track(number), smile("started")).event_id for number in (1, 2)]
    assert ids[0] != ids[1]


def test_event_meets_the_contract_when_the_face_leaves_the_frame() -> None:
    events = maker()
    for box in ((-0.1, 0.9, 0.3, 0.3), (0.9999999, -2.0, 5.0, 9.0), (1.5, 1.5, 0.1, 0.1)):
        body = json.loads(encode_message([events.make(track(box=box), smile("started"))]))
        jsonschema.validate(body, schema("smile_event"))
        read_events(body, device_id="cam-1")


def test_start_is_kept_when_the_clock_is_corrected_during_the_smile() -> None:
    offset = timedelta()
    events = EventMaker(
        "cam-1", MODEL, lambda at_ms: STARTED_AT + offset + timedelta(milliseconds=at_ms)
    )
    started = events.make(track(), smile("started"))
    offset = timedelta(hours=-1)
    ended = events.make(track(), smile("ended"))
    assert ended.started_at == started.started_at
    assert ended.duration_ms == 2766
