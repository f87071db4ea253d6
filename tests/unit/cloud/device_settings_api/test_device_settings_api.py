"""``/v1/devices/{device}/settings`` as Lambda gets it, on the local shadow service over HTTP."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from edge_lambda.config import load_config
from edge_lambda.control.accepted_file import AcceptedFile
from edge_lambda.control.runtime_settings import RuntimeSettings
from smile_cloud import clients
from smile_contract.device_settings import DEVICE_SETTINGS
from tests.helpers.alerts_api import request
from tests.helpers.aws_calls import failing
from tests.helpers.device_checks import seed_devices
from tests.helpers.functions import ENVIRONMENT, Functions
from tests.helpers.rule_events import sample, samples
from tests.helpers.shadow_server import Shadows

CONFIG = load_config(None, {"source": "0"})
PATH = "/v1/devices/cam-1/settings"
STATUSES = {
    "get": 200,
    "get_unknown": 404,
    "get_bad_device": 400,
    "pause": 200,
    "thresholds": 200,
    "thresholds_bad_order": 400,
    "patch_bad_values": 400,
    "patch_bad_type": 415,
    "patch_unknown": 404,
}


class Api:
    """The function, with a camera that has sent a heartbeat."""

    def __init__(self, functions: Functions, shadows: Shadows) -> None:
        self.functions = functions
        self.shadows = shadows

    def get(self) -> dict[str, Any]:
        status, _, document = self.functions.ask(request("GET", PATH), "device_settings_api")
        assert status == 200, document
        return document

    def patch(self, **body: Any) -> tuple[int, dict[str, Any]]:
        event = request("PATCH", PATH, json.dumps(body), Content_Type="application/json")
        status, _, document = self.functions.ask(event, "device_settings_api")
        return status, document

    def refused(self, **body: Any) -> dict[str, str]:
        """Return what is wrong with a change, by field."""
        status, document = self.patch(**body)
        assert status == 400, document
        return {error["field"]: error["detail"] for error in document["errors"]}


@pytest.fixture
def api(shadows: Shadows, table: str, monkeypatch: pytest.MonkeyPatch) -> Api:
    for name, value in (ENVIRONMENT | {"TABLE_NAME": table}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("time.sleep", lambda _: None)  # botocore's pauses before it tries again
    seed_devices(table, {"cam-1": 0})
    return Api(Functions(["device_settings_api"]), shadows)


@pytest.mark.parametrize("name", samples("device_settings_api"))
def test_the_api_answers_when_it_gets_its_sample(api: Api, name: str) -> None:
    event = sample(f"device_settings_api/{name}")
    status, headers, document = api.functions.ask(event, "device_settings_api")
    assert status == STATUSES[name], document
    assert headers["Cache-Control"] == "no-store"
    kind = "application/json" if status == 200 else "application/problem+json"
    assert headers["Content-Type"] == kind


def test_the_settings_are_empty_when_the_camera_has_no_shadow(api: Api) -> None:
    assert api.get() == {
        "device_id": "cam-1",
        "is_applied": True,
        "desired": {},
        "reported": None,
        "waiting": [],
        "rejected": [],
        "version": None,
    }


def test_a_change_waits_until_the_camera_reports_it(api: Api) -> None:
    status, document = api.patch(paused=True, smile={"threshold_on": 0.7})
    assert status == 200
    assert (document["is_applied"], document["version"]) == (False, 1)
    assert document["waiting"] == ["paused", "smile.threshold_on"]
    assert document == api.get()
    assert api.shadows.state("cam-1")["desired"] == document["desired"]
    api.shadows.update("cam-1", reported={"paused": True, "smile": {"threshold_on": 0.7}})
    document = api.get()
    assert (document["is_applied"], document["waiting"]) == (True, [])
    assert document["reported"] == {"paused": True, "smile": {"threshold_on": 0.7}}


@pytest.mark.parametrize("value", [{}, {"value": 0.999}], ids=["older camera", "camera"])
def test_a_refused_value_is_named_with_the_reason_when_the_camera_reports_it(
    api: Api, value: dict[str, float]
) -> None:
    api.patch(smile={"threshold_on": 0.999})
    rejected = {"field": "smile.threshold_on", "reason": "expected at most 0.996, got 0.999"}
    report = rejected | value
    api.shadows.update("cam-1", reported={"paused": False, "rejected": [report, "odd", {}]})
    document = api.get()
    assert (document["is_applied"], document["waiting"]) == (False, [])
    assert document["rejected"] == [rejected]
    assert document["reported"] == {"paused": False}


def test_a_refusal_is_over_when_another_value_or_none_is_wanted(api: Api) -> None:
    api.patch(smile={"threshold_on": 0.999})
    rejected = [{"field": "smile.threshold_on", "reason": "too much", "value": 0.999}]
    api.shadows.update("cam-1", reported={"paused": False, "rejected": rejected})
    for wanted, waiting in ((0.7, ["smile.threshold_on"]), (None, [])):
        _, document = api.patch(smile={"threshold_on": wanted})
        assert (document["rejected"], document["waiting"]) == ([], waiting)


def test_what_is_left_out_of_the_refusals_is_named(api: Api) -> None:
    api.patch(smile={"threshold_on": 0.999})
    cut = [{"field": "…", "reason": "92 more"}]
    api.shadows.update("cam-1", reported={"paused": False, "rejected": cut})
    assert (api.get()["rejected"], api.get()["is_applied"]) == (cut, False)


def test_nothing_is_refused_when_nothing_is_wanted(api: Api) -> None:
    rejected = [{"field": "…", "reason": "3 more"}]
    api.shadows.update("cam-1", reported={"paused": False, "rejected": rejected})
    assert (api.get()["rejected"], api.get()["is_applied"]) == ([], True)


def test_other_settings_stay_when_one_is_changed_or_removed(api: Api) -> None:
    zones = {"include": [[[0, 0], [1, 0], [1, 1]]]}
    api.shadows.update("cam-1", desired={"zones": zones, "welcome": "aws-iot"})
    api.patch(paused=True, smile={"threshold_on": 0.7, "min_duration_ms": 800})
    status, document = api.patch(smile={"threshold_on": None})
    assert status == 200
    expected = {"zones": zones, "paused": True, "smile": {"min_duration_ms": 800}}
    assert document["desired"] == api.get()["desired"] == expected


def test_whole_numbers_stay_whole_so_that_they_equal_the_report_of_the_camera(api: Api) -> None:
    api.patch(smile={"min_duration_ms": 800.0}, vision={"max_faces": 4.0})
    text = json.dumps(api.shadows.state("cam-1")["desired"])
    assert text == '{"smile": {"min_duration_ms": 800}, "vision": {"max_faces": 4}}'


# --- bad values --------------------------------------------------------------------------------


def test_every_bad_field_is_named_with_what_is_expected(api: Api) -> None:
    found = api.refused(
        paused=1, smile={"threshold_on": 1, "colour": 2}, vision=3, health={"interval_s": 5}
    )
    assert found["paused"].startswith("expected true or false, got 1")
    assert found["smile.threshold_on"].startswith(
        "expected a number more than 0 and less than 1, got 1"
    )
    assert found["smile.colour"].startswith("unknown field, expected paused, smile.threshold_on")
    assert found["vision"] == "expected an object of settings."
    assert found["health.interval_s"].startswith("expected a number from 10 to 3600, got 5")
    assert api.shadows.updates == 0


def test_a_change_without_settings_is_refused(api: Api) -> None:
    assert "at least one setting" in api.refused()["paused"]
    assert "at least one setting" in api.refused(smile={})["paused"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"threshold_on": 0.5, "threshold_off": 0.7}, "smile.threshold_off"),
        ({"threshold_on": 0.5, "threshold_off": 0.5}, "smile.threshold_off"),
        ({"threshold_on": 0.4}, "smile.threshold_on"),
        ({"threshold_off": 0.6}, "smile.threshold_off"),
    ],
)
def test_thresholds_must_go_together_also_with_those_in_use(
    api: Api, body: dict[str, float], field: str
) -> None:
    api.shadows.update(
        "cam-1",
        desired={"smile": {"threshold_on": 0.6}},
        reported={"smile": {"threshold_on": 0.55, "threshold_off": 0.4}},
    )
    assert list(api.refused(smile=body)) == [field]
    assert api.patch(paused=True)[0] == 200  # it does not depend on the thresholds


def test_the_value_in_use_does_not_count_when_the_change_removes_it(api: Api) -> None:
    start = {"threshold_on": 0.5, "threshold_off": 0.4}
    api.shadows.update("cam-1", desired={"smile": start}, reported={"smile": start})
    status, document = api.patch(smile={"threshold_on": None, "threshold_off": 0.55})
    assert (status, document["desired"]) == (200, {"smile": {"threshold_off": 0.55}})


def test_a_setting_has_one_name(api: Api) -> None:
    body = {"smile.threshold_on": 0.9, "smile": {"threshold_on": 0.5}}
    assert list(api.refused(**body)) == ["smile.threshold_on"]


def test_names_with_dots_in_a_shadow_are_left_out(api: Api) -> None:
    api.shadows.update("cam-1", desired={"smile": 5, "smile.threshold_on": 1})
    assert api.get()["desired"] == {"smile": 5}


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [(0.7, {"paused": True, "smile": {"threshold_on": 0.7}}), (None, {"paused": True})],
)
def test_a_change_replaces_a_section_that_is_no_object(
    api: Api, wanted: float | None, expected: dict[str, Any]
) -> None:
    api.shadows.update("cam-1", desired={"smile": 5, "paused": True})
    status, document = api.patch(smile={"threshold_on": wanted})
    assert (status, document["desired"]) == (200, expected)
    assert api.get()["desired"] == api.shadows.state("cam-1")["desired"] == expected


def test_a_pause_is_possible_while_the_wanted_thresholds_do_not_go_together(api: Api) -> None:
    api.shadows.update("cam-1", desired={"smile": {"threshold_on": 0.4, "threshold_off": 0.6}})
    assert api.patch(paused=True)[0] == 200


def test_the_api_accepts_what_the_camera_accepts_and_nothing_else(api: Api) -> None:
    values = [True, -1, 0, 0.5, 1, 7, 8, 9.9, 10, 200, 201, 1000, 1001, 3600, 3601, 60_000, 60_001]
    for key, value in itertools.product(DEVICE_SETTINGS, values):
        section, _, name = key.rpartition(".")
        body = {section: {name: value}} if section else {name: value}
        device = RuntimeSettings(CONFIG, lambda _: {}, AcceptedFile(None))
        device.want(body)
        is_accepted = not device.report()["rejected"]
        assert (api.patch(**body)[0] == 200) == is_accepted, body
        api.shadows.update("cam-1", desired=None)


# --- when others write at once, or AWS IoT fails -------------------------------------------------


def test_both_changes_count_when_another_one_is_made_meanwhile(api: Api) -> None:
    api.shadows.before_update = lambda: api.shadows.update(
        "cam-1", desired={"smile": {"threshold_off": 0.3}}
    )
    api.shadows.update("cam-1", reported={"paused": False})
    status, document = api.patch(smile={"threshold_on": 0.6})
    assert status == 200
    assert document["desired"] == {"smile": {"threshold_off": 0.3, "threshold_on": 0.6}}
    assert api.get() == document


def test_a_change_is_checked_again_when_another_one_is_made_meanwhile(api: Api) -> None:
    api.shadows.update("cam-1", reported={"paused": False})
    api.shadows.before_update = lambda: api.shadows.update(
        "cam-1", desired={"smile": {"threshold_off": 0.8}}
    )
    assert list(api.refused(smile={"threshold_on": 0.6})) == ["smile.threshold_on"]


def test_a_change_is_made_once_when_its_answer_is_lost(api: Api) -> None:
    api.shadows.update("cam-1", reported={"paused": False})
    api.shadows.lose_answers(1)
    status, document = api.patch(paused=True)
    assert (status, document["version"]) == (200, 2)
    assert api.get() == document


def test_the_client_may_try_again_when_every_answer_is_lost(api: Api) -> None:
    api.shadows.lose_answers(3)
    assert api.patch(paused=True)[0] == 503
    status, document = api.patch(paused=True)
    assert (status, document["desired"]) == (200, {"paused": True})


def test_nothing_is_written_when_the_shadow_has_the_values_already(api: Api) -> None:
    api.patch(paused=True)
    assert api.patch(paused=True)[0] == 200
    assert api.shadows.updates == 1


def test_a_request_succeeds_when_aws_throttles_twice(api: Api) -> None:
    api.shadows.fail(429, "ThrottlingException", times=2)
    assert api.get()["desired"] == {}


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (429, "ThrottlingException"),
        (503, "ServiceUnavailableException"),
        (500, "InternalFailureException"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_the_client_may_try_again_when_aws_is_busy(
    api: Api, method: str, status: int, code: str
) -> None:
    api.shadows.fail(status, code)
    body = None if method == "GET" else '{"paused": true}'
    event = request(method, PATH, body, Content_Type="application/json")
    answer, headers, document = api.functions.ask(event, "device_settings_api")
    assert answer == 503, document
    assert headers["Retry-After"] == "2"


def test_the_client_may_try_again_when_others_win_every_time(api: Api) -> None:
    api.shadows.fail(409, "ConflictException", method="POST")
    status, document = api.patch(paused=True)
    assert (status, api.get()["desired"]) == (503, {})
    assert "repeat the request" in document["detail"]


@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_the_failure_is_logged_and_not_shown_when_access_is_denied(api: Api, method: str) -> None:
    api.shadows.fail(403, "ForbiddenException")
    body = None if method == "GET" else '{"paused": true}'
    event = request(method, PATH, body, Content_Type="application/json")
    status, _, document = api.functions.ask(event, "device_settings_api")
    assert status == 500
    assert "Forbidden" not in json.dumps(document)
    assert "ForbiddenException" in json.dumps(api.functions.logged("ERROR"))


def test_the_client_may_try_again_when_the_table_does_not_answer(api: Api) -> None:
    with failing(clients.dynamodb(), "GetItem"):
        assert api.patch(paused=True)[0] == 503
    assert api.shadows.requests == []


def test_a_full_shadow_is_refused_with_what_to_do(api: Api) -> None:
    zones = {"ignore": [[[round(n / 2000, 4), 0.5] for n in range(560)]]}
    api.shadows.update("cam-1", desired={"zones": zones})
    status, document = api.patch(
        paused=True, smile={"threshold_on": 0.7, "threshold_off": 0.5}, vision={"max_faces": 4}
    )
    assert (status, api.get()["version"]) == (413, 1)
    assert "remove zones" in document["detail"]
