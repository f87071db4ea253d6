"""``erasure_api`` and ``erase_events`` as Lambda calls them, with the samples in ``events/``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import jsonschema
import pytest

from scripts.sample_events import sqs_event
from smile_cloud import clients
from smile_cloud.erase_events import device_eraser
from smile_cloud.erasure.job import WAIT
from smile_cloud.erasure_api import remains
from smile_cloud.erasure_api.requests import RANGE_PARAMETERS
from smile_cloud.send_alert import alert_state, digest_store
from tests.helpers.aws_calls import watched
from tests.helpers.functions import FUNCTIONS, Functions
from tests.helpers.rule_events import received_now, sample
from tests.helpers.template import ROOT, properties

JOB = "01a20457-ea7a-7a2c-8000-1234567890ab"


@pytest.fixture(scope="module")
def openapi() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((FUNCTIONS / "history_api/openapi.json").read_text("utf-8"))
    return loaded


def ask(functions: Functions, name: str) -> tuple[int, dict[str, str], dict[str, Any]]:
    return functions.ask(sample(f"erasure_api/{name}"), "erasure_api")


def get(functions: Functions, location: str) -> dict[str, Any]:
    """Return the job at a location, which API Gateway passes without the stage."""
    path = location.removeprefix("/dev")
    event = sample("erasure_api/get_unknown") | {"path": path}
    event["requestContext"]["path"] = location
    status, _, document = functions.ask(event, "erasure_api")
    assert status == 200
    return document


@pytest.mark.parametrize(
    ("name", "scope"), [("erase_device", "device"), ("erase_events", "events")]
)
def test_a_request_starts_a_job_whose_location_shows_it(
    functions: Functions, openapi: dict[str, Any], name: str, scope: str
) -> None:
    with watched(clients.sqs(), "SendMessage") as sent:
        status, headers, job = ask(functions, name)
    assert status == 202
    assert headers["Location"] == f"/dev/v1/devices/cam-1/erasures/{job['job_id']}"
    jsonschema.validate(job, openapi | {"$ref": "#/components/schemas/Erasure"})
    assert (job["scope"], job["state"]) == (scope, "accepted")
    if scope == "events":
        assert (job["from"], job["to"]) == ("2026-11-22T17:00:00.000Z", "2026-11-22T18:00:00.000Z")
    assert get(functions, headers["Location"]) == job
    [message] = sent
    assert 70 <= message["DelaySeconds"] <= WAIT.total_seconds()
    assert json.loads(message["MessageBody"]) == {"erase": "cam-1", "job": job["job_id"], "step": 0}


@pytest.mark.parametrize(
    ("name", "status", "problems"),
    [
        (
            "erase_bad_no_range",
            400,
            {"from": "expected a time: name", "to": "expected a time"},
        ),
        (
            "erase_bad_range",
            400,
            {"limit": "unknown parameter, expected from, to.", "to": "expected a time after from."},
        ),
        ("get_bad_job", 400, {"job": "expected a UUIDv7 in lower case"}),
        ("get_unknown", 404, {}),
    ],
)
def test_nothing_is_erased_and_the_answer_says_what_to_change_when_a_request_is_wrong(
    functions: Functions, name: str, status: int, problems: dict[str, str]
) -> None:
    with watched(clients.dynamodb(), "TransactWriteItems") as written:
        answered, _, document = ask(functions, name)
    assert (answered, document["status"], written) == (status, status, [])
    found = {one["parameter"]: one["detail"] for one in document.get("errors", ())}
    assert found.keys() == problems.keys()
    for parameter, detail in problems.items():
        assert found[parameter].startswith(detail)


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ({"from": ["2026-11-22"], "to": ["2026-11-23T00:00:00Z"]}, "from: expected an RFC 3339"),
        (
            {"from": ["2026-11-22T00:00:00Z"] * 2, "to": ["2026-11-23T00:00:00Z"]},
            "from: given more",
        ),
    ],
)
def test_a_time_that_is_unclear_is_refused(
    functions: Functions, query: dict[str, list[str]], problem: str
) -> None:
    event = sample("erasure_api/erase_events") | {"multiValueQueryStringParameters": query}
    status, _, document = functions.ask(event, "erasure_api")
    assert status == 400
    assert document["detail"].startswith(problem)


def test_a_device_id_that_cannot_be_one_is_refused(functions: Functions) -> None:
    event = sample("erasure_api/erase_device") | {"path": "/v1/devices/cam%201"}
    status, _, document = functions.ask(event, "erasure_api")
    assert status == 400
    assert document["errors"][0]["parameter"] == "device"


def metrics(capsys: pytest.CaptureFixture[str]) -> Iterator[dict[str, float]]:
    """Yield the metrics of each invocation since the last call."""
    for line in capsys.readouterr().out.splitlines():
        document = json.loads(line)
        [group] = document["_aws"]["CloudWatchMetrics"]
        yield {metric["Name"]: sum(document[metric["Name"]]) for metric in group["Metrics"]}


def test_steps_are_counted_and_logged_with_their_job(
    functions: Functions, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = functions.invoke("erase_events", sample("erase_events/step"))
    assert answer == {"batchItemFailures": []}
    [counts] = metrics(capsys)
    assert counts == {
        "ErasureSteps": 0,
        "ErasureStepsRepeated": 1,
        "ErasuresDone": 0,
        "RecordsFailed": 0,
    }
    step, _ = functions.logged("INFO")
    assert (step["device_id"], step["job_id"], step["step"]) == ("cam-1", JOB, 0)


@pytest.mark.parametrize("body", ["[]", "?", "{}", '{"erase": "cam 1", "job": "1", "step": 0}'])
def test_a_message_that_is_no_step_fails_and_says_why(functions: Functions, body: str) -> None:
    for event in (sample("erase_events/bad_step"), sqs_event([body])):
        answer = functions.invoke("erase_events", event)
        assert len(answer["batchItemFailures"]) == 1
    failure = functions.logged("ERROR")[-1]
    assert "StepError" in failure["exception"]
    assert 'expected {"erase": device id' in failure["exception"]


def test_a_dropped_event_is_counted_when_its_range_was_erased(
    functions: Functions, capsys: pytest.CaptureFixture[str]
) -> None:
    ask(functions, "erase_events")
    capsys.readouterr()
    functions.invoke("store_event", received_now(sample("store_event/started")))
    [counts] = metrics(capsys)
    assert (counts["EventsErased"], counts.get("EventsCreated", 0)) == (1, 0)
    functions.invoke("send_alert", received_now(sample("send_alert/started")))


def test_no_function_writes_about_a_device_when_the_job_deletes(template: dict[str, Any]) -> None:
    """Those that have read before the request are over, and their last calls too."""
    default = template["Globals"]["Function"]["Timeout"]
    writers = {
        name: resource["Properties"].get("Timeout", default)
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
        and "EventsTable" in str(resource["Properties"].get("Policies"))
        and any(
            action in str(resource["Properties"]["Policies"])
            for action in ("dynamodb:PutItem", "dynamodb:UpdateItem")
        )
    }
    assert {"StoreEventFunction", "SendAlertFunction", "AlertsApiFunction"} <= set(writers)
    call = timedelta(seconds=10)
    request = timedelta(seconds=writers["ErasureApiFunction"])
    assert timedelta(seconds=max(writers.values())) + request + call <= WAIT


def test_the_queue_passes_one_step_at_a_time_and_keeps_what_fails(template: dict[str, Any]) -> None:
    [source] = properties(template, "EraseEventsFunction")["Events"].values()
    assert source["Properties"] == {
        "Queue": {"!GetAtt": "ErasureQueue.Arn"},
        "BatchSize": 1,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "ScalingConfig": {"MaximumConcurrency": 2},
    }
    queue = properties(template, "ErasureQueue")
    timeout = properties(template, "EraseEventsFunction")["Timeout"]
    assert queue["VisibilityTimeout"] == 6 * timeout, "as AWS recommends"
    assert queue["RedrivePolicy"] == {
        "deadLetterTargetArn": {"!GetAtt": "DeadLetterQueue.Arn"},
        "maxReceiveCount": 5,
    }


def test_what_remains_is_kept_as_long_as_the_template_and_the_code_say(
    template: dict[str, Any],
) -> None:
    for queue in ("EventsQueue", "DeadLetterQueue", "RuleErrorQueue"):
        seconds = properties(template, queue)["MessageRetentionPeriod"]
        assert seconds == remains.QUEUE_DAYS * 86_400
    assert timedelta(days=remains.DIGEST_DAYS) == digest_store._RETENTION
    assert alert_state.CLAIM_DURATION < device_eraser.CLAIM_DURATION


@pytest.mark.parametrize(("recovery", "has_copies"), [("on", True), ("off", False)])
def test_recovery_copies_remain_only_where_the_stage_has_them(
    functions: Functions, monkeypatch: pytest.MonkeyPatch, recovery: str, has_copies: bool
) -> None:
    monkeypatch.setenv("POINT_IN_TIME_RECOVERY", recovery)
    _, _, job = ask(functions, "erase_device")
    kept = {one["name"]: one["kept_days"] for one in job["remains"]}
    assert ("recovery_copies" in kept) is has_copies
    assert kept["dead_letters"] == 14
    assert kept["logs"] == 14


def test_the_docs_show_an_answer_as_described(openapi: dict[str, Any]) -> None:
    text = (ROOT / "docs/api.md").read_text("utf-8")
    text = text.split("\n## `DELETE /v1/devices/{device}/events`", 1)[1]
    shown = json.loads(text.split("```json", 1)[1].split("```", 1)[0])
    operation = openapi["paths"]["/v1/devices/{device}/events"]["delete"]
    assert shown == operation["responses"]["202"]["content"]["application/json"]["example"]
    names = [one["name"] for one in operation["parameters"] if one["in"] == "query"]
    assert tuple(names) == RANGE_PARAMETERS
    for path, method in (
        ("/v1/devices/{device}", "delete"),
        ("/v1/devices/{device}/events", "delete"),
        ("/v1/devices/{device}/erasures/{job}", "get"),
    ):
        for answer in openapi["paths"][path][method]["responses"].values():
            if "content" in answer:
                example = answer["content"]["application/json"]["example"]
                jsonschema.validate(example, openapi | {"$ref": "#/components/schemas/Erasure"})
    kept = {
        one["name"]: one["kept_days"]
        for one in remains.Remains(timedelta(days=90), timedelta(days=490), True).documents()
    }
    assert kept == {one["name"]: one["kept_days"] for one in shown["remains"]}


def test_the_privacy_page_states_the_retention_of_each_stage(template: dict[str, Any]) -> None:
    text = (ROOT / "docs/privacy.md").read_text("utf-8")
    stages = template["Mappings"]["StageMap"].values()
    for row, name in (
        ("| events: ", "EventRetentionDays"),
        ("| hourly counts ", "RollupRetentionDays"),
        ("| device and event ids ", "LogRetentionDays"),
    ):
        [line] = [one for one in text.splitlines() if one.startswith(row)]
        days = " | ".join(f"{stage[name]} days" for stage in stages)
        assert line.endswith(f"| {days} |")
    for one in remains.Remains(timedelta(), timedelta(), True).documents():
        assert f"`{one['name']}`" in text
