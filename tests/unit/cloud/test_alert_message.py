from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from smile_cloud.send_alert.alert_message import compose
from smile_contract import SmileEvent

Build = Callable[..., SmileEvent]
API = "https://a1b2c3.execute-api.eu-central-1.amazonaws.com/dev"
AT = datetime(2026, 11, 22, 17, 33, 0, 250_000, tzinfo=UTC)


def test_one_glance_is_enough_when_a_smile_starts(smile: Build) -> None:
    event = smile(AT)
    message = compose(event, untold=0, last_sent_at=None, api_url=API)
    assert message.subject == "Smile on cam-1 at 17:33 UTC"
    assert message.body == (
        "cam-1 saw a smile at 17:33:00 UTC on 2026-11-22, score 0.91 of 1.\n"
        "\n"
        "Details (send your API key as x-api-key):\n"
        f"{API}/v1/devices/cam-1/events/{event.event_id}\n"
    )


def test_the_untold_smiles_are_told_when_there_were_any(smile: Build) -> None:
    before = datetime(2026, 11, 22, 17, 20, tzinfo=UTC)
    one = compose(smile(AT), untold=1, last_sent_at=before, api_url=API)
    assert "\n1 more smile since the last alert at 17:20 UTC not announced" in one.body
    assert "\n4 more smiles " in compose(smile(AT), untold=4, last_sent_at=None, api_url=API).body


def test_the_duration_is_told_when_the_end_came_first(smile: Build) -> None:
    message = compose(smile(AT, phase="ended"), untold=0, last_sent_at=None, api_url=API)
    assert "\nIt lasted 2.8 s.\n" in message.body


def test_filters_have_what_they_need_when_an_alert_is_published(smile: Build) -> None:
    event = smile(AT)
    attributes = compose(event, untold=0, last_sent_at=None, api_url=API).attributes
    assert attributes == {
        "device_id": {"DataType": "String", "StringValue": "cam-1"},
        "event_id": {"DataType": "String", "StringValue": event.event_id},
        "phase": {"DataType": "String", "StringValue": "started"},
        "smile_score": {"DataType": "Number", "StringValue": "0.9100"},
    }


def test_the_subject_suits_sns_when_the_device_id_is_long(smile: Build) -> None:
    message = compose(smile(AT, device_id="c" * 128), untold=0, last_sent_at=None, api_url=API)
    assert len(message.subject) < 100
    assert message.subject.isascii()
    assert message.subject.isprintable()
