"""Validity of a certificate: the standard library reads that of root CAs only."""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
_SEQUENCE, _UTC_TIME, _GENERALIZED_TIME, _VERSION = 0x30, 0x17, 0x18, 0xA0
_LONG_FORM = 0x80


@dataclass(frozen=True, slots=True)
class Validity:
    """When a certificate is valid, UTC."""

    starts: datetime
    ends: datetime


def read_validities(path: Path) -> list[Validity]:
    """Return the validity of each certificate in a PEM file.

    Raises
    ------
    OSError
        When the file cannot be read.
    ValueError
        When it holds no certificate.
    """
    # Comments between the certificates of a bundle may be in any encoding.
    text = path.read_text("ascii", errors="replace")
    found = [_validity(ssl.PEM_cert_to_DER_cert(one)) for one in _PEM.findall(text)]
    if not found:
        raise ValueError("no certificate in PEM in the file (openssl x509 -inform DER converts it)")
    return found


def _validity(der: bytes) -> Validity:
    """Return the validity of a certificate, by RFC 5280, section 4.1."""
    try:
        _, certificate, _ = _next(der)
        _, fields, _ = _next(certificate)
        tag, _, rest = _next(fields)
        if tag == _VERSION:
            _, _, rest = _next(rest)
        for _ in range(2):  # signature algorithm, issuer
            _, _, rest = _next(rest)
        tag, validity, _ = _next(rest)
        start_tag, start, rest = _next(validity)
        end_tag, end, _ = _next(rest)
    except IndexError:
        raise ValueError("the certificate is damaged") from None
    if tag != _SEQUENCE:
        raise ValueError("the certificate is damaged")
    return Validity(_time(start_tag, start), _time(end_tag, end))


def _next(der: bytes) -> tuple[int, bytes, bytes]:
    """Return tag and content of the first element, and what follows it."""
    length, start = der[1], 2
    if length & _LONG_FORM:
        count = length - _LONG_FORM
        length, start = int.from_bytes(der[2 : 2 + count]), 2 + count
    if start + length > len(der):
        raise IndexError
    return der[0], der[start : start + length], der[start + length :]


def _time(tag: int, content: bytes) -> datetime:
    text = content.decode("ascii")
    if tag == _UTC_TIME:  # years 1950 to 2049
        text = ("19" if text >= "50" else "20") + text
    elif tag != _GENERALIZED_TIME:
        raise ValueError("the certificate is damaged")
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
