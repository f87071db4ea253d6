"""The shadows over HTTP, as boto3 asks for them, and what a device hears of it over MQTT.

Source of the answers: "Device Shadow REST API", AWS IoT Core.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local.iot.shadow_http import ShadowHttp
from local.iot.shadow_service import ShadowService
from local.network.http_server import HttpServer
from local.network.ports import LOOPBACK, listen, port_of
from tests.helpers.mosquitto import needs_mosquitto, running_mosquitto
from tests.helpers.mqtt_subscriber import subscriber
from tests.helpers.waiting import wait_until

NAMED = "$aws/things/cam-1/shadow/name/settings"
NAME = {"thingName": "cam-1", "shadowName": "settings"}


@pytest.fixture
def service() -> ShadowService:
    return ShadowService(print)


@pytest.fixture
def client(service: ShadowService) -> Iterator[Any]:
    listening = listen([0], "")
    server = HttpServer(ShadowHttp(service), listening)
    yield boto3.client(
        "iot-data",
        region_name="eu-central-1",
        endpoint_url=f"http://{LOOPBACK}:{port_of(listening)}",
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(retries={"total_max_attempts": 1}),
    )
    server.close()


def update(client: Any, document: Any, **name: str) -> dict[str, Any]:
    payload = document if isinstance(document, bytes) else json.dumps(document).encode()
    answer = client.update_thing_shadow(**(name or NAME), payload=payload)
    changed: dict[str, Any] = json.loads(answer["payload"].read())
    return changed


def get(client: Any, **name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(client.get_thing_shadow(**(name or NAME))["payload"].read())
    return found


def test_boto3_updates_reads_and_deletes_a_shadow(client: Any) -> None:
    changed = update(client, {"state": {"desired": {"paused": True}}})
    assert (changed["state"], changed["version"]) == ({"desired": {"paused": True}}, 1)
    assert get(client)["state"] == {"desired": {"paused": True}, "delta": {"paused": True}}
    client.delete_thing_shadow(**NAME)
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        get(client)


def test_each_thing_has_its_named_shadow_and_a_classic_one(client: Any) -> None:
    update(client, {"state": {"desired": {"a": 1}}})
    update(client, {"state": {"desired": {"a": 2}}}, thingName="cam-1")
    assert get(client)["state"]["desired"] == {"a": 1}
    assert get(client, thingName="cam-1")["state"]["desired"] == {"a": 2}
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        get(client, thingName="cam-2", shadowName="settings")


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"state": {"desired": {"a": 1}}, "version": 7}, "ConflictException"),
        ({"state": {"desired": {"a": "x" * 8192}}}, "RequestEntityTooLargeException"),
        (b"x" * 20_000, "RequestEntityTooLargeException"),
        ({"state": {}}, "InvalidRequestException"),
        (b"{", "InvalidRequestException"),
    ],
)
def test_a_bad_update_is_rejected_with_the_error_of_aws(
    client: Any, document: Any, code: str
) -> None:
    update(client, {"state": {"desired": {"a": 1}}})
    with pytest.raises(ClientError) as caught:
        update(client, document)
    assert caught.value.response["Error"]["Code"] == code
    assert get(client)["version"] == 1


def test_a_name_that_no_shadow_can_have_is_rejected(client: Any) -> None:
    with pytest.raises(client.exceptions.InvalidRequestException):
        get(client, thingName="cam-1", shadowName="a/b")


@needs_mosquitto
def test_a_device_hears_of_an_update_as_if_it_came_over_mqtt(
    client: Any, service: ShadowService, tmp_path: Path
) -> None:
    with running_mosquitto("allow_anonymous true\n", tmp_path) as port:
        service.start(port)
        with subscriber(port, f"{NAMED}/update/+") as seen:
            update(client, {"state": {"desired": {"paused": True}}})
            wait_until(lambda: len(seen.messages) == 3)
        service.stop()
    topics = [topic.removeprefix(f"{NAMED}/update/") for topic, _ in seen.messages]
    assert topics == ["accepted", "delta", "documents"]
