from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from smile_cloud.send_alert.alert_message import AlertMessage, compose
from tests.helpers.events import smile_event

API = "https://a1b2c3.execute-api.eu-central-1.amazonaws.com/dev"
AT = datetime(2026, 11, 22, 17, 33, 0, 250_000, tzinfo=UTC)


def alert(phase: str = "started", suppressed: int = 0, **changes: Any) -> AlertMessage:
    last_sent_at = changes.pop("last_sent_at", None)
    event = smile_event(phase, started_at=AT, **changes)
    return compose(event, suppressed=suppressed, last_sent_at=last_sent_at, api_url=API)


def test_the_text_says_who_when_and_how_much_when_a_smile_starts() -> None:
    event_id = "019ad1f4-5e1a-7111-8000-1234567890ab"
    at = datetime.fromtimestamp(int(event_id.replace("-", "")[:12], 16) / 1000, UTC)
    event = smile_event("started", started_at=at, event_id=event_id, peak_score=0.914)
    message = compose(event, suppressed=0, last_sent_at=None, api_url=API)
    assert message.subject == f"Smile on cam-1 at {at:%H:%M} UTC"
    assert message.body == (
        f"cam-1 saw a smile at {at:%H:%M:%S} UTC on {at:%Y-%m-%d}, score 0.91 of 1.\n"
        "\n"
        "Details (send your API key in the x-api-key header):\n"
        f"{API}/v1/devices/cam-1/events/{event_id}\n"
    )


@pytest.mark.parametrize(
    ("suppressed", "text"),
    [
        (1, "\n1 more smile since the last alert at 17:20 UTC.\n"),
        (4, "\n4 more smiles since the last alert at 17:20 UTC.\n"),
    ],
)
def test_the_text_counts_the_suppressed_smiles_when_there_are_any(
    suppressed: int, text: str
) -> None:
    before = datetime(2026, 11, 22, 17, 20, tzinfo=UTC)
    assert text in alert(suppressed=suppressed, last_sent_at=before).body


def test_the_text_leaves_out_the_last_alert_when_none_was_sent() -> None:
    assert "\n2 more smiles since the last alert.\n" in alert(suppressed=2).body


def test_the_text_says_how_long_when_the_end_arrives_first() -> None:
    assert "\nIt lasted 2.8 s.\n" in alert("ended", duration_ms=2760).body
    assert "lasted" not in alert("started").body


def test_subscribers_can_filter_when_an_alert_is_published() -> None:
    event = smile_event("started", started_at=AT, peak_score=0.91)
    attributes = compose(event, suppressed=0, last_sent_at=None, api_url=API).attributes
    assert attributes == {
        "device_id": {"DataType": "String", "StringValue": "cam-1"},
        "event_id": {"DataType": "String", "StringValue": event.event_id},
        "phase": {"DataType": "String", "StringValue": "started"},
        "smile_score": {"DataType": "Number", "StringValue": "0.9100"},
    }


def test_sns_takes_the_subject_when_the_device_id_is_long() -> None:
    subject = alert(device_id="c" * 128).subject
    assert subject == f"Smile on {'c' * 57}... at 17:33 UTC"
    assert len(subject) < 100


def test_the_subject_holds_the_whole_device_id_when_it_has_60_characters() -> None:
    name = "building-7:level-3:entrance-hall:camera-north_0123456789abcd"
    assert len(name) == 60
    assert name in alert(device_id=name).subject


def test_the_link_works_when_the_device_id_has_colons() -> None:
    assert "/v1/devices/hall:cam_1/events/" in alert(device_id="hall:cam_1").body
