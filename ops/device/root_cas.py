"""Amazon's root authorities, which sign the certificates of AWS IoT endpoints.

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


def amazon_authorities(given: Path | None) -> bytes:
    """Return the authorities to trust, PEM.

    Parameters
    ----------
    given : Path or None
        A file such as AmazonRootCA1.pem; without one, those named "Amazon Root CA" in the
        bundle of botocore, by which these very calls trust AWS.

    Raises
    ------
    CommandError
        When there is none.
    """
    path = given or Path(botocore.__file__).with_name("cacert.pem")
    try:
        with warnings.catch_warnings():
            # Some old authority in the bundle, none of Amazon's, has an odd serial number.
            warnings.simplefilter("ignore")
            found = x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError):
        raise CommandError(f"CA={path}: expected a file with certificates, PEM") from None
    if given is None:
        found = [one for one in found if _common_name(one).startswith("Amazon Root CA")]
    if not found:
        raise CommandError("no Amazon Root CA at hand: give its file with CA=AmazonRootCA1.pem")
    return b"".join(one.public_bytes(Encoding.PEM) for one in found)


def _common_name(certificate: x509.Certificate) -> str:
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else ""
