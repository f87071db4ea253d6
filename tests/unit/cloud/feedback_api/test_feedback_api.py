"""``PUT …/feedback`` as Lambda gets it, on a table with the events of a sample."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

from smile_cloud import clients
from tests.helpers.alerts_api import request
from tests.helpers.aws import client_error
from tests.helpers.aws_calls import before_first, failing, losing_answer, repeating
from tests.helpers.functions import Functions
from tests.helpers.rule_events import received_now, sample, samples

EVENT_ID = sample("messages/batch")["events"][0]["event_id"]
STATUSES = {
    "put": 200,
    "put_by": 200,
    "put_bad_values": 400,
    "put_bad_type": 415,
    "put_bad_event_id": 400,
    "put_unknown": 404,
}
KEY_OF_SAMPLES = "k1l2m3n4o5"


class Api:
    """The functions on a table with three events of cam-1."""

    def __init__(self, functions: Functions) -> None:
        self.functions = functions
        functions.invoke("store_event", received_now(sample("store_event/batch")))

    def put(self, event_id: str = EVENT_ID, **body: Any) -> tuple[int, dict[str, Any]]:
        path = f"/v1/devices/cam-1/events/{event_id}/feedback"
        event = request("PUT", path, json.dumps(body), Content_Type="application/json")
        status, _, document = self.functions.ask(event, "feedback_api")
        return status, document

    @property
    def feedback(self) -> dict[str, Any] | None:
        """What the event shows."""
        path = f"/v1/devices/cam-1/events/{EVENT_ID}"
        _, _, event = self.functions.ask(request("GET", path), "history_api")
        found: dict[str, Any] | None = event.get("feedback")
        return found

    def counts(self, device: str | None = "cam-1") -> dict[str, int]:
        """What the statistics count, without zeros."""
        event = sample("history_api/stats")
        if device is not None:
            event["multiValueQueryStringParameters"]["device"] = [device]
        _, _, document = self.functions.ask(event, "history_api")
        assert document["total"]["events"] == 3
        return {name: count for name, count in document["total"]["feedback"].items() if count}


@pytest.fixture
def api(functions: Functions) -> Api:
    return Api(functions)


@pytest.mark.parametrize("name", samples("feedback_api"))
def test_the_api_answers_when_it_gets_its_sample(api: Api, name: str) -> None:
    status, headers, document = api.functions.ask(sample(f"feedback_api/{name}"), "feedback_api")
    assert status == STATUSES[name], document
    assert headers["Cache-Control"] == "no-store"
    kind = "application/json" if status == 200 else "application/problem+json"
    assert headers["Content-Type"] == kind


def test_the_event_and_the_statistics_show_the_feedback(api: Api) -> None:
    assert (api.feedback, api.counts()) == (None, {})
    status, answer = api.put(verdict="not_smile", by="Kim")
    assert status == 200
    assert (answer["device_id"], answer["event_id"]) == ("cam-1", EVENT_ID)
    assert api.feedback == answer["feedback"]
    assert answer["feedback"].items() >= {"verdict": "not_smile", "by": "Kim"}.items()
    assert answer["feedback"]["at"].endswith("Z")
    assert api.counts() == api.counts(None) == {"not_smile": 1}


def test_the_last_one_wins(api: Api) -> None:
    for verdict, by in (("smile", "Kim"), ("unsure", "Sam"), ("smile", "Ann"), ("smile", "Lee")):
        assert api.put(verdict=verdict, by=by)[0] == 200
    assert api.feedback is not None
    assert (api.feedback["verdict"], api.feedback["by"]) == ("smile", "Lee")
    assert api.counts() == api.counts(None) == {"smile": 1}


@pytest.mark.parametrize("body", [{}, {"by": None}])
def test_the_caller_is_kept_when_the_body_names_nobody(api: Api, body: dict[str, Any]) -> None:
    assert api.put(verdict="smile", **body)[0] == 200
    assert api.feedback is not None
    assert api.feedback["by"] == KEY_OF_SAMPLES


@pytest.mark.parametrize(
    ("context", "by"),
    [
        (
            {"identity": {"userArn": "arn:aws:iam::1:user/kim", "apiKeyId": "k"}},
            "arn:aws:iam::1:user/kim",
        ),
        ({"identity": {"userArn": None}, "authorizer": {"principalId": "kim"}}, "kim"),
        ({"identity": {}}, None),
        ({}, None),
    ],
)
def test_the_caller_is_who_api_gateway_says(
    api: Api, context: dict[str, Any], by: str | None
) -> None:
    event = sample("feedback_api/put")
    for name in ("identity", "authorizer"):
        event["requestContext"].pop(name, None)
    event["requestContext"] |= context
    _, _, answer = api.functions.ask(event, "feedback_api")
    assert answer["feedback"]["by"] == by


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, ["verdict"]),
        ({"verdict": None}, ["verdict"]),
        ({"verdict": ["smile"]}, ["verdict"]),
        ({"verdict": "SMILE"}, ["verdict"]),
        ({"verdict": "smile", "by": ""}, ["by"]),
        ({"verdict": "smile", "by": "x" * 65}, ["by"]),
        ({"verdict": "smile", "by": "a\nb"}, ["by"]),
        ({"verdict": "smile", "by": 7}, ["by"]),
        ({"verdict": "maybe", "by": "", "why": "dark"}, ["why", "verdict", "by"]),
    ],
)
def test_every_bad_field_is_named_when_a_request_is_refused(
    api: Api, body: dict[str, Any], named: list[str]
) -> None:
    status, document = api.put(**body)
    assert status == 400
    assert [error["field"] for error in document["errors"]] == named
    assert api.feedback is None


def test_a_name_of_64_characters_of_any_script_is_kept(api: Api) -> None:
    assert api.put(verdict="smile", by="山" * 64)[0] == 200
    assert api.feedback is not None
    assert api.feedback["by"] == "山" * 64


def test_bad_parts_of_the_url_are_named(api: Api) -> None:
    event = sample("feedback_api/put") | {"path": "/v1/devices/a%20b/events/1/feedback"}
    event["multiValueQueryStringParameters"] = {"verdict": ["smile"]}
    status, _, document = api.functions.ask(event, "feedback_api")
    assert status == 400
    assert [one["parameter"] for one in document["errors"]] == ["verdict", "device", "event_id"]


def test_a_path_with_odd_characters_is_unknown_and_not_another_method(api: Api) -> None:
    path = "/v1/devices/cam-1/events/\u00a3\u00a7/feedback"
    event = sample("feedback_api/put") | {"path": path}
    assert api.functions.ask(event, "feedback_api")[0] == 404


def test_the_feedback_stays_when_the_smile_ends_later(functions: Functions) -> None:
    started = sample("store_event/started")
    functions.invoke("store_event", received_now(started))
    event_id = sample("messages/started")["event_id"]
    path = f"/v1/devices/cam-1/events/{event_id}"
    body = '{"verdict": "smile"}'
    put = request("PUT", f"{path}/feedback", body, Content_Type="application/json")
    assert functions.ask(put, "feedback_api")[0] == 200
    functions.invoke("store_event", received_now(sample("store_event/ended")))
    _, _, event = functions.ask(request("GET", path), "history_api")
    assert (event["phase"], event["feedback"]["verdict"]) == ("ended", "smile")


def test_an_expired_event_gets_no_feedback(aws: SimpleNamespace, table: str, api: Api) -> None:
    key = {"pk": {"S": "DEVICE#cam-1"}, "sk": {"S": f"EVENT#{EVENT_ID}"}}
    aws.dynamodb.update_item(
        TableName=table,
        Key=key,
        UpdateExpression="SET expires_at = :past",
        ExpressionAttributeValues={":past": {"N": "1"}},
    )
    assert api.put(verdict="smile")[0] == 404
    assert api.counts() == {}


# --- when others write at once, or DynamoDB fails ----------------------------------------------


@pytest.fixture
def dynamodb(api: Api) -> Any:
    """The client that ``feedback_api`` uses."""
    return clients.dynamodb()


def test_each_verdict_is_counted_once_when_another_one_is_stored_meanwhile(
    api: Api, dynamodb: Any
) -> None:
    meanwhile = before_first(
        dynamodb, "TransactWriteItems", lambda: api.put(verdict="unsure", by="Sam")
    )
    with meanwhile:
        assert api.put(verdict="smile", by="Kim")[0] == 200
    assert api.feedback is not None
    assert api.feedback["by"] == "Kim"
    assert api.counts() == api.counts(None) == {"smile": 1}


def test_the_counts_are_exact_when_many_people_write_at_once(api: Api) -> None:
    verdicts = ["smile", "not_smile", "unsure"] * 4
    with ThreadPoolExecutor(6) as pool:
        statuses = list(pool.map(lambda verdict: api.put(verdict=verdict)[0], verdicts))
    assert set(statuses) <= {200, 503}
    assert 200 in statuses
    assert api.feedback is not None
    assert api.counts() == api.counts(None) == {api.feedback["verdict"]: 1}


def test_a_deleted_event_gets_no_feedback_when_it_is_deleted_meanwhile(
    aws: SimpleNamespace, table: str, api: Api, dynamodb: Any
) -> None:
    key = {"pk": {"S": "DEVICE#cam-1"}, "sk": {"S": f"EVENT#{EVENT_ID}"}}
    delete = before_first(
        dynamodb,
        "TransactWriteItems",
        lambda: aws.dynamodb.delete_item(TableName=table, Key=key),
    )
    with delete:
        assert api.put(verdict="smile")[0] == 404
    assert api.counts() == {}
    assert "Item" not in aws.dynamodb.get_item(TableName=table, Key=key)


def test_the_client_may_try_again_when_others_win_every_time(api: Api, dynamodb: Any) -> None:
    error = client_error("ThrottlingException", operation="TransactWriteItems")
    with failing(dynamodb, "TransactWriteItems", error=error):
        status, document = api.put(verdict="smile")
    assert (status, api.feedback) == (503, None)
    assert "repeat the request" in document["detail"]


@pytest.mark.parametrize("operation", ["GetItem", "TransactWriteItems"])
def test_nothing_is_stored_when_a_call_fails_and_the_client_tries_again(
    api: Api, dynamodb: Any, operation: str
) -> None:
    with failing(dynamodb, operation, times=1):
        assert api.put(verdict="smile")[0] == 503
        assert api.put(verdict="smile")[0] == 200
    assert api.counts() == api.counts(None) == {"smile": 1}


def test_the_verdict_is_counted_once_when_the_answer_is_lost_and_the_client_tries_again(
    api: Api, dynamodb: Any
) -> None:
    with losing_answer(dynamodb, "TransactWriteItems"):
        assert api.put(verdict="smile")[0] == 503
        assert api.put(verdict="smile")[0] == 200
    assert api.counts() == api.counts(None) == {"smile": 1}


def test_the_verdict_is_counted_once_when_boto3_repeats_the_call(api: Api, dynamodb: Any) -> None:
    with repeating(dynamodb, "TransactWriteItems"):
        assert api.put(verdict="smile")[0] == 200
    assert api.counts() == api.counts(None) == {"smile": 1}
