"""The round trip of an event, against an API that is played here."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from local.cloudformation.template import load_template
from ops.errors import CommandError
from ops.smoke_test import round_trip
from ops.smoke_test.__main__ import main
from ops.smoke_test.round_trip import check_round_trip
from tests.helpers.http_server import Answer, serve

ROOT = Path(__file__).parents[3]


class Api:
    """An API whose next answers the test sets; it stores what is published."""

    url = ""

    def __init__(self) -> None:
        self.without_key = (401, "{}")
        self.answers: list[tuple[int, str]] = []
        self.event: dict[str, Any] = {}
        self.paths: list[str] = []

    def publish(self, topic: str, payload: bytes) -> None:
        assert topic == "smile/smoke-test/events"
        self.event = json.loads(payload)

    def answer(self, path: str, headers: Mapping[str, str], _body: bytes) -> Answer:
        self.paths.append(path)
        status, content = 200, json.dumps(self.event)
        if "x-api-key" not in headers:
            status, content = self.without_key
        elif self.answers:
            status, content = self.answers.pop(0)
        return status, content.encode(), {}


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    monkeypatch.setattr(round_trip, "_POLL_S", 0.01)
    played = Api()
    with serve(played.answer) as played.url:
        yield played


def test_round_trip_succeeds_when_the_event_is_stored_late(api: Api) -> None:
    api.answers = [(404, "{}"), (404, "{}")]
    assert 0 < check_round_trip(api.url, "key", api.publish) < 10
    path = f"/v1/devices/smoke-test/events/{api.event['event_id']}"
    assert api.paths == ["/v1/events", path, path, path]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"without_key": (200, "{}")}, "the API answers 200 without a key: expected 401"),
        ({"answers": [(403, "{}")]}, "the API answers 403 to a request with its key: expected 200"),
        ({"answers": [(500, "{}")]}, "the API answers 500 to a request with its key: expected 200"),
        ({"answers": [(200, "{}")]}, r"event \S+ differs in the table from what was published"),
        ({"answers": [(200, "[]")]}, r"event \S+ differs in the table"),
        ({"answers": [(200, '{"peak_score": 0.75}')]}, r"event \S+ differs in the table"),
        ({"answers": [(200, '{"phase": "ended"}')]}, r"event \S+ differs in the table"),
        ({"answers": [(200, "<html>")]}, r"the API does not answer at http\S+: "),
        ({"answers": [(404, "{}")] * 99}, r"event \S+ was published but is not stored after 0 s"),
    ],
)
def test_error_is_one_sentence_when_a_step_fails(
    api: Api, change: dict[str, Any], sentence: str
) -> None:
    for name, value in change.items():
        setattr(api, name, value)
    with pytest.raises(CommandError, match=sentence):
        check_round_trip(api.url, "key", api.publish, wait_s=0.1)


def test_error_is_one_sentence_when_no_server_listens() -> None:
    with pytest.raises(CommandError, match="does not answer at http://127"):
        check_round_trip("http://127.0.0.1:9", "key", lambda *_: None, 1)


def test_command_uses_the_api_key_and_the_endpoint_of_the_stage(
    no_aws: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = {"ApiUrl": "https://api", "UsagePlanId": "plan"}
    stack = {
        "StackStatus": "CREATE_COMPLETE",
        "Outputs": [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()],
    }
    calls: dict[str, Any] = {}
    answers = {
        "DescribeStacks": {"Stacks": [stack]},
        "GetUsagePlanKeys": {"items": [{"id": "key-id", "name": "smile-dev-read"}]},
        "GetApiKey": {"value": "secret", "enabled": True, "createdDate": datetime.now(UTC)},
        "DescribeEndpoint": {"endpointAddress": "host-ats.iot"},
    }

    def call(client: Any, operation: str, arguments: dict[str, Any]) -> Any:
        calls[operation] = (arguments, client.meta.endpoint_url)
        return answers.get(operation, {})

    def play(url: str, key: str, publish: Callable[[str, bytes], object]) -> float:
        assert (url, key) == ("https://api", "secret")
        publish("smile/smoke-test/events", b"{}")
        return 1.25

    no_aws.setenv("AWS_REGION", "eu-west-1")
    no_aws.setattr("botocore.client.BaseClient._make_api_call", call)
    no_aws.setattr("ops.smoke_test.__main__.check_round_trip", play)
    assert main([]) == 0
    assert capsys.readouterr().out == (
        "smoke-test: the API returned an event 1.2 s after it was published\n"
    )
    assert calls["GetApiKey"][0] == {"apiKey": "key-id", "includeValue": True}
    assert calls["DescribeEndpoint"][0] == {"endpointType": "iot:Data-ATS"}
    arguments, endpoint = calls["Publish"]
    assert endpoint == "https://host-ats.iot"
    assert arguments == {"topic": "smile/smoke-test/events", "qos": 1, "payload": b"{}"}


def test_event_may_arrive_after_a_cold_start_and_a_retry_of_lambda() -> None:
    longest_s = inspect.signature(check_round_trip).parameters["wait_s"].default
    assert longest_s > 10 + 60, "Lambda retries an asynchronous invocation after a minute"


def test_event_is_too_old_for_an_alert() -> None:
    parameters = load_template(ROOT / "template.yaml").section("Parameters")
    pattern = re.compile(parameters["AlertMaxAgeSeconds"]["AllowedPattern"])
    age = round_trip._AGE / timedelta(seconds=1)
    assert pattern.fullmatch("99999") and not pattern.fullmatch("100000")
    assert age > 99999
