"""``make undeploy`` against moto, with a sam that only records its arguments."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import boto3
import pytest

from ops.undeploy.__main__ import main
from tests.helpers.devices import POLICY, add, certificates

pytestmark = pytest.mark.system  # moto loads its models for each client
DELETED = "delete --stack-name smile-dev --region eu-central-1 --no-prompts"
SAM = """#!{python}
import sys
with open("calls", "a") as calls:
    calls.write(" ".join(sys.argv[1:]) + "\\n")
sys.exit({status})
"""


def undeploy(*words: str, status: int = 0) -> int:
    sam = Path("sam")
    sam.write_text(SAM.format(python=sys.executable, status=status), "utf-8")
    sam.chmod(0o755)
    return main(["--stage", "dev", "--sam", str(sam.absolute()), *words])


def calls() -> list[str]:
    path = Path("calls")
    return path.read_text("utf-8").splitlines() if path.exists() else []


def holders(iot: Any) -> list[str]:
    return list(iot.list_targets_for_policy(policyName=POLICY)["targets"])


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    return monkeypatch


def test_cameras_are_listed_and_detached_before_the_stack_is_deleted(
    iot: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    add("cam-2")
    add("cam-1")
    arns = {name: certificates(iot, name)[0] for name in ("cam-1", "cam-2")}
    capfd.readouterr()
    assert undeploy("--yes") == 0
    printed = capfd.readouterr().out.splitlines()
    assert printed[:2] == [
        f"detaches {name} (cert/{arns[name].rpartition('/')[2][:12]}…)"
        for name in ("cam-1", "cam-2")
    ]
    assert printed[2].startswith("kept: 2 certificates and their things")
    assert (holders(iot), calls()) == ([], [DELETED])
    assert len(iot.list_certificates()["certificates"]) == 2
    assert len(iot.list_things()["things"]) == 2


def test_certificate_without_a_thing_is_detached_too(
    iot: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    arn = iot.create_keys_and_certificate(setAsActive=True)["certificateArn"]
    iot.attach_policy(policyName=POLICY, target=arn)
    assert undeploy("--yes") == 0
    assert "detaches no thing (cert/" in capfd.readouterr().out
    assert holders(iot) == []


@pytest.mark.parametrize(("answer", "code"), [("smile-dev", 0), ("yes", 2), ("", 2)])
def test_name_of_the_stack_confirms(
    iot: Any,
    terminal: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    answer: str,
    code: int,
) -> None:
    add()
    questions: list[str] = []

    def ask(question: str) -> str:
        questions.append(question)
        return answer

    terminal.setattr("builtins.input", ask)
    assert undeploy() == code
    assert questions == [
        "Detach 1 camera and delete smile-dev in eu-central-1 with all its events? "
        "Type smile-dev to confirm: "
    ]
    assert len(holders(iot)) == (0 if code == 0 else 1)
    assert len(calls()) == (1 if code == 0 else 0)
    if code:
        assert "undeploy: not confirmed: nothing has changed" in capfd.readouterr().err


def test_nothing_changes_when_nobody_can_confirm(
    iot: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    add()
    assert undeploy() == 2
    assert "set YES=1" in capfd.readouterr().err
    assert (len(holders(iot)), calls()) == (1, [])


def test_error_says_how_to_go_on_when_the_deletion_fails(
    iot: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    add()
    assert undeploy("--yes", status=7) == 2
    error = capfd.readouterr().err
    assert (
        "sam delete failed with code 7, after 1 camera lost the policy: run make undeploy" in error
    )
    assert undeploy("--yes") == 0


@pytest.fixture
def protected_table(stack_outputs: dict[str, str]) -> str:
    """The stack has a table of this name."""
    stack_outputs["EventsTableName"] = "events"
    return "events"


def test_nothing_changes_when_the_table_is_protected(
    protected_table: str, iot: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    add()
    boto3.client("dynamodb").create_table(
        TableName=protected_table,
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        DeletionProtectionEnabled=True,
    )
    assert undeploy("--yes") == 2
    error = capfd.readouterr().err
    assert "the table of smile-dev is protected from deletion" in error
    assert "aws dynamodb update-table --table-name events --no-deletion-protection" in error
    assert (len(holders(iot)), calls()) == (1, [])


def test_kept_role_and_backup_are_named(
    iot: Any, no_aws: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    client = boto3.client("cloudformation")
    role = '{"Resources": {"ApiLogRole": {"Type": "AWS::SNS::Topic"}}}'
    client.create_stack(StackName="smile-staging", TemplateBody=role)
    assert undeploy("--yes", "--stage", "staging") == 0
    printed = capfd.readouterr().out
    assert "smile-staging-ApiLogRole" in printed
    assert "kept: a backup of the table, for 35 days\n" in printed
