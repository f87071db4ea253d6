"""What the alerts about cameras that stop and come back say."""

from __future__ import annotations

import json
import string
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smile_cloud.alert_messages.dashboard import Dashboard
from smile_cloud.alert_messages.device import DeviceAlert, DeviceKind, compose_device
from smile_cloud.alert_messages.fleet import (
    MAX_NAMED,
    FleetAlert,
    FleetKind,
    NamedDevice,
    compose_fleet,
)
from smile_cloud.alert_messages.message import AlertMessage
from smile_cloud.alert_messages.wording import span
from smile_cloud.alert_settings.model import AlertSettings
from smile_contract import CameraState
from tests.helpers.template import ROOT

SCHEMA = json.loads((ROOT / "docs/alert.schema.json").read_text("utf-8"))
SINCE = datetime(2026, 11, 22, 17, 33, 5, tzinfo=UTC)
BERLIN = AlertSettings(time_zone="Europe/Berlin", display_name="Front door")
STATES = [*get_args(CameraState), None, "upside_down"]
GSM = set("@$_ !\"#%&'()*+,-./0123456789:;<=>?") | set(string.ascii_letters)


def device(kind: DeviceKind, settings: AlertSettings = BERLIN, **more: Any) -> AlertMessage:
    fields: dict[str, Any] = {"device_id": "cam-1", "trouble": "offline", "since": SINCE} | more
    return compose_device(DeviceAlert(kind=kind, **fields), settings)


def recovered(**more: Any) -> AlertMessage:
    back_at = SINCE + timedelta(hours=3, minutes=5, seconds=59)
    return device("device_recovered", back_at=back_at, **more)


def fleet(kind: FleetKind, *names: str, **more: Any) -> AlertMessage:
    devices = tuple(NamedDevice(name) for name in names)
    fields: dict[str, Any] = {"outage_id": "2026-11-22T17:33:05.000Z", "since": SINCE} | more
    return compose_fleet(FleetAlert(kind=kind, devices=devices, **fields), BERLIN)


def test_people_read_since_when_a_camera_is_offline() -> None:
    message = device("device_offline")
    assert message.subject == "Front door has been offline since 18:33"
    assert message.sms == "Front door has been offline since 18:33."
    assert message.email == (
        "Front door has been offline since 18:33:05 on Sunday, 22 November 2026 "
        "(Europe/Berlin time).\n"
        "It sends no smiles and no alerts. Check its power and its network. Smiles that it sees "
        "meanwhile are kept on the camera, and arrive when it is back.\n"
        "\n"
        "Camera id: cam-1\n"
    )


def test_people_read_why_a_camera_sees_nothing() -> None:
    message = device("device_blind", trouble="blind", camera="covered")
    assert message.subject == "Front door has seen nothing since 18:33"
    assert message.sms == "Front door has seen nothing since 18:33: the lens is covered."
    assert "(Europe/Berlin time): the lens is covered.\n" in message.email


def test_people_read_how_long_a_camera_was_away() -> None:
    message = recovered()
    assert message.subject == "Front door is back since 21:39 after 3 h 5 min offline"
    assert "It was offline for 3 h 5 min.\n" in message.email
    blind = recovered(trouble="blind", camera="too_dark")
    assert "It was blind (the picture is too dark) for 3 h 5 min.\n" in blind.email


def test_people_read_that_a_camera_is_back_but_paused() -> None:
    message = recovered(paused=True)
    assert message.sms.endswith("after 3 h 5 min offline, but paused.")
    assert "It is paused now" in message.email


def test_people_read_one_message_about_an_outage() -> None:
    names = [f"cam-{number}" for number in range(MAX_NAMED)]
    message = fleet("fleet_outage", *names, cameras=990, fleet=1000, still_down=990)
    assert message.subject == "990 of 1000 cameras stopped since 18:33"
    assert message.sms == ("990 of 1000 cameras stopped since 18:33. Down: cam-0, cam-1, cam-2.")
    assert message.email.startswith(
        "990 of 1000 cameras stopped since 18:33 on Sunday, 22 November 2026 (Europe/Berlin time)."
    )
    assert message.email.endswith("\ncam-19\nand 970 cameras more\n")
    assert message.document["devices_left_out"] == 970


