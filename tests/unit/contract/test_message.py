"""A message holds one event or a batch; one invalid event does not reject the others."""

from __future__ import annotations

import json

import jsonschema
import pytest
from referencing import Registry, Resource

from smile_contract import (
    ContractError,
    Face,
    Model,
    SmileEvent,
    encode_message,
    events_topic,
    read_message,
    schema,
    status_topic,
)
from tests.helpers.events import smile_event
from tests.helpers.wire_samples import EVENT, event_with

AWS_IOT_MAX_BYTES = 128 * 1024


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    resources = [Resource.from_contents(schema(n)) for n in ("smile_event", "smile_message")]
    registry = Registry().with_resources((r.id() or "", r) for r in resources)
    return jsonschema.Draft202012Validator(schema("smile_message"), registry=registry)  # type: ignore[arg-type]


@pytest.mark.parametrize("count", [1, 2, 50])
def test_events_are_unchanged_after_a_message(
    count: int, validator: jsonschema.Draft202012Validator
) -> None:
    events = [smile_event(seq=seq) for seq in range(count)]
    message = json.loads(encode_message(events))
    validator.validate(message)
    assert ("events" in message) == (count > 1)
    assert b" " not in encode_message(events)
    assert read_message(message, device_id="cam-1") == (events, [])


def test_largest_batch_fits_the_limit_of_aws_iot() -> None:
    score = 2.2250738585072014e-308  # no float is longer in JSON
    largest = smile_event(
        device_id="d" * 128,
        seq=2**53 - 1,
        track_id=2**53 - 1,
        mean_score=score,
        peak_score=score,
        face=Face(score, (score, score, score, score)),
        model=Model("0" * 64, 0.12345678901234568, score),
        score_history=(score,) * 32,
    )
    assert len(encode_message([largest] * 50)) <= AWS_IOT_MAX_BYTES


@pytest.mark.parametrize("count", [0, 51])
def test_encoding_fails_when_the_batch_is_empty_or_too_large(count: int) -> None:
    with pytest.raises(
        ContractError, match=f"events: expected a list of 1 to 50 events, got {count}"
    ):
        encode_message([smile_event()] * count)


def test_encoding_fails_when_events_belong_to_two_devices() -> None:
    with pytest.raises(ContractError, match="events: expected events of one device"):
        encode_message([smile_event(), smile_event(device_id="cam-2")])


def test_event_is_rejected_when_the_topic_names_another_device() -> None:
    valid, rejected = read_message(EVENT, device_id="cam-2")
    assert not valid
    assert [str(bad.error) for bad in rejected] == [
        "device_id: expected the device id of the topic"
    ]


def test_valid_events_of_a_batch_are_kept_when_one_is_invalid() -> None:
    batch = {"schema_version": 1, "events": [EVENT, event_with("seq", -1), EVENT]}
    valid, rejected = read_message(batch, device_id="cam-1")
    assert valid == [SmileEvent.from_dict(EVENT)] * 2
    assert [(bad.index, bad.error.field) for bad in rejected] == [(1, "seq")]


@pytest.mark.parametrize("events", [[], [EVENT] * 51, "many", None])
def test_batch_is_rejected_when_its_size_is_wrong(
    events: object, validator: jsonschema.Draft202012Validator
) -> None:
    message = {"schema_version": 1, "events": events}
    with pytest.raises(ContractError, match="expected a list of 1 to 50 events, got") as caught:
        read_message(message, device_id="cam-1")
    assert caught.value.field == "events"
    assert not validator.is_valid(message)


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"schema_version": 2}, "schema_version"), ({"sender": "cam-1"}, "sender")],
)
def test_batch_is_rejected_when_another_field_is_wrong(
    changes: dict[str, object], field: str
) -> None:
    with pytest.raises(ContractError) as caught:
        read_message({"schema_version": 1, "events": [EVENT]} | changes, device_id="cam-1")
    assert caught.value.field == field


@pytest.mark.parametrize("message", [None, 3, "text", [EVENT]])
def test_message_is_rejected_when_it_is_not_an_object(message: object) -> None:
    with pytest.raises(ContractError, match="message: expected an object, got"):
        read_message(message, device_id="cam-1")


def test_the_error_speaks_of_the_event_when_an_item_of_a_batch_is_not_an_object() -> None:
    _, rejected = read_message({"schema_version": 1, "events": [5]}, device_id="cam-1")
    assert [str(bad.error) for bad in rejected] == ["event: expected an object, got 5"]


def test_event_is_rejected_when_it_has_no_field() -> None:
    valid, rejected = read_message({}, device_id="cam-1")
    assert not valid
    assert [(bad.index, bad.error.field) for bad in rejected] == [(0, "device_id")]


def test_topics_contain_the_device_id() -> None:
    assert events_topic("cam-1") == "smile/cam-1/events"
    assert status_topic("cam-1") == "smile/cam-1/status"


@pytest.mark.parametrize("device_id", ["", "a/b", "+", "#", "x" * 129, "café"])
def test_topic_is_refused_when_the_device_id_is_invalid(device_id: str) -> None:
    for topic in (events_topic, status_topic):
        with pytest.raises(
            ContractError, match="device_id: expected 1 to 128 of a-z A-Z 0-9 : _ -"
        ):
            topic(device_id)
