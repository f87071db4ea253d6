"""``make device`` and ``make device-remove`` against moto's AWS IoT."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from moto import mock_aws

from edge_lambda.config import load_config
from edge_lambda.delivery.broker import Broker
from ops.device.__main__ import main
from ops.device.folder import DeviceFolder
from ops.device.registry import DeviceRegistry
from tests.helpers.aws import client_error, create_stack

pytestmark = pytest.mark.system  # moto loads its models for each client
POLICY = "smile-dev-DevicePolicy-1"
OUTPUTS = {
    "DevicePolicyName": POLICY,
    "BasicIngestTopic": "$aws/rules/smile_dev_events/smile/<device>/events",
}
FOLDER = Path("devices/dev/cam-1")


@pytest.fixture
def iot(no_aws: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of AWS IoT, in an account with the stack of the stage dev."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        no_aws.setenv(name, "testing")
    no_aws.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with mock_aws():
        create_stack("smile-dev", OUTPUTS)
        client = boto3.client("iot")
        client.create_policy(policyName=POLICY, policyDocument="{}")
        yield client


def add(name: str = "cam-1", *more: str) -> int:
    return main(["add", "--name", name, *more])


def remove(name: str = "cam-1") -> int:
    return main(["remove", "--name", name])


def certificates(iot: Any, name: str = "cam-1") -> list[str]:
    return list(iot.list_thing_principals(thingName=name)["principals"])


def status(iot: Any, arn: str) -> str:
    found = iot.describe_certificate(certificateId=arn.rpartition("/")[2])
    return str(found["certificateDescription"]["status"])


def files() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in FOLDER.iterdir()}


def test_device_has_an_active_certificate_and_working_settings_when_added(
    iot: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert add() == 0
    assert capsys.readouterr().out == (
        f"cam-1 may publish to smile/cam-1/events (policy {POLICY})\n"
        "wrote devices/dev/cam-1/device.toml\n"
        "Copy devices/dev/cam-1/ to the device, then run there: "
        "python -m edge_lambda --config device.toml\n"
    )
    (arn,) = certificates(iot)
    assert status(iot, arn) == "ACTIVE"
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


def test_only_the_owner_can_read_folder_and_files(iot: Any) -> None:
    add()
    assert stat.S_IMODE(FOLDER.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in FOLDER.iterdir()} == {0o600}


def test_folder_and_key_become_private_when_others_could_read_them(iot: Any) -> None:
    add()
    FOLDER.chmod(0o755)
    (FOLDER / "device.key").chmod(0o644)
    add()
    assert stat.S_IMODE(FOLDER.stat().st_mode) == 0o700
    assert stat.S_IMODE((FOLDER / "device.key").stat().st_mode) == 0o600


def test_signing_request_is_signed_with_the_key_in_the_folder(tmp_path: Path) -> None:
    folder = DeviceFolder(tmp_path / "cam-1")
    folder.prepare()
    for _ in range(2):
        request = x509.load_pem_x509_csr(folder.signing_request("cam-1").encode())
        key = serialization.load_pem_private_key(folder.key.read_bytes(), None)
        assert request.public_key() == key.public_key()
        assert request.is_signature_valid


def test_device_is_added_when_its_name_is_longer_than_a_common_name(iot: Any) -> None:
    name = "c" * 128
    assert add(name) == 0
    assert len(certificates(iot, name)) == 1


def test_root_cas_are_those_of_amazon_by_default(iot: Any) -> None:
    add()
    found = x509.load_pem_x509_certificates((FOLDER / "AmazonRootCA.pem").read_bytes())
    assert found
    assert all("Amazon Root CA" in one.subject.rfc4514_string() for one in found)


def test_root_cas_are_those_of_the_file_when_one_is_given(iot: Any, tmp_path: Path) -> None:
    add()
    found = x509.load_pem_x509_certificates((FOLDER / "AmazonRootCA.pem").read_bytes())
    given = tmp_path / "one.pem"
    given.write_bytes(found[0].public_bytes(serialization.Encoding.PEM))
    assert add("cam-2", "--ca", str(given)) == 0
    assert (FOLDER.with_name("cam-2") / "AmazonRootCA.pem").read_bytes() == given.read_bytes()


def test_nothing_changes_when_a_device_is_added_again(
    iot: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    add()
    with (FOLDER / "device.toml").open("a") as file:
        file.write("# mine\n")
    before, arns = files(), certificates(iot)
    capsys.readouterr()
    assert add() == 0
    assert "kept the existing devices/dev/cam-1/device.toml\n" in capsys.readouterr().out
    assert (files(), certificates(iot)) == (before, arns)


@pytest.mark.parametrize("broken", ["attach_policy", "attach_thing_principal", "describe_endpoint"])
def test_second_run_completes_the_device_when_the_first_was_interrupted(
    iot: Any, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    real = DeviceRegistry.__init__

    def fail(**_: Any) -> None:
        raise client_error("InternalFailure", operation=broken)

    def init(self: Any, client: Any, *names: str) -> None:
        real(self, client, *names)
        setattr(client, broken, fail)

    with monkeypatch.context() as patch:
        patch.setattr(DeviceRegistry, "__init__", init)
        assert add() == 2
    key = (FOLDER / "device.key").read_bytes()
    assert add() == 0
    assert (FOLDER / "device.key").read_bytes() == key
    assert len(certificates(iot)) == len(iot.list_certificates()["certificates"]) == 1


def test_certificate_is_activated_by_the_last_call(iot: Any) -> None:
    calls: list[tuple[str, dict[str, Any]]] = []
    iot.meta.events.register(
        "provide-client-params.iot.*",
        lambda params, model, **_: calls.append((model.name, dict(params))),
    )
    folder = DeviceFolder(FOLDER)
    folder.prepare()
    DeviceRegistry(iot, "dev", POLICY).add("cam-1", folder)
    (created,) = [params for name, params in calls if name == "CreateCertificateFromCsr"]
    assert created["setAsActive"] is False
    name, params = calls[-1]
    assert (name, params["newStatus"]) == ("UpdateCertificate", "ACTIVE")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"something of mine", "is not a private key: move it away"),
        (
            ed25519.Ed25519PrivateKey.generate().private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ),
            "is not an EC key: move it away",
        ),
    ],
    ids=["no key", "another kind of key"],
)
def test_existing_key_is_kept_when_it_cannot_be_used(
    iot: Any, capsys: pytest.CaptureFixture[str], content: bytes, problem: str
) -> None:
    FOLDER.mkdir(parents=True)
    (FOLDER / "device.key").write_bytes(content)
    assert add() == 2
    assert (FOLDER / "device.key").read_bytes() == content
    assert problem in capsys.readouterr().err


def test_existing_certificate_is_not_overwritten(
    iot: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    FOLDER.mkdir(parents=True)
    (FOLDER / "device.pem").write_text("mine")
    assert add() == 2
    assert (FOLDER / "device.pem").read_text() == "mine"
    assert "device.pem exists already and is not overwritten" in capsys.readouterr().err


def test_reason_is_printed_when_the_folder_cannot_be_created(
    iot: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("devices").write_text("a file")
    assert add() == 2
    assert capsys.readouterr().err == "device: devices/dev/cam-1: not a directory\n"


def test_certificate_is_unknown_when_the_arn_file_is_empty(tmp_path: Path) -> None:
    (tmp_path / "certificate.arn").touch()
    assert DeviceFolder(tmp_path).arn is None


def test_second_certificate_is_refused_when_the_key_is_elsewhere(
    iot: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    add()
    FOLDER.rename("elsewhere")
    assert add() == 2
    assert "run make device-remove NAME=cam-1 STAGE=dev first" in capsys.readouterr().err
    assert len(certificates(iot)) == 1


@pytest.mark.parametrize("state", ["revoked", "deleted"])
def test_adding_again_is_refused_when_the_certificate_is_gone(
    iot: Any, capsys: pytest.CaptureFixture[str], state: str
) -> None:
    add()
    (arn,) = certificates(iot)
    number = arn.rpartition("/")[2]
    iot.update_certificate(certificateId=number, newStatus="REVOKED")
    if state == "deleted":
        iot.detach_thing_principal(thingName="cam-1", principal=arn)
        iot.detach_policy(policyName=POLICY, target=arn)
        iot.delete_certificate(certificateId=number)
    assert add() == 2
    assert "is revoked or deleted: run make device-remove NAME=cam-1" in capsys.readouterr().err
    assert remove() == add() == 0


def test_thing_certificate_and_folder_are_deleted_when_a_device_is_removed(
    iot: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    add()
    (arn,) = certificates(iot)
    capsys.readouterr()
    assert remove() == 0
    assert capsys.readouterr().out == (
        f"revoked and deleted certificate {arn.rpartition('/')[2][:12]}…\n"
        "deleted devices/dev/cam-1\n"
        "removed cam-1\n"
    )
    assert iot.list_things()["things"] == []
    assert iot.list_certificates()["certificates"] == []
    assert not FOLDER.exists()


def test_certificate_is_revoked_first_when_a_device_is_removed(
    iot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: Any) -> None:
        raise RuntimeError("interrupted")

    add()
    (arn,) = certificates(iot)
    with monkeypatch.context() as patch:
        patch.setattr(iot, "detach_policy", fail)
        with pytest.raises(RuntimeError):
            DeviceRegistry(iot, "dev", POLICY).remove("cam-1", arn)
    assert status(iot, arn) == "REVOKED"


def test_removing_succeeds_when_the_device_does_not_exist(
    iot: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert remove("cam-9") == 0
    assert capsys.readouterr().out == "cam-9 does not exist\n"
    add()
    assert remove() == remove() == 0


def test_certificate_is_deleted_when_its_thing_no_longer_exists(iot: Any) -> None:
    add()
    (arn,) = certificates(iot)
    iot.detach_thing_principal(thingName="cam-1", principal=arn)
    iot.delete_thing(thingName="cam-1")
    assert remove() == 0
    assert iot.list_certificates()["certificates"] == []
    assert not FOLDER.exists()


def test_key_without_certificate_is_kept_when_a_device_is_removed(
    iot: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = DeviceFolder(FOLDER)
    folder.prepare()
    folder.signing_request("cam-1")
    assert remove() == 0
    assert "kept devices/dev/cam-1: its key has no certificate\n" in capsys.readouterr().out
    assert folder.key.exists()


def test_other_devices_stay_when_one_is_removed(iot: Any) -> None:
    add()
    add("cam-2")
    remove("cam-2")
    assert len(certificates(iot)) == 1
    assert (FOLDER / "device.key").exists()


@pytest.mark.parametrize("action", ["add", "remove"])
def test_device_of_another_stage_is_left_alone_when_stages_share_an_account(
    iot: Any, capsys: pytest.CaptureFixture[str], action: str
) -> None:
    create_stack("smile-prod", {"DevicePolicyName": "smile-prod-DevicePolicy-1"})
    add()
    before = files()
    assert main([action, "--name", "cam-1", "--stage", "prod"]) == 2
    assert "cam-1 is not in stage prod: its certificate has the policy" in (capsys.readouterr().err)
    (arn,) = certificates(iot)
    assert status(iot, arn) == "ACTIVE"
    assert files() == before


def test_other_files_stay_in_the_folder_when_a_device_is_removed(iot: Any) -> None:
    add()
    (FOLDER / "notes.txt").write_text("mine")
    remove()
    assert [path.name for path in FOLDER.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["add"], "the device's name is missing: set NAME=cam-1"),
        (["add", "--name", "a/../b"], "NAME=a/../b is not a device id: expected 1 to 128 of"),
        (["add", "--name", "a b"], "NAME=a b is not a device id: expected 1 to 128 of"),
        (["remove", "--name", ".."], "NAME=.. is not a device id: expected 1 to 128 of"),
        (["add", "--name", "c", "--stage", "test"], "stage 'test' does not exist: set STAGE=dev|"),
        (["add", "--name", "c", "--stage", "prod"], "stack smile-prod does not exist in eu-centr"),
        (["add", "--name", "c", "--ca", "none.pem"], "CA=none.pem: expected a PEM file"),
        (["drop"], "argument action: invalid choice: 'drop'"),
    ],
)
def test_error_is_one_sentence_when_an_argument_is_wrong(
    iot: Any, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    assert main(arguments) == 2
    printed = capsys.readouterr().err
    command = "device-remove" if arguments[0] == "remove" else "device"
    assert printed.startswith(f"{command}: {sentence}")
    assert printed.count("\n") == 1
    assert not Path("devices").exists()


def test_stack_must_be_deployed_again_when_an_output_is_missing(
    iot: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    create_stack("smile-staging")
    assert add("cam-1", "--stage", "staging") == 2
    assert capsys.readouterr().err == (
        "device: stack smile-staging has no output DevicePolicyName: "
        "run make deploy STAGE=staging again\n"
    )