def test_alerts_lead_to_the_camera_or_to_all_cameras_in_the_dashboard() -> None:
    dashboard = Dashboard("https://api.example/dev")
    alert = DeviceAlert(kind="device_offline", device_id="hall:1", trouble="offline", since=SINCE)
    message = compose_device(alert, BERLIN, dashboard)
    link = "https://api.example/dev/#/devices/hall%3A1"
    assert message.document["link"] == link
    assert f"\n\nSee this camera in the dashboard:\n{link}\n\nCamera id: hall:1\n" in message.email
    outage = FleetAlert(
        kind="fleet_outage",
        outage_id="a",
        since=SINCE,
        cameras=5,
        fleet=9,
        still_down=5,
        devices=(NamedDevice("cam-1"),),
    )
    message = compose_fleet(outage, BERLIN, dashboard)
    link = "https://api.example/dev/#/cameras"
    assert message.document["link"] == link
    assert message.email.endswith(f"\n\nSee all cameras in the dashboard:\n{link}\n")


def test_alerts_have_no_link_without_a_dashboard() -> None:
    for message in (
        device("device_offline"),
        fleet("fleet_outage", cameras=5, fleet=9, still_down=0),
    ):
        assert message.document["link"] is None
        assert "dashboard" not in message.email


def test_people_read_which_cameras_are_not_back() -> None:
    message = fleet("fleet_recovered", "cam-1", cameras=40, fleet=50, still_down=1)
    assert message.subject == "39 of 40 cameras back, stopped since 18:33"
    assert "\n\nStill down:\ncam-1\n" in message.email
    over = fleet("fleet_recovered", cameras=40, fleet=50, still_down=0)
    assert over.sms == "40 of 40 cameras back, stopped since 18:33."
    assert over.email.endswith("All of them work.\n")


def test_an_email_names_cameras_as_people_do() -> None:
    alert = FleetAlert(
        kind="fleet_outage",
        outage_id="a",
        since=SINCE,
        cameras=5,
        fleet=5,
        still_down=5,
        devices=(NamedDevice("cam-1", "Küche"), NamedDevice("cam-2")),
    )
    message = compose_fleet(alert, BERLIN)
    assert "\nKüche (cam-1)\ncam-2\nand 3 cameras more\n" in message.email
    assert message.sms.endswith("Down: Kuche, cam-2.")


@pytest.mark.parametrize(
    ("minutes", "text"),
    [(0, "0 min"), (59, "59 min"), (60, "1 h 0 min"), (1439, "23 h 59 min"), (1440, "1 d 0 h"),
     (-1, "0 min")],
)  # fmt: skip
def test_a_long_time_is_said_in_two_units(minutes: int, text: str) -> None:
    assert span(timedelta(minutes=minutes, seconds=59 if minutes > 0 else 0)) == text


@given(
    kind=st.sampled_from(get_args(DeviceKind)),
    name=st.none() | st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=60),
    device_id=st.from_regex("[a-zA-Z0-9:_-]{1,128}", fullmatch=True),
    camera=st.sampled_from(STATES),
    days=st.integers(0, 3000),
)
def test_any_alert_about_a_camera_fits_into_one_sms(
    kind: DeviceKind,
    name: str | None,
    device_id: str,
    camera: str | None,
    days: int,
) -> None:
    message = device(
        kind,
        AlertSettings(display_name=name),
        device_id=device_id,
        trouble="blind",
        camera=camera,
        paused=True,
        back_at=SINCE + timedelta(days=days) if kind == "device_recovered" else None,
    )
    assert len(message.sms) <= 140
    assert set(message.sms) <= GSM
    assert len(message.subject) <= 100
    assert message.subject.isascii()
    jsonschema.Draft202012Validator(SCHEMA).validate(message.document)


@given(
    kind=st.sampled_from(get_args(FleetKind)),
    ids=st.lists(
        st.from_regex("[a-zA-Z0-9:_-]{1,128}", fullmatch=True), unique=True, max_size=MAX_NAMED
    ),
    more=st.integers(0, 10**6),
)
def test_any_alert_about_the_fleet_fits_into_one_sms(
    kind: FleetKind, ids: list[str], more: int
) -> None:
    still_down = len(ids) + (more if len(ids) == MAX_NAMED else 0)
    cameras = max(still_down, 2)
    message = fleet(kind, *ids, cameras=cameras, fleet=cameras, still_down=still_down)
    assert len(message.sms) <= 140
    assert set(message.sms) <= GSM
    assert len(message.subject) <= 100
    jsonschema.Draft202012Validator(SCHEMA).validate(message.document)


def test_programs_filter_by_kind_camera_and_trouble() -> None:
    attributes = device("device_blind", trouble="blind").attributes
    assert {name: one["StringValue"] for name, one in attributes.items()} == {
        "kind": "device_blind", "device_id": "cam-1", "trouble": "blind"
    }  # fmt: skip
    message = fleet("fleet_outage", "cam-1", "cam-2", cameras=2, fleet=2, still_down=2)
    assert message.attributes["device_id"] == {
        "DataType": "String.Array", "StringValue": '["cam-1", "cam-2"]'
    }  # fmt: skip
