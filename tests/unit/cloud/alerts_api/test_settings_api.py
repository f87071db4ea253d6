from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from smile_cloud.topic_window import TopicWindow
from tests.helpers.alerts_api import get, put, request, settings_path
from tests.helpers.functions import ENVIRONMENT, Functions
from tests.helpers.rule_events import sample, samples

FLEET_DEFAULTS = {
    "min_peak_score": 0.0,
    "min_duration_ms": 0,
    "cooldown_s": 300,
    "max_per_hour": 20,
    "sure_score": 0.9,
    "quiet_hours": None,
    "time_zone": "UTC",
    "suspended_until": None,
}
STATUSES = {
    "get_fleet": 200,
    "get_device": 200,
    "put_fleet": 200,
    "put_device": 200,
    "put_bad_values": 400,
    "put_bad_repeated": 400,
    "put_bad_type": 415,
    "put_bad_device": 400,
    "test_fleet": 202,
    "test_device": 202,
}


def test_every_sample_has_an_expected_status() -> None:
    pages = {"page_bad_token", "pause_bad_token"}
    assert set(samples("alerts_api")) == set(STATUSES) | pages


@pytest.mark.parametrize("name", STATUSES)
def test_the_api_answers_when_it_gets_its_sample(functions: Functions, name: str) -> None:
    status, headers, document = functions.ask(sample(f"alerts_api/{name}"), "alerts_api")
    assert status == STATUSES[name], document
    assert headers["Cache-Control"] == "no-store"
    kind = "application/json" if status < 300 else "application/problem+json"
    assert headers["Content-Type"] == kind


@pytest.mark.parametrize(
    "method_and_path", [("PUT", "/v1/alert-settings"), ("POST", "/alerts/x/pause")]
)
def test_a_photo_is_refused_where_text_is_expected(
    functions: Functions, method_and_path: tuple[str, str]
) -> None:
    photo = base64.b64encode(b"\xff\xd8\xff\xe0").decode()  # as API Gateway passes it
    event = request(*method_and_path, photo, Content_Type="image/jpeg") | {"isBase64Encoded": True}
    status, _, document = functions.ask(event, "alerts_api")
    assert status == 415
    assert document["detail"] == "The body is binary; send text in UTF-8."


def test_the_parameters_hold_when_nothing_is_stored(functions: Functions) -> None:
    assert get(functions) == {
        "settings": FLEET_DEFAULTS,
        "stored": {},
        "from": dict.fromkeys(FLEET_DEFAULTS, "default"),
        "updated_at": None,
    }
    assert get(functions, "cam-1")["settings"] == FLEET_DEFAULTS | {"display_name": None}


def test_each_value_comes_from_the_closest_level_that_has_one(functions: Functions) -> None:
    put(functions, cooldown_s=60, min_peak_score=0.5, time_zone="Europe/Berlin")
    hours = {"start": "22:00", "end": "07:00"}
    status, document = put(functions, "cam-1", cooldown_s=0, quiet_hours=hours, display_name="Bär")
    assert status == 200
    assert document == get(functions, "cam-1")
    assert document["stored"] == {
        "cooldown_s": 0,
        "quiet_hours": hours,
        "display_name": "Bär",
    }
    settings, sources = document["settings"], document["from"]
    assert (settings["cooldown_s"], sources["cooldown_s"]) == (0, "device")
    assert (settings["quiet_hours"], sources["quiet_hours"]) == (hours, "device")
    assert (settings["min_peak_score"], sources["min_peak_score"]) == (0.5, "fleet")
    assert (settings["max_per_hour"], sources["max_per_hour"]) == (20, "default")
    age = datetime.now(UTC) - datetime.fromisoformat(document["updated_at"])
    assert timedelta() <= age < timedelta(minutes=1)
    assert get(functions, "cam-2")["settings"]["cooldown_s"] == 60


def test_values_are_no_longer_stored_when_a_put_leaves_them_out(functions: Functions) -> None:
    put(functions, "cam-1", cooldown_s=0, min_duration_ms=500)
    put(functions, "cam-1", min_duration_ms=600)
    assert get(functions, "cam-1")["stored"] == {"min_duration_ms": 600}


def test_null_turns_quiet_hours_of_the_fleet_off_when_a_device_stores_it(
    functions: Functions,
) -> None:
    put(functions, quiet_hours={"start": "22:00", "end": "07:00"})
    _, document = put(functions, "cam-1", quiet_hours=None)
    assert document["settings"]["quiet_hours"] is None
    assert document["from"]["quiet_hours"] == "device"


def test_every_bad_field_is_named_when_a_put_is_refused(functions: Functions) -> None:
    status, _, document = functions.ask(sample("alerts_api/put_bad_values"), "alerts_api")
    assert status == 400
    assert [error["field"] for error in document["errors"]] == [
        "min_peak_score",
        "quiet_hours.end",
        "time_zone",
        "cooldwon_s",
    ]
    assert "expected a number from 0 to 1, got 90." in document["detail"]
    assert get(functions, "cam-1")["stored"] == {}


def test_the_fleet_has_no_display_name(functions: Functions) -> None:
    status, document = put(functions, display_name="Everything")
    assert status == 400
    assert document["errors"][0]["field"] == "display_name"


