"""``make rotate-key`` against moto: the clients of a key never stand without one."""

from __future__ import annotations

import re
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient

from ops.api_keys import SCOPES, ScopeKeys
from ops.rotate_key.__main__ import main
from tests.helpers.aws import client_error, create_stack

READ = ["--key", "read", "--stage", "dev"]


@pytest.fixture
def gateway(iot: Any) -> Any:
    """A client of API Gateway, in an account with the keys that the stack makes."""
    client = boto3.client("apigateway")
    plan = client.create_usage_plan(name="smile-dev")["id"]
    for scope in SCOPES:
        made = client.create_api_key(
            name=f"smile-dev-{scope}", value=f"{scope}_{'k' * 40}", enabled=True
        )
        client.create_usage_plan_key(usagePlanId=plan, keyId=made["id"], keyType="API_KEY")
    boto3.client("cloudformation").delete_stack(StackName="smile-dev")
    create_stack("smile-dev", {"UsagePlanId": plan})
    return client


def values(client: Any, scope: str = "read") -> list[str]:
    """Return the keys of a scope that work."""
    [plan] = client.get_usage_plans()["items"]
    keys = ScopeKeys(client, plan["id"], "dev", scope)
    return [keys.value(key) for key in keys.enabled()]


def every_name(client: Any) -> set[str]:
    return {one["name"] for one in client.get_api_keys()["items"]}


def test_both_keys_work_until_the_old_one_ends(
    gateway: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    old = values(gateway)
    assert main(READ) == 0
    both = values(gateway)
    assert both[:1] == old
    assert re.fullmatch("read_[0-9a-f]{40}", both[1])
    printed = capsys.readouterr().out
    assert both[1] not in printed, "it would stay in logs"
    [key_id] = re.findall(r"--api-key (\S+)", printed)
    assert gateway.get_api_key(apiKey=key_id, includeValue=True)["value"] == both[1]
    assert main([*READ, "--end"]) == 0
    assert values(gateway) == both[1:]
    assert "smile-dev-read" in every_name(gateway), "the stack would miss it"


def test_a_key_of_an_earlier_rotation_is_deleted(gateway: Any) -> None:
    names = []
    for _ in range(2):
        assert main(READ) == 0
        names.append(max(every_name(gateway), key=len))
        assert main([*READ, "--end"]) == 0
    assert len(values(gateway)) == 1
    assert sum(name.startswith("smile-dev-read-") for name in every_name(gateway)) == 1


def test_the_keys_of_other_scopes_stay(gateway: Any) -> None:
    before = [values(gateway, scope) for scope in SCOPES[1:]]
    main(READ)
    main([*READ, "--end"])
    assert [values(gateway, scope) for scope in SCOPES[1:]] == before


def test_nothing_ends_when_there_is_no_second_key(
    gateway: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*READ, "--end"]) == 2
    assert "no second key: make one with make rotate-key KEY=read" in capsys.readouterr().err
    assert len(values(gateway)) == 1


def test_no_third_key_is_made(gateway: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(READ) == 0
    assert main(READ) == 2
    assert "END=1" in capsys.readouterr().err
    assert len(values(gateway)) == 2


def test_a_key_that_never_came_into_the_plan_is_deleted_by_the_next_run(
    gateway: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    call = BaseClient._make_api_call  # type: ignore[attr-defined]

    def break_off(client: Any, operation: str, arguments: dict[str, Any]) -> Any:
        if operation == "CreateUsagePlanKey":
            raise client_error("ServiceUnavailableException", operation=operation)
        return call(client, operation, arguments)

    with monkeypatch.context() as broken:
        broken.setattr(BaseClient, "_make_api_call", break_off)
        assert main(READ) == 2
    assert len(values(gateway)) == 1
    before = every_name(gateway)
    monkeypatch.setattr("ops.rotate_key.__main__.datetime", _Later)
    assert main(READ) == 0
    assert len(values(gateway)) == 2
    assert len(every_name(gateway)) == len(before)


class _Later:
    """A clock of the next day, so that the names differ."""

    @staticmethod
    def now(_zone: Any) -> Any:
        from datetime import UTC, datetime, timedelta

        return datetime.now(UTC) + timedelta(days=1)


@pytest.mark.parametrize("arguments", [["--stage", "dev"], ["--key", "write", "--stage", "dev"]])
def test_the_scope_must_be_named(no_aws: Any, arguments: list[str]) -> None:
    assert main(arguments) == 2
