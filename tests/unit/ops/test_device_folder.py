"""The files of a device: private, never overwritten, with the right root CAs."""

from __future__ import annotations

import stat
import warnings
from pathlib import Path
from typing import Any

import botocore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from ops.device.folder import DeviceFolder
from ops.device.root_cas import load_root_cas
from ops.errors import CommandError
from tests.helpers.devices import FOLDER, add

pytestmark = pytest.mark.system  # moto loads its models for each client
END = b"-----END CERTIFICATE-----\n"


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


def test_root_cas_are_loaded_without_warnings() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert load_root_cas(None)


def test_file_is_requested_when_the_bundle_has_no_root_ca_of_amazon(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bundle = Path(botocore.__file__).with_name("cacert.pem").read_bytes()
    (other,) = x509.load_pem_x509_certificates(bundle[: bundle.index(b"-----END")] + END)
    assert "Amazon" not in other.subject.rfc4514_string()
    (tmp_path / "cacert.pem").write_bytes(other.public_bytes(serialization.Encoding.PEM))
    monkeypatch.setattr(botocore, "__file__", str(tmp_path / "__init__.py"))
    with pytest.raises(CommandError, match="no Amazon root CA found: set CA="):
        load_root_cas(None)


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