def test_a_repeated_key_is_refused_when_the_last_one_would_win(functions: Functions) -> None:
    _, _, document = functions.ask(sample("alerts_api/put_bad_repeated"), "alerts_api")
    assert document["errors"] == [{"field": "cooldown_s", "detail": "expected once."}]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("{}" + " " * 10_238, 200),
        ("{}" + " " * 10_239, 413),
        ('{"time_zone": "' + "ä" * 5_200 + '"}', 413),
        (None, 400),
        ("", 400),
        ("[]", 400),
        ("{", 400),
        ('{"cooldown_s": NaN}', 400),
        ('{"cooldown_s": 1e999}', 400),
        ('{"cooldown_s": ' + "1" * 5000 + "}", 400),
        ('{"display_name": "\\ud800"}', 400),
        ("[" * 10_000, 400),
        ('{"a":' * 2_000, 400),
    ],
)
def test_a_body_is_refused_when_it_is_not_a_small_json_object(
    functions: Functions, body: str | None, status: int
) -> None:
    event = request("PUT", settings_path("cam-1"), body, Content_Type="application/json")
    assert functions.ask(event, "alerts_api")[0] == status


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("Application/JSON; charset=utf-8", 200),
        ("application/merge-patch+json", 415),
        ("text/plain", 415),
    ],
)
def test_a_body_is_refused_when_it_has_another_media_type(
    functions: Functions, content_type: str, status: int
) -> None:
    event = request("PUT", settings_path(None), "{}", Content_Type=content_type)
    assert functions.ask(event, "alerts_api")[0] == status
    assert functions.ask(request("PUT", settings_path(None), "{}"), "alerts_api")[0] == 415


def test_a_query_string_is_refused_when_a_path_takes_none(functions: Functions) -> None:
    event = request("GET", settings_path(None)) | {
        "multiValueQueryStringParameters": {"device": ["cam-1"]},
        "queryStringParameters": {"device": "cam-1"},
    }
    status, _, document = functions.ask(event, "alerts_api")
    assert status == 400
    assert document["errors"] == [
        {"parameter": "device", "detail": "unknown parameter, expected no parameters."}
    ]


def test_an_escaped_device_id_is_the_same_device(functions: Functions) -> None:
    put(functions, "hall%3A1", cooldown_s=7)
    assert get(functions, "hall:1")["stored"] == {"cooldown_s": 7}


@pytest.mark.parametrize("device", [None, "cam-1"])
def test_subscribers_get_a_test_alert_when_someone_asks_for_one(
    functions: Functions, receive_all: Any, device: str | None
) -> None:
    put(functions, time_zone="Europe/Berlin", suspended_until="2999-01-01T00:00:00Z")
    put(functions, "cam-1", display_name="Front door")
    event = request("POST", f"{settings_path(device)}/test", X_Forwarded_Proto="https")
    status, _, document = functions.ask(event, "alerts_api")
    assert status == 202
    [received] = receive_all()
    envelope = json.loads(received["Body"])
    assert envelope["MessageId"] == document["message_id"]
    assert envelope["MessageAttributes"]["kind"]["Value"] == "test"
    alert = json.loads(envelope["Message"])
    assert alert["kind"] == "test"
    assert alert["device_id"] == (device or "test-camera")
    assert alert["display_name"] == ("Front door" if device else None)
    host = event["requestContext"]["domainName"]
    assert (alert["link"] is None) == (device is None)
    if device:
        assert alert["link"] == f"https://{host}/dev/#/devices/cam-1/events/{alert['event_id']}"
        page = rf"https://{re.escape(host)}/dev/alerts/[\w-]+"
        assert re.fullmatch(page, alert["pause_link"])


def test_a_test_alert_waits_when_the_topic_is_full(
    functions: Functions, aws: SimpleNamespace, table: str, receive_all: Any
) -> None:
    event = sample("alerts_api/test_fleet")
    for _ in range(int(ENVIRONMENT["ALERTS_PER_MINUTE"])):
        assert functions.ask(event, "alerts_api")[0] == 202
    status, headers, document = functions.ask(event, "alerts_api")
    assert status == 429
    assert 0 < int(headers["Retry-After"]) <= 60
    assert f"in {headers['Retry-After']} s" in document["detail"]
    assert len(receive_all()) == 10


def test_a_test_alert_is_sent_when_the_minute_is_over(
    functions: Functions, aws: SimpleNamespace, table: str
) -> None:
    before = datetime.now(UTC) - timedelta(seconds=60)
    full = TopicWindow((before,) * 9).with_send(before)
    aws.dynamodb.put_item(**full.put(table, before))
    assert functions.ask(sample("alerts_api/test_fleet"), "alerts_api")[0] == 202


def test_only_the_log_holds_the_cause_when_the_table_does_not_exist(
    functions: Functions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TABLE_NAME", "no-such-table")
    status, _, document = functions.ask(sample("alerts_api/get_fleet"), "alerts_api")
    assert status == 500
    assert "ResourceNotFoundException" not in json.dumps(document)
    [line] = functions.logged("ERROR")
    assert line["exception_name"] == "ResourceNotFoundException"
