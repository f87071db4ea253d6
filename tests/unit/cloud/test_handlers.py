"""The three handlers with the samples in ``events/``, as Lambda calls them."""

from __future__ import annotations

import io
import json
from types import SimpleNamespace
from typing import Any

import pytest

from tests.helpers.functions import CONTEXT, ENVIRONMENT, load_function
from tests.helpers.rule_events import moved_to_now, received_now, sample, samples
from tests.helpers.template import properties

BATCH = "store_event/batch"


class Functions:
    """The handlers in one environment, each loaded as at a cold start."""

    def __init__(self) -> None:
        names = ("store_event", "send_alert", "history_api")
        self._loaded = {name: load_function(name) for name in names}
        self._log = io.StringIO()
        for module in self._loaded.values():
            module.logger.registered_handler.setStream(self._log)

    def invoke(self, name: str, event: Any) -> Any:
        return self._loaded[name].handler(event, CONTEXT)

    def logged(self, level: str) -> list[dict[str, Any]]:
        """Return what the functions have logged at this level."""
        lines = [json.loads(line) for line in self._log.getvalue().splitlines()]
        return [line for line in lines if line["level"] == level]

    def ask(self, event: dict[str, Any]) -> tuple[int, dict[str, str], dict[str, Any]]:
        """Return status, headers and document of the API's answer."""
        answer = self.invoke("history_api", event)
        headers = {name: value[0] for name, value in answer["multiValueHeaders"].items()}
        return answer["statusCode"], headers, json.loads(answer["body"])


@pytest.fixture
def functions(monkeypatch: pytest.MonkeyPatch, table: str, queue: str, topic: str) -> Functions:
    own = {"TABLE_NAME": table, "DEAD_LETTER_QUEUE_URL": queue, "TOPIC_ARN": topic}
    for name, value in (ENVIRONMENT | own).items():
        monkeypatch.setenv(name, value)
    return Functions()


def metrics(capsys: pytest.CaptureFixture[str]) -> dict[str, float]:
    """Return the metrics that CloudWatch extracts from what the last invocation printed."""
    document = json.loads(capsys.readouterr().out)
    [group] = document["_aws"]["CloudWatchMetrics"]
    assert (group["Namespace"], group["Dimensions"]) == ("Smile", [["service"]])
    assert {metric["Unit"] for metric in group["Metrics"]} == {"Count"}
    return {metric["Name"]: sum(document[metric["Name"]]) for metric in group["Metrics"]}


# --- store_event and send_alert ----------------------------------------------------------------


@pytest.mark.parametrize("name", samples("store_event"))
def test_store_event_counts_outcomes_when_it_gets_its_sample(
    functions: Functions, name: str
) -> None:
    counts = functions.invoke("store_event", sample(f"store_event/{name}"))
    assert set(counts) == {"created", "updated", "unchanged", "rejected"}
    assert counts["rejected"] == ("bad" in name)
    assert counts["created"] == {"batch": 3, "bad_one_of_batch": 2}.get(name, "bad" not in name)
    assert counts["updated"] == (name == "batch")


@pytest.mark.parametrize("name", samples("send_alert"))
def test_send_alert_counts_decisions_when_it_gets_its_sample(
    functions: Functions, name: str
) -> None:
    event = sample(f"send_alert/{name}")
    counts = functions.invoke("send_alert", event if "bad" in name else moved_to_now(event))
    assert set(counts) == {"send", "cooling_down", "already_seen", "in_flight", "too_old"}
    assert counts["send"] == ("bad" not in name)
    assert counts["cooling_down"] == (2 if name == "batch" else 0)


@pytest.mark.parametrize(
    ("name", "first", "repeated"),
    [("batch", (3, 1, 0, 0), (0, 0, 4, 0)), ("bad_one_of_batch", (2, 0, 0, 1), (0, 0, 2, 1))],
)
def test_the_dashboard_gets_its_metrics_when_events_are_stored(
    functions: Functions,
    capsys: pytest.CaptureFixture[str],
    name: str,
    first: tuple[int, ...],
    repeated: tuple[int, ...],
) -> None:
    names = ("EventsCreated", "EventsUpdated", "EventsUnchanged", "EventsRejected")
    for expected in (first, repeated):
        functions.invoke("store_event", sample(f"store_event/{name}"))
        assert metrics(capsys) == dict(zip(names, expected, strict=True))


def test_the_dashboard_gets_its_metrics_when_alerts_are_sent(
    functions: Functions, capsys: pytest.CaptureFixture[str]
) -> None:
    functions.invoke("send_alert", moved_to_now(sample("send_alert/batch")))
    assert metrics(capsys) == {"AlertsSent": 1, "AlertsSuppressed": 2, "AlertsTooOld": 0}
    functions.invoke("send_alert", sample("send_alert/started"))
    assert metrics(capsys) == {"AlertsSent": 0, "AlertsSuppressed": 0, "AlertsTooOld": 1}


