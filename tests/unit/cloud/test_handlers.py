"""Every ``events/<function>/*.json`` through its handler, with the template's own variables."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]


def names(function: str) -> list[str]:
    return sorted(path.stem for path in (ROOT / "events" / function).glob("*.json"))


class Functions:
    """The three handlers in one environment, each loaded as at a cold start."""

    def __init__(self, load: Callable[[str], ModuleType], context: SimpleNamespace) -> None:
        self._loaded = {name: load(name) for name in ("store_event", "send_alert", "history_api")}
        self._context = context

    def invoke(self, name: str, event: Any) -> Any:
        return self._loaded[name].handler(event, self._context)

    def ask(self, event: dict[str, Any]) -> tuple[int, str, dict[str, Any]]:
        answer = self.invoke("history_api", event)
        headers = answer.get("multiValueHeaders") or {}
        return answer["statusCode"], headers["Content-Type"][0], json.loads(answer["body"])


@pytest.fixture
def topic(aws: SimpleNamespace) -> str:
    return str(aws.sns.create_topic(Name="alerts")["TopicArn"])


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, table: str, queue: str, topic: str) -> None:
    for name, value in {
        "TABLE_NAME": table,
        "DEAD_LETTER_QUEUE_URL": queue,
        "TOPIC_ARN": topic,
        "API_URL": "https://api.example/dev",
        "CURSOR_KEY": "k" * 64,
        "EVENT_RETENTION_DAYS": "90",
        "ROLLUP_RETENTION_DAYS": "400",
        "ALERT_COOLDOWN_SECONDS": "300",
        "ALERT_MAX_AGE_SECONDS": "99999",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def functions(
    environment: None, load_function: Callable[[str], ModuleType], context: SimpleNamespace
) -> Functions:
    return Functions(load_function, context)


@pytest.mark.parametrize("name", names("store_event"))
def test_store_event_answers_when_given_its_sample(
    functions: Functions, sample: Callable[[str], Any], name: str
) -> None:
    counts = functions.invoke("store_event", sample(f"store_event/{name}"))
    assert counts["rejected"] == ("bad" in name)
    assert counts["created"] == {"batch": 3, "bad_one_of_batch": 2}.get(name, "bad" not in name)
    assert counts["updated"] == (name == "batch")


@pytest.mark.parametrize("name", names("send_alert"))
def test_send_alert_answers_when_given_its_sample(
    functions: Functions, sample: Callable[[str], Any], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    alerts = functions._loaded["send_alert"].service()
    monkeypatch.setattr(alerts, "_clock", lambda: datetime(2026, 11, 22, 17, 33, 7, tzinfo=UTC))
    counts = functions.invoke("send_alert", sample(f"send_alert/{name}"))
    assert counts["send"] == ("bad" not in name)
    assert counts["cooling_down"] == (2 if name == "batch" else 0)


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("list", 200),
        ("list_device_range", 200),
        ("list_bad_parameters", 400),
        ("list_bad_cursor", 400),
        ("get", 200),
        ("get_unknown", 404),
        ("get_bad_event_id", 400),
        ("openapi", 200),
    ],
)
def test_history_api_answers_when_given_its_sample(
    functions: Functions, sample: Callable[[str], Any], name: str, status: int
) -> None:
    fresh = int(datetime.now(UTC).timestamp() * 1000)
    functions.invoke("store_event", sample("store_event/batch") | {"received_at_ms": fresh})
    code, content_type, body = functions.ask(sample(f"history_api/{name}"))
    assert code == status
    if status == 200:
        assert content_type == "application/json"
    else:
        assert content_type == "application/problem+json"
        assert (body["status"], body["type"]) == (status, "about:blank")
        assert body["detail"]


def test_every_sample_of_the_api_is_tested_when_one_is_added() -> None:
    marker = test_history_api_answers_when_given_its_sample.pytestmark[0]
    assert sorted(name for name, _ in marker.args[1]) == names("history_api")


def test_what_was_stored_is_listed_when_the_api_is_asked(
    functions: Functions, sample: Callable[[str], Any]
) -> None:
    fresh = int(datetime.now(UTC).timestamp() * 1000)
    batch = sample("store_event/batch") | {"received_at_ms": fresh}
    functions.invoke("store_event", batch)
    _, _, page = functions.ask(sample("history_api/list"))
    shown = [(event["started_at"], event["phase"]) for event in page["events"]]
    assert shown == [
        ("2026-11-22T17:33:05.450Z", "ended"),
        ("2026-11-22T17:33:01.150Z", "started"),
        ("2026-11-22T17:33:00.250Z", "ended"),
    ]
    assert page["next_cursor"] is None


def test_every_item_has_the_attribute_that_the_template_expires_by(
    functions: Functions,
    sample: Callable[[str], Any],
    template: dict[str, Any],
    aws: SimpleNamespace,
    table: str,
) -> None:
    fresh = int(datetime.now(UTC).timestamp() * 1000)
    batch = sample("store_event/batch") | {"received_at_ms": fresh}
    functions.invoke("store_event", batch)
    functions.invoke("send_alert", batch)
    expiry = template["Resources"]["EventsTable"]["Properties"]["TimeToLiveSpecification"]
    items = aws.dynamodb.scan(TableName=table)["Items"]
    assert {item["sk"]["S"].partition("#")[0] for item in items} >= {"EVENT", "HOUR", "DAY"}
    for item in items:
        assert int(item[expiry["AttributeName"]]["N"]) * 1000 > fresh, item["sk"]


def test_all_bad_parameters_are_named_when_a_request_is_refused(
    functions: Functions, sample: Callable[[str], Any]
) -> None:
    _, _, body = functions.ask(sample("history_api/list_bad_parameters"))
    assert [error["parameter"] for error in body["errors"]] == ["devise", "from", "limit"]
    assert "device" in body["errors"][0]["detail"]


def test_an_unknown_path_is_a_problem_when_it_reaches_the_function(
    functions: Functions, sample: Callable[[str], Any]
) -> None:
    code, content_type, body = functions.ask(sample("history_api/list") | {"path": "/v1/smiles"})
    assert (code, content_type) == (404, "application/problem+json")
    assert "/v1/openapi.json" in body["detail"]


def test_the_cause_stays_in_the_log_when_the_table_is_gone(
    functions: Functions,
    sample: Callable[[str], Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("TABLE_NAME", "no-such-table")
    code, content_type, body = functions.ask(sample("history_api/list"))
    assert (code, content_type) == (500, "application/problem+json")
    assert "ResourceNotFoundException" not in json.dumps(body)


@pytest.mark.filterwarnings("ignore:No application metrics")
def test_a_wrong_variable_is_named_when_a_function_starts(
    functions: Functions, sample: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVENT_RETENTION_DAYS", "soon")
    with pytest.raises(Exception, match="EVENT_RETENTION_DAYS"):
        functions.invoke("store_event", sample("store_event/started"))
