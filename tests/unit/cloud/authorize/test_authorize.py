"""``authorize`` as API Gateway asks it, and what its policies allow."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from typing import Any

import pytest

from smile_cloud.authorize.scope import Scope
from tests.helpers.functions import AWS_ENVIRONMENT, CONTEXT, FUNCTIONS, load_function
from tests.helpers.rule_events import sample, samples

pytestmark = pytest.mark.usefixtures("_environment")
STAGE = "arn:aws:execute-api:eu-central-1:123456789012:a1b2c3d4e5/dev"
FEEDBACK = "PUT/v1/devices/cam-1/events/01a20451-81da-7111-8000-1234567890ab/feedback"
READS = ["GET/v1/events", "HEAD/v1/devices/cam-1", "GET/v1/alert-settings", "POST/v1/photos"]
WRITES = [
    "PUT/v1/alert-settings",
    "PUT/v1/devices/cam-1/alert-settings",
    "POST/v1/alert-settings/test",
    "DELETE/v1/devices/cam-1",
    "DELETE/v1/devices/cam-1/events/01a20451-81da-7111-8000-1234567890ab",
    "POST/v1/photos/more",
    "PATCH/v1/events",
]


@pytest.fixture
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (AWS_ENVIRONMENT | {"API_ACCESS": "key"}).items():
        monkeypatch.setenv(name, value)


def answer(key: str, asked: str = "GET/v1/events") -> dict[str, Any]:
    event = {"type": "TOKEN", "authorizationToken": key, "methodArn": f"{STAGE}/{asked}"}
    found: dict[str, Any] = load_function("authorize").handler(event, CONTEXT)
    return found


def allows(answered: dict[str, Any], asked: str) -> bool:
    """Evaluate the policy as API Gateway does."""
    effects = {
        statement["Effect"]
        for statement in answered["policyDocument"]["Statement"]
        if any(fnmatchcase(f"{STAGE}/{asked}", one) for one in statement["Resource"])
    }
    return effects == {"Allow"}


@pytest.mark.parametrize(
    ("scope", "allowed", "refused"),
    [
        ("read", READS, [*WRITES, FEEDBACK]),
        ("feedback", [*READS, FEEDBACK], WRITES),
        ("admin", [*READS, FEEDBACK, *WRITES], []),
    ],
)
def test_a_key_allows_what_its_scope_includes_and_no_more(
    scope: str, allowed: list[str], refused: list[str]
) -> None:
    for asked in ("GET/v1/events", "DELETE/v1/devices/cam-1"):  # its answer holds for all requests
        answered = answer(f"{scope}_{'k' * 40}", asked)
        assert [one for one in allowed if not allows(answered, one)] == []
        assert [one for one in refused if allows(answered, one)] == []
        assert answered["principalId"] == answered["context"]["scope"] == scope


@pytest.mark.parametrize("key", ["", "read", "Read_k", "_k", "write_k", "admin-k", " admin_k"])
def test_a_key_without_a_scope_allows_nothing(key: str) -> None:
    answered = answer(key)
    assert not any(allows(answered, one) for one in (*READS, *WRITES))


def test_a_policy_is_about_its_own_stage() -> None:
    [statement] = answer(f"admin_{'k' * 40}")["policyDocument"]["Statement"]
    assert statement["Resource"] == [f"{STAGE}/*"]


@pytest.mark.parametrize("name", samples("authorize"))
def test_authorize_answers_when_it_gets_its_sample(name: str) -> None:
    event = sample(f"authorize/{name}")
    answered = load_function("authorize").handler(event, CONTEXT)
    assert allows(answered, event["methodArn"].removeprefix(f"{STAGE}/")) is ("bad" not in name)


def test_the_description_names_the_scope_that_a_request_needs() -> None:
    document = json.loads((FUNCTIONS / "history_api/openapi.json").read_text("utf-8"))
    answers = {scope: answer(f"{scope}_k") for scope in Scope}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            asked = f"{method.upper()}{re.sub('{.*?}', 'cam-1', path)}"
            least = next(scope for scope in Scope if allows(answers[scope], asked))
            needed = operation.get("security", document["security"])
            assert needed in ([], [{"apiKey": [least]}, {"token": [least]}]), asked


def test_a_key_is_never_logged(capsys: pytest.CaptureFixture[str]) -> None:
    answer(f"admin_{'k' * 40}")
    printed = capsys.readouterr()
    assert "kkkk" not in printed.out + printed.err
