"""The files of a device: key, certificate, root CAs and settings, private to their owner."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ops.errors import CommandError

_SETTINGS = """\
# {name} at {stack}. Start it with: python -m edge_lambda --config {config}
source = "0"  # first webcam; or a file, or rtsp://…
device_id = "{name}"
sinks = ["mqtt"]

[mqtt]  # paths are relative to this file
url = "mqtts://{endpoint}:8883"
ca_file = "{ca}"
cert_file = "{certificate}"
key_file = "{key}"
"""
_BASIC_INGEST = """\
# Publish straight to the rule: no messaging fee, but no other client can subscribe.
# basic_ingest_rule = "{rule}"
"""
_COMMON_NAME_LENGTH = 64  # ub-common-name, RFC 5280 appendix A


class DeviceFolder:
    """A device's folder.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.key = path / "device.key"
        self.certificate = path / "device.pem"
        self.arn_file = path / "certificate.arn"
        self.root_cas = path / "AmazonRootCA.pem"
        self.settings = path / "device.toml"

    def prepare(self) -> None:
        """Create the folder; make folder and key private if they exist already."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.mkdir(mode=0o700, exist_ok=True)
            self.path.chmod(0o700)
            if self.key.exists() and stat.S_IMODE(self.key.stat().st_mode) & 0o077:
                self.key.chmod(0o600)
        except OSError as error:
            raise _unusable(self.path, error) from None

    @property
    def arn(self) -> str | None:
        """ARN of the certificate that belongs to the key in this folder."""
        if not self.arn_file.exists():
            return None
        return self.arn_file.read_text(encoding="ascii").strip() or None

    def signing_request(self, name: str) -> str:
        """Return a certificate signing request, PEM; create the key if there is none.

        The private key never leaves this machine.
        """
        if not self.key.exists():
            key = ec.generate_private_key(ec.SECP256R1())
            pem = key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            _write_new(self.key, pem)
        try:
            loaded = serialization.load_pem_private_key(self.key.read_bytes(), None)
        except (ValueError, TypeError):
            raise CommandError(f"{self.key} is not a private key: move it away") from None
        if not isinstance(loaded, ec.EllipticCurvePrivateKey):
            raise CommandError(f"{self.key} is not an EC key: move it away")
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:_COMMON_NAME_LENGTH])])
        request = x509.CertificateSigningRequestBuilder().subject_name(subject)
        signed = request.sign(loaded, hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.PEM).decode()

    def write_certificate(self, pem: str, arn: str) -> None:
        """Write the certificate and its ARN."""
        _write_new(self.certificate, pem.encode())
        _write_new(self.arn_file, f"{arn}\n".encode())

    def write_root_cas(self, pem: bytes) -> None:
        """Write the root CAs unless the file exists."""
        if not self.root_cas.exists():
            _write_new(self.root_cas, pem)

    def write_settings(self, name: str, stack: str, endpoint: str, rule: str | None) -> bool:
        """Write ``device.toml`` unless it exists, and return whether it was written.

        An existing file may hold the user's edits.
        """
        if self.settings.exists():
            return False
        text = _SETTINGS + (_BASIC_INGEST if rule else "")
        content = text.format(
            name=name,
            stack=stack,
            config=self.settings.name,
            endpoint=endpoint,
            ca=self.root_cas.name,
            certificate=self.certificate.name,
            key=self.key.name,
            rule=rule,
        )
        _write_new(self.settings, content.encode())
        return True

    def remove(self) -> None:
        """Delete the files that this class writes, and the folder if it is empty then."""
        for path in (self.key, self.certificate, self.arn_file, self.root_cas, self.settings):
            path.unlink(missing_ok=True)
        if self.path.exists() and not any(self.path.iterdir()):
            self.path.rmdir()


def _write_new(path: Path, content: bytes) -> None:
    """Create a file that only its owner can read; an existing file is never overwritten."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        raise CommandError(f"{path} exists already and is not overwritten") from None
    except OSError as error:
        raise _unusable(path, error) from None


def _unusable(path: Path, error: OSError) -> CommandError:
    return CommandError(f"{path}: {(error.strerror or 'unusable').lower()}")
