"""``make device-remove`` against moto's AWS IoT."""

from __future__ import annotations

from typing import Any

import pytest

from ops.device.folder import DeviceFolder
from ops.device.registry import DeviceRegistry
from tests.helpers.devices import FOLDER, POLICY, add, certificates, remove, status

pytestmark = pytest.mark.system  # moto loads its models for each client


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


def test_other_files_stay_in_the_folder_when_a_device_is_removed(iot: Any) -> None:
    add()
    (FOLDER / "notes.txt").write_text("mine")
    remove()
    assert [path.name for path in FOLDER.iterdir()] == ["notes.txt"]
