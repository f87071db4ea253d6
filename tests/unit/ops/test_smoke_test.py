"""The round trip of an event, against an API that is played here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from local.cloudformation.template import load_template
from ops.errors import CommandError
from ops.smoke_test import round_trip
from ops.smoke_test.round_trip import check_round_trip
from tests.helpers.http_server import Answer, serve

ROOT = Path(__file__).parents[3]


class Api:
    """An API whose next answers the test sets; it stores what is published."""

    url = ""

    def __init__(self) -> None:
        self.without_key = (403, "{}")
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
        ({"without_key": (200, "{}")}, "the API answers 200 without a key: expected 403"),
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


def test_event_is_too_old_for_an_alert() -> None:
    parameters = load_template(ROOT / "template.yaml").section("Parameters")
    pattern = re.compile(parameters["AlertMaxAgeSeconds"]["AllowedPattern"])
    age = round_trip._AGE / timedelta(seconds=1)
    assert pattern.fullmatch("99999") and not pattern.fullmatch("100000")
    assert age > 99999
