from __future__ import annotations

import json
from datetime import UTC, datetime

from smile_cloud.alert_messages.dashboard import Dashboard
from smile_cloud.alert_messages.digest import Digest, DigestDevice, compose_digest
from smile_cloud.alert_settings.model import AlertSettings

SINCE = datetime(2026, 11, 22, 14, 2, 31, tzinfo=UTC)


def digest(*devices: DigestDevice) -> Digest:
    return Digest(digest_id="2026-11-22T14:02", since=SINCE, devices=devices)


def device(number: int, smiles: int = 1, peak_score: float = 0.7) -> DigestDevice:
    return DigestDevice(device_id=f"cam-{number}", smiles=smiles, peak_score=peak_score)


def test_a_digest_counts_smiles_and_cameras() -> None:
    front = DigestDevice(device_id="cam-1", smiles=4, peak_score=0.99, display_name="Küche")
    message = compose_digest(digest(device(2), front, *map(device, range(3, 10))), AlertSettings())
    assert message.subject == "12 smiles on 9 cameras since 14:02"
    assert message.sms == "12 smiles on 9 cameras since 14:02, highest score 0.99."
    lines = message.email.splitlines()
    assert lines[0] == (
        "12 smiles on 9 cameras since 14:02 on Sunday, 22 November 2026 (UTC time)."
    )
    assert lines[3:5] == [
        "Küche: 4 smiles, highest score 0.99",
        "cam-2: 1 smile, highest score 0.70",
    ]
    assert len(lines) == 3 + 9


def test_a_digest_has_local_time_and_singular_words() -> None:
    message = compose_digest(digest(device(1)), AlertSettings(time_zone="Asia/Kolkata"))
    assert message.subject == "1 smile on 1 camera since 19:32"


def test_a_digest_names_twenty_cameras_in_an_email() -> None:
    message = compose_digest(digest(*map(device, range(23))), AlertSettings())
    assert message.email.endswith("\nand 3 cameras more\n")
    assert message.email.count("highest score") == 20


def test_a_digest_leads_to_the_smiles_of_its_day() -> None:
    # 14:02 in UTC is the next day in Auckland.
    settings, dashboard = (
        AlertSettings(time_zone="Pacific/Auckland"),
        Dashboard("https://a.example"),
    )
    message = compose_digest(digest(device(1), device(2)), settings, dashboard=dashboard)
    link = "https://a.example/#/history?from=2026-11-23&to=2026-11-23"
    assert message.document["link"] == link
    assert message.email.endswith(f"\n\nSee the smiles of this day in the dashboard:\n{link}\n")
    message = compose_digest(digest(device(1)), settings, dashboard=dashboard)
    assert message.document["link"] == f"{link}&device=cam-1"
    message = compose_digest(digest(device(1)), settings)
    assert message.document["link"] is None
    assert "dashboard" not in message.email


def test_filters_see_every_camera_and_the_highest_score_of_a_digest() -> None:
    message = compose_digest(digest(device(2), device(1, peak_score=0.95)), AlertSettings())
    attributes = message.attributes
    assert attributes["kind"]["StringValue"] == "digest"
    assert attributes["device_id"]["DataType"] == "String.Array"
    assert json.loads(attributes["device_id"]["StringValue"]) == ["cam-1", "cam-2"]
    assert attributes["smile_score"] == {"DataType": "Number", "StringValue": "0.9500"}
    assert attributes["level"]["StringValue"] == "sure"


def test_later_smiles_of_a_minute_come_as_an_update() -> None:
    message = compose_digest(digest(device(1)), AlertSettings(), kind="digest_update")
    assert message.attributes["kind"]["StringValue"] == "digest_update"
    assert message.document["kind"] == "digest_update"


def test_the_largest_digest_fits_into_an_sns_message() -> None:
    devices = [
        DigestDevice(
            device_id=f"{number:0128}", smiles=9, peak_score=0.123456789, display_name="😀" * 60
        )
        for number in range(1000)
    ]
    message = compose_digest(digest(*devices), AlertSettings())
    size = len(message.to_json().encode()) + len(message.subject)
    for name, value in message.attributes.items():
        size += len(name) + len(value["DataType"]) + len(value["StringValue"])
    assert size < 256 * 1024
    assert message.document["smiles"] == 9000
    assert len(message.document["devices"]) == 50
    assert message.document["devices_left_out"] == 950
    assert len(json.loads(message.attributes["device_id"]["StringValue"])) == 500
