"""Many odd requests, generated from the API's own description, against the real handler."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance
from werkzeug.test import Client

from smile_cloud.history_api.api_example import example_body, example_path
from tests.helpers.alerts_api import token
from tests.helpers.described_api import API_KEY, STORED, described_api, fill_table
from tests.helpers.rule_events import sample

pytestmark = pytest.mark.system
EVENTS, EVENT = "/v1/events", "/v1/devices/{device}/events/{event_id}"
FLEET, DEVICE = "/v1/alert-settings", "/v1/devices/{device}/alert-settings"
PHOTOS, FORM = "/v1/photos", "application/x-www-form-urlencoded"
CAMERA = "/v1/devices/{device}"
JOB = "/v1/devices/{device}/erasures/{job}"
FILE = "/dashboard/{version}/{name}"
PAGE, PAUSE = "/alerts/{token}", "/alerts/{token}/pause"
LINK = token(STORED.device_id, STORED.event_id)
POSITIVE, NEGATIVE = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
OK, BAD, MISSING = HTTPStatus.OK, HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND
ACCEPTED = HTTPStatus.ACCEPTED
# A description cannot say that a cursor was never issued, that from lies after to, or which time
# zones exist: such requests look valid and are still refused.
CANNOT_KNOW: list[Any] = [positive_data_acceptance]
# How often an operation is asked: 60 times in `make test`, 300 times in `make test-all`.
REQUESTS = 60 * settings().max_examples // 100
CASES = [
    ("GET", EVENTS, POSITIVE, {OK}),
    ("GET", EVENTS, NEGATIVE, {BAD}),
    ("GET", EVENT, POSITIVE, {MISSING}),
    ("GET", EVENT, NEGATIVE, {BAD}),
    ("PUT", f"{EVENT}/feedback", POSITIVE, {MISSING, BAD}),
    ("PUT", f"{EVENT}/feedback", NEGATIVE, {BAD}),
    ("GET", "/v1/stats", POSITIVE, {OK, BAD}),
    ("GET", "/v1/stats", NEGATIVE, {BAD}),
    ("GET", f"{CAMERA}/thresholds", POSITIVE, {OK, BAD}),
    ("GET", f"{CAMERA}/thresholds", NEGATIVE, {BAD}),
    ("GET", "/v1/devices", POSITIVE, {OK}),
    ("GET", "/v1/devices", NEGATIVE, {BAD}),
    ("GET", CAMERA, POSITIVE, {MISSING}),
    ("GET", CAMERA, NEGATIVE, {BAD}),
    ("GET", f"{CAMERA}/settings", POSITIVE, {MISSING}),
    ("GET", f"{CAMERA}/settings", NEGATIVE, {BAD}),
    ("PATCH", f"{CAMERA}/settings", POSITIVE, {MISSING}),
    ("PATCH", f"{CAMERA}/settings", NEGATIVE, {BAD}),
    ("DELETE", CAMERA, POSITIVE, {ACCEPTED}),
    ("DELETE", CAMERA, NEGATIVE, {BAD}),
    ("DELETE", f"{CAMERA}/events", POSITIVE, {ACCEPTED, BAD}),
    ("DELETE", f"{CAMERA}/events", NEGATIVE, {BAD}),
    ("GET", JOB, POSITIVE, {MISSING}),
    ("GET", JOB, NEGATIVE, {BAD}),
    ("GET", "/v1/openapi.json", POSITIVE, {OK}),
    ("GET", "/docs", POSITIVE, {OK}),
    ("GET", "/", POSITIVE, {OK}),
    ("GET", FILE, POSITIVE, {MISSING}),
    ("GET", FLEET, POSITIVE, {OK}),
    ("PUT", FLEET, POSITIVE, {OK}),
    ("PUT", FLEET, NEGATIVE, {BAD}),
    ("GET", DEVICE, POSITIVE, {OK}),
    ("PUT", DEVICE, POSITIVE, {OK}),
    ("PUT", DEVICE, NEGATIVE, {BAD}),
    ("POST", f"{FLEET}/test", POSITIVE, {ACCEPTED, HTTPStatus.TOO_MANY_REQUESTS}),
    ("POST", f"{DEVICE}/test", POSITIVE, {HTTPStatus.TOO_MANY_REQUESTS}),
    ("GET", PAGE, POSITIVE, {OK, MISSING}),
    ("GET", PAGE, NEGATIVE, {MISSING}),
    ("POST", PAUSE, POSITIVE, {HTTPStatus.SEE_OTHER, MISSING}),
    ("POST", PAUSE, NEGATIVE, {BAD, MISSING}),
    # The generator knows how pictures are made.
    ("POST", PHOTOS, POSITIVE, {OK}),
    ("POST", PHOTOS, NEGATIVE, {BAD}),
]


@pytest.fixture(scope="module")
def api() -> Iterator[Any]:
    with described_api() as described:
        yield described


def test_every_operation_of_the_description_is_asked(api: Any) -> None:
    described = {
        (method.upper(), path)
        for path, methods in api.raw_schema["paths"].items()
        for method in methods
    }
    assert {(method, path) for method, path, _, _ in CASES} == described


def is_deletion(case: tuple[str, str]) -> tuple[bool, tuple[str, str]]:
    return case[0] == "DELETE", case


def test_example_requests_succeed(api: Any) -> None:
    # What deletes comes last; the others find the camera and the smile that the examples name.
    fill_table()
    document = api.raw_schema
    photo = base64.b64decode(sample("photo_api/two_faces")["body"])
    for method, path in sorted({one[:2] for one in CASES}, key=is_deletion):
        own = document["paths"][path][method.lower()]
        if any(name in path for name in ("{token}", "{job}", "{version}")):
            continue  # only an alert, an erasure or a page knows them
        kind, text = example_body(document, method.lower(), path) or (None, "")
        answer = Client(api.app).open(
            f"/dev{example_path(document, method.lower(), path)}",
            method=method,
            headers={"x-api-key": API_KEY},
            content_type=kind,
            data=photo if kind == "image/jpeg" else text,
        )
        assert str(answer.status_code) in own["responses"], (method, path)
        assert answer.status_code < HTTPStatus.BAD_REQUEST, (method, path, answer.text)
    fill_table()


def is_sent(case: Any) -> bool:
    """Return whether the client sends all fields: it leaves objects in a form out."""
    is_form = case.media_type == FORM and isinstance(case.body, dict)
    return not is_form or all(isinstance(value, str) for value in case.body.values())


@pytest.mark.parametrize(("method", "path", "mode", "expected"), CASES)
def test_the_api_follows_its_description_when_requests_are_odd(
    api: Any, method: str, path: str, mode: GenerationMode, expected: set[HTTPStatus]
) -> None:
    answered: set[int] = set()

    @settings(max_examples=REQUESTS, deadline=None, suppress_health_check=list(HealthCheck))
    @given(api[path][method].as_strategy(generation_mode=mode), st.booleans())
    def ask(case: Any, is_signed: bool) -> None:
        assume(is_sent(case))
        if "x-api-key" in case.headers:
            case.headers["x-api-key"] = API_KEY
        if is_signed and "token" in case.path_parameters:
            case.path_parameters["token"] = LINK
        answered.add(case.call_and_validate(excluded_checks=CANNOT_KNOW).status_code)

    ask()
    assert expected <= answered
