"""Devices are made and removed in AWS IoT as moto plays it."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from moto import mock_aws

from edge_lambda.config import load_config
from edge_lambda.delivery.broker import Broker
from ops.device.__main__ import main
from ops.device.folder import DeviceFolder
from ops.device.registry import DeviceRegistry

pytestmark = pytest.mark.system  # moto loads its models for each client
POLICY = "smile-dev-DevicePolicy-1"
STACK = {
    "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}},
    "Outputs": {
        "DevicePolicyName": {"Value": POLICY},
        "BasicIngestTopic": {"Value": "$aws/rules/smile_dev_events/smile/<device>/events"},
    },
}


@pytest.fixture
def iot(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    for name in ("AWS_REGION", "AWS_ENDPOINT_URL"):  # other tests of this process have a server
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.chdir(tmp_path)
    with mock_aws():
        cloudformation = boto3.client("cloudformation")
        cloudformation.create_stack(StackName="smile-dev", TemplateBody=json.dumps(STACK))
        client = boto3.client("iot")
        client.create_policy(policyName=POLICY, policyDocument="{}")
        yield client


def add(*more: str) -> int:
    return main(["add", "--name", "cam-1", *more])


def remove(name: str = "cam-1") -> int:
    return main(["remove", "--name", name])


def certificates(iot: Any, name: str = "cam-1") -> list[str]:
    return list(iot.list_thing_principals(thingName=name)["principals"])


FOLDER = Path("devices/dev/cam-1")


def files() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in FOLDER.iterdir()}


def test_device_can_connect_when_it_was_added(iot: Any) -> None:
    assert add() == 0
    (arn,) = certificates(iot)
    certificate = iot.describe_certificate(certificateId=arn.rpartition("/")[2])
    assert certificate["certificateDescription"]["status"] == "ACTIVE"
    policies = iot.list_attached_policies(target=arn)["policies"]
    assert [policy["policyName"] for policy in policies] == [POLICY]
    config = load_config(FOLDER / "device.toml", {})
    assert (config.device_id, config.sinks) == ("cam-1", ("mqtt",))
    mqtt = config.mqtt
    broker = Broker.from_url(
        mqtt.url, ca_file=mqtt.ca_file, cert_file=mqtt.cert_file, key_file=mqtt.key_file
    )
    assert broker.host.endswith("-ats.iot.eu-central-1.amazonaws.com")
    assert (broker.port, broker.is_encrypted) == (8883, True)
    assert mqtt.ca_file is not None and mqtt.ca_file.is_file()
    assert '# basic_ingest_rule = "smile_dev_events"' in (FOLDER / "device.toml").read_text()


def test_files_are_for_their_owner_alone(iot: Any) -> None:
    add()
    assert stat.S_IMODE(FOLDER.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in FOLDER.iterdir()} == {0o600}


def test_request_for_a_certificate_is_signed_by_the_key_that_stays_here(tmp_path: Path) -> None:
    folder = DeviceFolder(tmp_path / "cam-1")
    folder.prepare()
    request = x509.load_pem_x509_csr(folder.signing_request("cam-1").encode())
    key = serialization.load_pem_private_key(folder.key.read_bytes(), None)
    assert request.public_key() == key.public_key()
    assert request.is_signature_valid
    assert x509.load_pem_x509_csr(folder.signing_request("cam-1").encode()).public_key() == (
        key.public_key()
    )


def test_authorities_are_amazons_or_the_given_ones(iot: Any, tmp_path: Path) -> None:
    add()
    found = x509.load_pem_x509_certificates((FOLDER / "AmazonRootCA.pem").read_bytes())
    assert found
    assert all("Amazon Root CA" in one.subject.rfc4514_string() for one in found)
    given = tmp_path / "one.pem"
    given.write_bytes(found[0].public_bytes(serialization.Encoding.PEM))
    assert main(["add", "--name", "cam-2", "--ca", str(given)]) == 0
    assert (FOLDER.with_name("cam-2") / "AmazonRootCA.pem").read_bytes() == given.read_bytes()


def test_nothing_changes_when_it_is_added_again(iot: Any) -> None:
    add()
    with (FOLDER / "device.toml").open("a") as file:
        file.write("# mine\n")
    before, arns = files(), certificates(iot)
    assert add() == 0
    assert (files(), certificates(iot)) == (before, arns)


@pytest.mark.parametrize("broken", ["attach_policy", "attach_thing_principal", "describe_endpoint"])
def test_rest_is_done_when_the_first_try_was_cut_off(
    iot: Any, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    real = DeviceRegistry.__init__

    def cut(self: Any, client: Any, *names: str) -> None:
        real(self, client, *names)
        error = {"Error": {"Code": "InternalFailure", "Message": "no"}}
        setattr(client, broken, lambda **_: (_ for _ in ()).throw(ClientError(error, broken)))

    with monkeypatch.context() as patch:
        patch.setattr(DeviceRegistry, "__init__", cut)
        assert add() == 2
    key = (FOLDER / "device.key").read_bytes()
    assert add() == 0
    assert (FOLDER / "device.key").read_bytes() == key
    assert len(certificates(iot)) == len(iot.list_certificates()["certificates"]) == 1


def test_key_is_never_overwritten_when_one_lies_there(
    iot: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    FOLDER.mkdir(parents=True)
    (FOLDER / "device.key").write_text("something of mine")
    assert add() == 2
    assert (FOLDER / "device.key").read_text() == "something of mine"
    assert "it is kept" in capsys.readouterr().err


def test_second_certificate_is_refused_when_the_key_is_elsewhere(
    iot: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    add()
    FOLDER.rename("elsewhere")
    assert add() == 2
    assert "make device-remove NAME=cam-1 STAGE=dev first" in capsys.readouterr().err
    assert len(certificates(iot)) == 1


def test_nothing_is_left_when_it_was_removed(iot: Any) -> None:
    add()
    assert remove() == 0
    assert iot.list_things()["things"] == []
    assert iot.list_certificates()["certificates"] == []
    assert not FOLDER.exists()


def test_certificate_is_revoked_before_it_is_let_go(
    iot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    add()
    (arn,) = certificates(iot)
    registry = DeviceRegistry(iot, "dev", POLICY)
    monkeypatch.setattr(
        iot, "detach_policy", lambda **_: (_ for _ in ()).throw(RuntimeError("cut off"))
    )
    with pytest.raises(RuntimeError):
        registry.remove("cam-1", arn)
    certificate = iot.describe_certificate(certificateId=arn.rpartition("/")[2])
    assert certificate["certificateDescription"]["status"] == "REVOKED"
    monkeypatch.undo()


def test_removing_goes_well_when_there_is_nothing_left(
    iot: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert remove("cam-9") == 0
    assert capsys.readouterr().out == "cam-9 was not there\n"
    add()
    assert remove() == remove() == 0


def test_other_devices_stay_when_one_is_removed(iot: Any) -> None:
    add()
    main(["add", "--name", "cam-2"])
    remove("cam-2")
    assert len(certificates(iot)) == 1
    assert (FOLDER / "device.key").exists()


@pytest.mark.parametrize("what", ["add", "remove"])
def test_device_of_another_stage_is_left_alone_when_they_share_an_account(
    iot: Any, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    other = json.loads(json.dumps(STACK).replace(POLICY, "smile-prod-DevicePolicy-1"))
    boto3.client("cloudformation").create_stack(
        StackName="smile-prod", TemplateBody=json.dumps(other)
    )
    add()
    before = files()
    assert main([what, "--name", "cam-1", "--stage", "prod"]) == 2
    assert "cam-1 is not of the stage prod: its certificate has the policy" in (
        capsys.readouterr().err
    )
    (arn,) = certificates(iot)
    found = iot.describe_certificate(certificateId=arn.rpartition("/")[2])
    assert found["certificateDescription"]["status"] == "ACTIVE"
    assert files() == before


def test_files_of_others_stay_when_a_device_is_removed(iot: Any) -> None:
    add()
    (FOLDER / "notes.txt").write_text("mine")
    remove()
    assert [path.name for path in FOLDER.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["add"], "the device's name is missing: give NAME=cam-1"),
        (["add", "--name", "a/../b"], "NAME=a/../b is no name of a thing: expected 1 to 128 of"),
        (["add", "--name", "a b"], "NAME=a b is no name of a thing: expected 1 to 128 of"),
        (["remove", "--name", ".."], "NAME=.. is no name of a thing: expected 1 to 128 of"),
        (["add", "--name", "c", "--stage", "test"], "there is no stage 'test': give STAGE=dev|"),
        (["add", "--name", "c", "--stage", "prod"], "there is no stack smile-prod in eu-central-1"),
        (["add", "--name", "c", "--ca", "none.pem"], "CA=none.pem: expected a file"),
    ],
)
def test_one_sentence_says_what_is_wrong(
    iot: Any, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    assert main(arguments) == 2
    told = capsys.readouterr().err
    command = {"add": "device", "remove": "device-remove"}[arguments[0]]
    assert told.startswith(f"{command}: {sentence}")
    assert told.count("\n") == 1
    assert not Path("devices").exists()
