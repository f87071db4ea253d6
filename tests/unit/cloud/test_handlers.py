"""``store_event`` and ``send_alert`` as Lambda calls them, with the samples in ``events/``."""

from __future__ import annotations

import json
import time
from types import SimpleNamespace
from typing import Any

import pytest

from scripts.sample_events import sqs_event
from smile_cloud import clients
from tests.helpers.aws_calls import failing, watched
from tests.helpers.device_checks import seed_devices
from tests.helpers.functions import Functions
from tests.helpers.rule_events import moved_to_now, received_now, sample, sample_body, samples
from tests.helpers.template import properties

HANDLED: dict[str, Any] = {"batchItemFailures": []}


def metrics(capsys: pytest.CaptureFixture[str]) -> dict[str, float]:
    """Return the metrics that CloudWatch extracts from what the last invocation printed."""
    printed = capsys.readouterr().out
    if not printed:
        return {}
    document = json.loads(printed)
    [group] = document["_aws"]["CloudWatchMetrics"]
    assert (group["Namespace"], group["Dimensions"]) == ("Smile", [["service"]])
    assert {metric["Unit"] for metric in group["Metrics"]} == {"Count"}
    return {metric["Name"]: sum(document[metric["Name"]]) for metric in group["Metrics"]}


@pytest.mark.parametrize("name", samples("store_event"))
def test_store_event_counts_outcomes_when_it_gets_its_sample(
    functions: Functions, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert functions.invoke("store_event", sample(f"store_event/{name}")) == HANDLED
    expected = {
        "EventsCreated": {"batch": 3, "bad_one_of_batch": 2}.get(name, "bad" not in name),
        "EventsUpdated": name == "batch",
        "EventsRejected": "bad" in name,
        "ClockRejected": name == "bad_clock",
        "ForgedRejected": name in ("bad_forged", "bad_repeated_field"),
    }
    assert metrics(capsys) == {metric: count for metric, count in expected.items() if count}


@pytest.mark.parametrize("name", samples("send_alert"))
def test_send_alert_counts_decisions_when_it_gets_its_sample(
    functions: Functions, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    event = sample(f"send_alert/{name}")
    assert functions.invoke("send_alert", event if "bad" in name else moved_to_now(event)) == (
        HANDLED
    )
    found = metrics(capsys)
    assert found.get("AlertsSent", 0) == ("bad" not in name)
    assert found.get("AlertsSuppressed", 0) == (2 if name == "batch" else 0)


def test_repeated_events_and_dead_letters_are_counted_as_such(
    functions: Functions, capsys: pytest.CaptureFixture[str]
) -> None:
    functions.invoke("store_event", sample("store_event/bad_one_of_batch"))
    assert metrics(capsys) == {"EventsCreated": 2, "EventsRejected": 1}
    functions.invoke("store_event", received_now(sample("store_event/bad_one_of_batch")))
    assert metrics(capsys) == {"EventsUnchanged": 2, "DeadLettersRepeated": 1}


def test_old_smiles_are_counted_when_they_get_no_alert(
    functions: Functions, capsys: pytest.CaptureFixture[str]
) -> None:
    functions.invoke("send_alert", sample("send_alert/started"))
    assert metrics(capsys) == {"AlertsTooOld": 1}


def test_a_digest_is_counted_when_the_topic_has_no_room(
    functions: Functions,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    aws: SimpleNamespace,
    alerts_queue: str,
) -> None:
    monkeypatch.setenv("ALERTS_PER_MINUTE", "1")
    monkeypatch.setenv("ALERT_COOLDOWN_SECONDS", "0")
    with watched(clients.sqs(), "SendMessage") as calls:
        functions.invoke("send_alert", moved_to_now(sample("send_alert/batch")))
    assert metrics(capsys) == {"AlertsSent": 1, "AlertsDigested": 2}
    functions.invoke("send_alert", sqs_event([call["MessageBody"] for call in calls]))
    assert metrics(capsys) == {"DigestsSent": len(calls)}


def test_the_log_says_what_was_decided_about_each_event(functions: Functions) -> None:
    functions.invoke("send_alert", moved_to_now(sample("send_alert/batch")))
    *lines, record = functions.logged("INFO")
    assert {line["message"] for line in lines} == {"alert decided"}
    assert {line["correlation_id"] for line in lines} == {record["message_id"]}
    assert [line["device_id"] for line in lines] == ["cam-1"] * len(lines)
    assert all(line["event_id"] for line in lines)
    decisions = [line["decision"] for line in lines]
    assert sorted(decisions) == ["already_handled", "cooling_down", "cooling_down", "send"]


def test_one_line_says_what_was_decided_about_a_single_event(functions: Functions) -> None:
    functions.invoke("send_alert", moved_to_now(sample("send_alert/started")))
    [record] = functions.logged("INFO")
    assert (record["message"], record["counts"]) == ("record handled", {"send": 1})
    assert len(record["event_ids"]) == 1


def test_old_smiles_leave_room_for_live_ones(functions: Functions) -> None:
    functions.invoke("send_alert", moved_to_now(sample("send_alert/started")))
    old = sqs_event([sample_body("started")] * 10)
    with watched(clients.dynamodb(), "*") as reads, watched(clients.sns(), "*") as sent:
        functions.invoke("send_alert", old)
    assert (reads, sent) == ([], []), "an old smile costs no call"


def test_every_metric_of_the_dashboard_and_the_alarms_is_written_by_its_function(
    functions: Functions,
    template: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    body = properties(template, "Dashboard")["DashboardBody"]["!Sub"][0]
    widgets = json.loads(body.replace("${OptionalAlarms}", ""))["widgets"]
    shown = {
        (metric[3], metric[1])
        for widget in widgets
        for metric in widget["properties"].get("metrics", ())
        if metric[0] == "Smile/${Stage}"
    }
    alarmed = {
        (one["Dimensions"][0]["Value"], one["MetricName"])
        for resource in template["Resources"].values()
        for metric in resource["Properties"].get("Metrics", ())
        if (one := metric.get("MetricStat", {}).get("Metric"))
        and one["Namespace"] == {"!Sub": "Smile/${Stage}"}
    }
    assert shown
    assert alarmed
    monkeypatch.setenv("ALERTS_PER_MINUTE", "1")
    batch = moved_to_now(sample("send_alert/batch"))
    with watched(clients.sqs(), "SendMessage") as calls:
        written = {
            "store_event": written_by(functions, capsys, "store_event", "batch", "bad_score"),
            "send_alert": written_by(functions, capsys, "send_alert", "started"),
        }
        functions.invoke("send_alert", batch)
        written["send_alert"] |= set(metrics(capsys))
        monkeypatch.setenv("ALERT_COOLDOWN_SECONDS", "0")
        fresh = Functions()
        fresh.invoke("send_alert", moved_to_now(sample("send_alert/batch")))
        written["send_alert"] |= set(metrics(capsys))
    fresh.invoke("send_alert", sqs_event([call["MessageBody"] for call in calls]))
    written["send_alert"] |= set(metrics(capsys))
    with failing(clients.dynamodb(), "GetItem"), failing(clients.dynamodb(), "BatchGetItem"):
        for name in written:
            fresh.invoke(name, moved_to_now(sample(f"{name}/started")))
            written[name] |= set(metrics(capsys))
    fresh.invoke("check_devices", sample("check_devices/every_minute"))
    written["check_devices"] = set(metrics(capsys))
    for name, found in written.items():
        assert {metric for service, metric in shown | alarmed if service == name} <= found


def written_by(
    functions: Functions, capsys: pytest.CaptureFixture[str], function: str, *names: str
) -> set[str]:
    """Return the metrics that a function writes for samples, each passed twice."""
    found: set[str] = set()
    for name in names * 2:
        functions.invoke(function, sample(f"{function}/{name}"))
        found |= set(metrics(capsys))
    return found


def test_check_devices_counts_and_logs_what_it_finds(
    functions: Functions, capsys: pytest.CaptureFixture[str]
) -> None:
    functions.invoke("check_devices", sample("check_devices/every_minute"))
    assert metrics(capsys) == {
        "DevicesOffline": 0,
        "DevicesBlind": 0,
        "DeviceAlertsSent": 0,
        "DeviceAlertsDeferred": 0,
        "ChecksSkipped": 0,
    }
    [line] = functions.logged("INFO")
    assert (line["message"], line["devices"]) == ("devices checked", 0)


def test_check_devices_fails_as_a_whole_when_an_alert_fails(
    functions: Functions, table: str, capsys: pytest.CaptureFixture[str]
) -> None:
    seed_devices(table, {"cam-1": 60})
    with failing(clients.sns(), "Publish"), pytest.raises(Exception, match="1 alerts failed"):
        functions.invoke("check_devices", {})
    assert metrics(capsys)["DeviceAlertsSent"] == 0, "metrics are written nevertheless"
    [error] = functions.logged("ERROR")
    assert error["message"] == "device alert failed"
    functions.invoke("check_devices", {})
    assert metrics(capsys)["DeviceAlertsSent"] == 1
    sent = [line for line in functions.logged("INFO") if line["message"] == "device alert sent"]
    assert [(line["kind"], line["subject"]) for line in sent] == [("device_offline", "cam-1")]


def test_the_log_says_why_when_an_event_goes_to_the_dead_letter_queue(
    functions: Functions,
) -> None:
    functions.invoke("store_event", sample("store_event/bad_score"))
    [warning] = functions.logged("WARNING")
    assert warning["message"] == "events sent to the dead-letter queue"
    assert warning["reasons"][0].startswith("peak_score: ")


@pytest.mark.parametrize("name", ["store_event", "send_alert"])
def test_the_log_names_message_device_and_events_when_a_record_is_handled(
    functions: Functions, name: str
) -> None:
    functions.invoke(name, sqs_event([sample_body("started"), "no JSON"]))
    first, second = functions.logged("INFO")
    assert first["message"] == second["message"] == "record handled"
    assert first["message_id"] != second["message_id"]
    assert first["device_id"] == "cam-1"
    assert first["event_ids"] == ["01a20451-81da-7111-8000-1234567890ab"]
    assert first["counts"]
    assert "device_id" not in second


def test_every_item_expires_by_the_attribute_of_the_template(
    functions: Functions,
    template: dict[str, Any],
    aws: SimpleNamespace,
    table: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ALERTS_PER_MINUTE", "1")
    monkeypatch.setenv("ALERT_COOLDOWN_SECONDS", "0")
    batch = moved_to_now(sample("store_event/batch"))
    functions.invoke("store_event", batch)
    functions.invoke("store_event", sample("store_event/bad_clock"))
    functions.invoke("send_alert", batch)
    functions.invoke("device_status", received_now(sample("device_status/online")))
    expiry = properties(template, "EventsTable")["TimeToLiveSpecification"]["AttributeName"]
    items = aws.dynamodb.scan(TableName=table)["Items"]
    kinds = {item["sk"]["S"].partition("#")[0] for item in items}
    stored = {"EVENT", "HOUR", "DAY", "DEVICE", "LISTED", "SEQUENCE", "DEAD_LETTER"}
    assert kinds == stored | {"ALERT", "TOPIC", "DIGEST"}
    assert any(item["pk"]["S"].startswith("DIGEST#") for item in items)
    for item in items:
        assert int(item[expiry]["N"]) > time.time(), item["sk"]


@pytest.mark.filterwarnings("ignore:No application metrics")
def test_the_error_names_the_variable_when_one_is_wrong(
    functions: Functions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVENT_RETENTION_DAYS", "soon")
    with pytest.raises(Exception, match="EVENT_RETENTION_DAYS"):
        functions.invoke("store_event", sample("store_event/started"))
