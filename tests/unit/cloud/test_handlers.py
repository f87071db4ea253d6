"""``store_event`` and ``send_alert`` as Lambda calls them, with the samples in ``events/``."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from tests.helpers.functions import Functions
from tests.helpers.rule_events import moved_to_now, sample, samples
from tests.helpers.template import properties

BATCH = "store_event/batch"


def metrics(capsys: pytest.CaptureFixture[str]) -> dict[str, float]:
    """Return the metrics that CloudWatch extracts from what the last invocation printed."""
    document = json.loads(capsys.readouterr().out)
    [group] = document["_aws"]["CloudWatchMetrics"]
    assert (group["Namespace"], group["Dimensions"]) == ("Smile", [["service"]])
    assert {metric["Unit"] for metric in group["Metrics"]} == {"Count"}
    return {metric["Name"]: sum(document[metric["Name"]]) for metric in group["Metrics"]}


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
    expected = {"store_event": "message stored", "send_alert": "message handled"}[name]
    assert first["message"] == second["message"] == expected
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
