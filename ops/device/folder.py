"""The files of a device: key, certificate, authority and settings, for their owner alone."""

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

[mqtt]  # files are looked for beside this one
url = "mqtts://{endpoint}:8883"
ca_file = "{ca}"
cert_file = "{certificate}"
key_file = "{key}"
"""
_BASIC_INGEST = """\
# Straight to the rule, without messaging fee; nobody else can subscribe then:
# basic_ingest_rule = "{rule}"
"""


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
        self.authorities = path / "AmazonRootCA.pem"
        self.settings = path / "device.toml"

    def prepare(self) -> None:
        """Make the folder, or make sure that nobody else can look into it."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.mkdir(mode=0o700, exist_ok=True)
            self.path.chmod(0o700)
            if self.key.exists() and stat.S_IMODE(self.key.stat().st_mode) & 0o077:
                self.key.chmod(0o600)
        except OSError as error:
            raise CommandError(f"{self.path}: {(error.strerror or 'unusable').lower()}") from None

    @property
    def arn(self) -> str | None:
        """ARN of the certificate whose key lies here."""
        if not self.arn_file.exists():
            return None
        return self.arn_file.read_text(encoding="ascii").strip() or None

    def signing_request(self, name: str) -> str:
        """Return a request for a certificate, PEM; makes the key unless there is one.

        The key is made here and never leaves the machine.
        """
        if not self.key.exists():
            key = ec.generate_private_key(ec.SECP256R1())
            pem = key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            write_new(self.key, pem)
        try:
            loaded = serialization.load_pem_private_key(self.key.read_bytes(), None)
        except (ValueError, TypeError):
            raise CommandError(f"{self.key} is no private key: move it away, it is kept") from None
        if not isinstance(loaded, ec.EllipticCurvePrivateKey):
            raise CommandError(f"{self.key} is no EC key: move it away, it is kept")
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
        request = x509.CertificateSigningRequestBuilder().subject_name(subject)
        signed = request.sign(loaded, hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.PEM).decode()

    def keep_certificate(self, pem: str, arn: str) -> None:
        """Write the certificate and its ARN."""
        write_new(self.certificate, pem.encode())
        write_new(self.arn_file, f"{arn}\n".encode())

    def keep_settings(self, name: str, stack: str, endpoint: str, rule: str | None) -> bool:
        """Write ``device.toml`` unless there is one, which may have been edited; tell whether."""
        if self.settings.exists():
            return False
        text = _SETTINGS.format(
            name=name,
            stack=stack,
            config=self.settings.name,
            endpoint=endpoint,
            ca=self.authorities.name,
            certificate=self.certificate.name,
            key=self.key.name,
        )
        write_new(
            self.settings, (text + (_BASIC_INGEST.format(rule=rule) if rule else "")).encode()
        )
        return True

    def remove(self) -> None:
        """Delete the files that this class writes, and the folder when nothing else is there."""
        own = (self.key, self.certificate, self.arn_file, self.authorities, self.settings)
        for path in own:
            path.unlink(missing_ok=True)
        if self.path.exists() and not any(self.path.iterdir()):
            self.path.rmdir()


def write_new(path: Path, content: bytes) -> None:
    """Write a file for its owner alone; one that is there already is never touched.

    Raises
    ------
    CommandError
        When it is there, or cannot be written.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        raise CommandError(f"{path} is there already and is never overwritten") from None
    except OSError as error:
        raise CommandError(f"{path}: {(error.strerror or 'unusable').lower()}") from None