def test_every_metric_of_the_dashboard_is_written_by_its_function(
    functions: Functions, template: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    widgets = json.loads(properties(template, "Dashboard")["DashboardBody"]["!Sub"])["widgets"]
    shown = [
        metric
        for widget in widgets
        for metric in widget["properties"].get("metrics", ())
        if metric[0] == "Smile"
    ]
    assert shown
    for name in ("store_event", "send_alert"):
        functions.invoke(name, sample(f"{name}/started"))
        written = metrics(capsys)
        assert {one[1] for one in shown if one[3] == name} <= set(written)


def test_the_log_says_why_when_an_event_goes_to_the_dead_letter_queue(
    functions: Functions,
) -> None:
    functions.invoke("store_event", sample("store_event/bad_score"))
    [warning] = functions.logged("WARNING")
    assert warning["message"] == "events sent to the dead-letter queue"
    assert warning["reasons"][0].startswith("peak_score: ")


@pytest.mark.parametrize("name", ["store_event", "send_alert"])
def test_the_log_names_the_device_when_a_message_is_handled(
    functions: Functions, name: str
) -> None:
    counts = functions.invoke(name, sample(f"{name}/started"))
    functions.invoke(name, ["not", "an", "object"])
    first, second = functions.logged("INFO")
    assert (first["device_id"], first["counts"]) == ("cam-1", counts)
    assert "device_id" not in second


def test_every_item_expires_by_the_attribute_of_the_template(
    functions: Functions, template: dict[str, Any], aws: SimpleNamespace, table: str
) -> None:
    batch = moved_to_now(sample(BATCH))
    functions.invoke("store_event", batch)
    functions.invoke("send_alert", batch)
    expiry = properties(template, "EventsTable")["TimeToLiveSpecification"]["AttributeName"]
    items = aws.dynamodb.scan(TableName=table)["Items"]
    kinds = {item["sk"]["S"].partition("#")[0] for item in items}
    assert kinds == {"EVENT", "HOUR", "DAY", "ALERT"}
    for item in items:
        assert int(item[expiry]["N"]) * 1000 > batch["received_at_ms"], item["sk"]


@pytest.mark.filterwarnings("ignore:No application metrics")
def test_the_error_names_the_variable_when_one_is_wrong(
    functions: Functions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVENT_RETENTION_DAYS", "soon")
    with pytest.raises(Exception, match="EVENT_RETENTION_DAYS"):
        functions.invoke("store_event", sample("store_event/started"))


# --- history_api -------------------------------------------------------------------------------

STATUSES = {
    "list": 200,
    "list_device_range": 200,
    "list_bad_parameters": 400,
    "list_bad_cursor": 400,
    "get": 200,
    "get_unknown": 404,
    "get_bad_event_id": 400,
    "openapi": 200,
}


@pytest.mark.parametrize("name", samples("history_api"))
def test_history_api_answers_when_it_gets_its_sample(functions: Functions, name: str) -> None:
    functions.invoke("store_event", received_now(sample(BATCH)))
    status, headers, document = functions.ask(sample(f"history_api/{name}"))
    assert status == STATUSES[name]
    assert headers["Cache-Control"] == ("max-age=300" if name == "openapi" else "no-store")
    if status == 200:
        assert headers["Content-Type"] == "application/json"
    else:
        assert headers["Content-Type"] == "application/problem+json"
        assert (document["status"], document["type"]) == (status, "about:blank")
        assert document["detail"]


def test_stored_events_are_listed_when_the_api_is_asked(functions: Functions) -> None:
    functions.invoke("store_event", received_now(sample(BATCH)))
    _, _, page = functions.ask(sample("history_api/list"))
    assert [(event["started_at"], event["phase"]) for event in page["events"]] == [
        ("2026-11-22T17:33:05.450Z", "ended"),
        ("2026-11-22T17:33:01.150Z", "started"),
        ("2026-11-22T17:33:00.250Z", "ended"),
    ]
    assert page["next_cursor"] is None


def test_one_event_is_returned_when_the_path_is_escaped(functions: Functions) -> None:
    event = received_now(sample("store_event/started")) | {"topic_device_id": "hall:1"}
    functions.invoke("store_event", event | {"device_id": "hall:1"})
    request = sample("history_api/get")
    path = f"/v1/devices/hall%3A1/events/{event['event_id']}"
    status, _, document = functions.ask(request | {"path": path})
    assert (status, document["device_id"]) == (200, "hall:1")


def test_all_bad_parameters_are_named_when_a_request_is_refused(functions: Functions) -> None:
    _, _, document = functions.ask(sample("history_api/list_bad_parameters"))
    assert [error["parameter"] for error in document["errors"]] == ["devise", "from", "limit"]
    assert "device" in document["errors"][0]["detail"]


@pytest.mark.parametrize(
    ("stage_path", "server"), [("/dev/v1/openapi.json", "/dev"), ("/v1/openapi.json", "/")]
)
def test_the_document_names_the_stage_when_the_path_has_one(
    functions: Functions, stage_path: str, server: str
) -> None:
    request = sample("history_api/openapi")
    request["requestContext"]["path"] = stage_path
    _, _, document = functions.ask(request)
    assert document["servers"] == [{"url": server}]


def test_the_answer_points_to_the_description_when_a_path_is_unknown(
    functions: Functions,
) -> None:
    status, headers, document = functions.ask(sample("history_api/list") | {"path": "/v1/smiles"})
    assert (status, headers["Content-Type"]) == (404, "application/problem+json")
    assert "/v1/openapi.json" in document["detail"]


def test_only_the_log_holds_the_cause_when_the_table_does_not_exist(
    functions: Functions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TABLE_NAME", "no-such-table")
    status, headers, document = functions.ask(sample("history_api/list"))
    assert (status, headers["Content-Type"]) == (500, "application/problem+json")
    assert "ResourceNotFoundException" not in json.dumps(document)
    [line] = functions.logged("ERROR")
    assert line["exception_name"] == "ResourceNotFoundException"
