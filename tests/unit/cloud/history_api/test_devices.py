"""``GET /v1/devices`` and ``GET /v1/devices/{device}``."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest

from smile_cloud.device_registry.condition import Graces
from smile_cloud.device_registry.device import Device
from smile_cloud.device_registry.directory import DeviceDirectory
from smile_cloud.device_registry.store import DeviceStore
from smile_cloud.history_api.device_requests import (
    DEFAULT_DEVICES,
    DEVICE_PARAMETERS,
    MAX_DEVICES,
    GetDevice,
    ListDevices,
)
from smile_cloud.history_api.devices_service import MAX_PAGES, DevicesService
from smile_cloud.http.errors import NotFoundError, QueryError
from smile_cloud.http.signed_cursor import CursorError
from smile_cloud.sequence.arrival import Arrival
from smile_cloud.sequence.store import SequenceStore
from tests.helpers.aws_calls import watched
from tests.helpers.events import smile_event
from tests.helpers.functions import FUNCTIONS
from tests.helpers.status_messages import NOON, at, beat, offline
from tests.helpers.template import ROOT

KEPT = timedelta(days=400)
GRACES = Graces(silent=timedelta(minutes=5), blind=timedelta(minutes=5))
OPENAPI = json.loads((FUNCTIONS / "history_api" / "openapi.json").read_text("utf-8"))


class Api:
    """The service at a minute after the noon of the heartbeats."""

    def __init__(self, client: Any, table: str) -> None:
        self._store = DeviceStore(client, table, retention=KEPT, clock=self._clock)
        self.sequences = SequenceStore(client, table)
        directory = DeviceDirectory(client, table, clock=self._clock)
        self._service = DevicesService(
            directory, self.sequences, GRACES, b"k" * 32, clock=self._clock
        )

    def _clock(self) -> datetime:
        return at(60)

    def observe(self, *seen: Device) -> None:
        for one in seen:
            self._store.observe(one)

    def list(self, **parameters: str) -> dict[str, Any]:
        given = {name: [value] for name, value in parameters.items()}
        return as_described("DevicePage", self._service.list_devices(ListDevices.parse(given)))

    def pages(self, **parameters: str) -> list[list[str]]:
        """Return the ids of each page."""
        found = []
        cursor = None
        while True:
            more = {} if cursor is None else {"cursor": cursor}
            page = self.list(**parameters, **more)
            found.append([device["device_id"] for device in page["devices"]])
            cursor = page["next_cursor"]
            if cursor is None:
                return found

    def get(self, device_id: str) -> dict[str, Any]:
        document = self._service.get_device(GetDevice.parse(device_id, {}))
        return as_described("DeviceDetails", document)


def as_described(name: str, document: dict[str, Any]) -> dict[str, Any]:
    """Return a document that the OpenAPI document describes."""
    described = {"$ref": f"#/components/schemas/{name}", "components": OPENAPI["components"]}
    jsonschema.validate(document, described)
    return document


@pytest.fixture
def api(aws: SimpleNamespace, table: str) -> Api:
    return Api(aws.dynamodb, table)


def test_a_device_is_shown_with_its_newest_heartbeat(api: Api) -> None:
    api.observe(beat(0, camera="ok"), beat(50, received_s=50.25, camera="frozen", faces=2))
    shown = api.get("cam-1")
    assert shown["state"] == "online"
    assert shown["first_seen_at"] == "2026-11-28T12:00:00.000Z"
    assert shown["last_seen_at"] == "2026-11-28T12:00:50.250Z"
    assert shown["clock_offset_ms"] == -250
    assert (shown["since"], shown["sequence"]) == (None, None)
    heartbeat = shown["heartbeat"]
    assert (heartbeat["camera"], heartbeat["faces"]) == ("frozen", 2)
    assert not {"device_id", "status", "schema_version"} & heartbeat.keys()


def test_a_device_shows_since_when_it_is_offline(api: Api) -> None:
    api.observe(offline(30))
    shown = api.get("cam-1")
    assert (shown["state"], shown["since"]) == ("offline", "2026-11-28T12:00:30.000Z")
    assert shown["heartbeat"] is None
    assert shown["clock_offset_ms"] is None


def test_a_device_shows_which_events_are_missing(api: Api) -> None:
    api.observe(beat(0))
    events = tuple(smile_event(seq=seq, started_at=NOON) for seq in (3, 4, 9))
    api.sequences.add("cam-1", [Arrival.of(events, at(10))], KEPT)
    sequence = api.get("cam-1")["sequence"]
    assert sequence["missing_ranges"] == [[5, 8]]
    assert (sequence["first_seq"], sequence["last_seq"]) == (3, 9)
    assert (sequence["received_events"], sequence["missing_events"]) == (3, 4)


def test_an_unknown_device_is_not_found(api: Api) -> None:
    with pytest.raises(NotFoundError, match="No heartbeat of device cam-9 has arrived"):
        api.get("cam-9")


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_pages_hold_each_device_once(api: Api, limit: int) -> None:
    ids = [f"cam-{n}" for n in range(5)]
    api.observe(*(beat(0, device_id=one) for one in ids))
    pages = api.pages(limit=str(limit))
    assert [one for page in pages for one in page] == ids
    assert all(len(page) <= limit for page in pages)


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_pages_of_a_state_hold_each_of_its_devices_once(api: Api, limit: int) -> None:
    for n in range(6):
        api.observe((beat if n % 2 else offline)(0, device_id=f"cam-{n}"))
    for state, ids in (("online", ["cam-1", "cam-3", "cam-5"]), ("paused", [])):
        pages = api.pages(state=state, limit=str(limit))
        assert [one for page in pages for one in page] == ids
        assert all(len(page) <= limit for page in pages)


def test_a_request_for_a_rare_state_reads_a_bounded_number_of_pages(
    api: Api, monkeypatch: pytest.MonkeyPatch, aws: SimpleNamespace
) -> None:
    monkeypatch.setattr("smile_cloud.history_api.devices_service.MAX_DEVICES", 1)
    ids = [f"cam-{n}" for n in range(MAX_PAGES + 2)]
    api.observe(*(beat(0, device_id=one) for one in ids[:-1]), offline(0, device_id=ids[-1]))
    with watched(aws.dynamodb, "Query") as queries:
        page = api.list(state="offline")
    assert len(queries) == MAX_PAGES
    assert page["devices"] == []
    assert [one for page in api.pages(state="offline") for one in page] == ids[-1:]


def test_a_cursor_is_refused_with_another_state_or_a_changed_character(api: Api) -> None:
    api.observe(beat(0, device_id="cam-1"), beat(0, device_id="cam-2"))
    cursor = api.list(limit="1")["next_cursor"]
    with pytest.raises(CursorError):
        api.list(state="online", cursor=cursor)
    with pytest.raises(CursorError):
        api.list(cursor=("A" if cursor[0] != "A" else "B") + cursor[1:])
    assert api.list(cursor=cursor, limit="5")["devices"][0]["device_id"] == "cam-2"


def test_a_cursor_of_the_longest_device_id_works(api: Api) -> None:
    ids = ["a" * 128, "b" * 128]
    api.observe(*(beat(0, device_id=one) for one in ids))
    assert [one for page in api.pages(limit="1") for one in page] == ids


def test_every_bad_parameter_is_named() -> None:
    with pytest.raises(QueryError) as caught:
        ListDevices.parse({"state": ["asleep"], "limit": ["101"], "sort": ["id"]})
    assert [one.parameter for one in caught.value.problems] == ["sort", "state", "limit"]
    assert "offline or silent or paused or blind or online" in str(caught.value)
    with pytest.raises(QueryError) as caught:
        GetDevice.parse("cam 1", {"limit": ["1"]})
    assert [one.parameter for one in caught.value.problems] == ["limit", "device"]


def test_the_description_and_the_docs_name_the_parameters_of_the_code() -> None:
    described = {p["name"]: p for p in OPENAPI["paths"]["/v1/devices"]["get"]["parameters"]}
    assert tuple(described) == DEVICE_PARAMETERS
    limit = described["limit"]["schema"]
    assert (limit["default"], limit["maximum"]) == (DEFAULT_DEVICES, MAX_DEVICES)
    text = (ROOT / "docs" / "api.md").read_text("utf-8").split("## `GET /v1/devices`", 1)[1]
    assert f"| `limit` | {DEFAULT_DEVICES} | largest number of devices in the page, 1 to" in text
    assert f"reads {MAX_PAGES * MAX_DEVICES} devices at most" in text


@pytest.mark.parametrize(
    ("path", "name"), [("/v1/devices", "DevicePage"), ("/v1/devices/{device}", "DeviceDetails")]
)
def test_the_examples_are_as_described(path: str, name: str) -> None:
    answer = OPENAPI["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
    as_described(name, answer["example"])


def test_the_docs_show_a_device_as_described() -> None:
    text = (ROOT / "docs" / "api.md").read_text("utf-8").split("## `GET /v1/devices`", 1)[1]
    as_described("DeviceDetails", json.loads(text.split("```json", 1)[1].split("```", 1)[0]))
