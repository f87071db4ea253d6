"""Amazon's root CAs, which sign the certificates of AWS IoT endpoints.

https://docs.aws.amazon.com/iot/latest/developerguide/server-authentication.html
"""

from __future__ import annotations

import warnings
from pathlib import Path

import botocore
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from ops.errors import CommandError


def load_root_cas(path: Path | None) -> bytes:
    """Return the root CAs that a device trusts, PEM.

    Parameters
    ----------
    path : Path or None
        A PEM file such as AmazonRootCA1.pem. None takes those named "Amazon Root CA" from the
        bundle with which botocore itself trusts AWS.

    Raises
    ------
    CommandError
        If the file holds no certificate.
    """
    source = path or Path(botocore.__file__).with_name("cacert.pem")
    try:
        with warnings.catch_warnings():
            # Another root CA in the bundle has a serial number that cryptography warns about.
            warnings.simplefilter("ignore")
            found = x509.load_pem_x509_certificates(source.read_bytes())
    except (OSError, ValueError):
        raise CommandError(f"CA={source}: expected a PEM file with certificates") from None
    if path is None:
        found = [one for one in found if _common_name(one).startswith("Amazon Root CA")]
    if not found:
        raise CommandError("no Amazon root CA found: set CA=AmazonRootCA1.pem")
    return b"".join(one.public_bytes(Encoding.PEM) for one in found)


def _common_name(certificate: x509.Certificate) -> str:
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else ""
