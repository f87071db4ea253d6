"""``make device`` against moto's AWS IoT."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
import pytest

from edge_lambda.config import load_config
from edge_lambda.delivery.broker import Broker
from ops.device.__main__ import main
from ops.device.folder import DeviceFolder
from ops.device.registry import DeviceRegistry
from tests.helpers.aws import client_error, create_stack
from tests.helpers.devices import FOLDER, POLICY, add, certificates, files, remove, status

pytestmark = pytest.mark.system  # moto loads its models for each client


def test_device_has_an_active_certificate_and_working_settings_when_added(
    iot: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert add() == 0
    assert capsys.readouterr().out == (
        f"cam-1 may publish to smile/cam-1/events (policy {POLICY})\n"
        "wrote devices/dev/cam-1/device.toml\n"
        "Copy devices/dev/cam-1/ and the package (make edge-package) to the device, then run "
        "there: sudo sh smile-edge/install --device cam-1\n"
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
    # `install` copies these, and they are all that the settings refer to.
    assert {path.parent for path in (mqtt.ca_file, mqtt.cert_file, mqtt.key_file) if path} == {
        FOLDER
    }
    assert '# basic_ingest_rule = "smile_dev_events"' in (FOLDER / "device.toml").read_text()


def test_device_is_added_when_its_name_is_longer_than_a_common_name(iot: Any) -> None:
    name = "c" * 128
    assert add(name) == 0
    assert len(certificates(iot, name)) == 1


def test_principal_that_is_not_a_certificate_is_ignored(iot: Any) -> None:
    add()
    cognito = boto3.client("cognito-identity")
    pool = cognito.create_identity_pool(
        IdentityPoolName="pool", AllowUnauthenticatedIdentities=True
    )["IdentityPoolId"]
    identity = cognito.get_id(IdentityPoolId=pool, AccountId="123456789012")["IdentityId"]
    iot.attach_thing_principal(thingName="cam-1", principal=identity)
    assert add() == 0


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
