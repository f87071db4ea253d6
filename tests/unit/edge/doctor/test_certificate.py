"""The validity of certificates, read without a library."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge_lambda.doctor.certificate import read_validities
from tests.helpers.certificates import certificate


def test_validity_is_that_of_the_certificate(tmp_path: Path) -> None:
    root_ca = certificate(tmp_path, "ca", ends=timedelta(days=40 * 365))  # a year after 2049
    certificate(tmp_path, "cam-1", root_ca, ends=timedelta(days=3))
    both = tmp_path / "both.pem"
    both.write_text((tmp_path / "cam-1.crt").read_text() + (tmp_path / "ca.crt").read_text())
    now = datetime.now(UTC)
    leaf, root = read_validities(both)
    assert abs(leaf.starts - (now - timedelta(hours=1))) < timedelta(minutes=1)
    assert abs(leaf.ends - (now + timedelta(days=3))) < timedelta(minutes=1)
    assert abs(root.ends - (now + timedelta(days=40 * 365))) < timedelta(minutes=1)


@pytest.mark.parametrize("keeps", [0.3, 0.6])
def test_damaged_certificate_is_an_error(tmp_path: Path, keeps: float) -> None:
    certificate(tmp_path, "ca")
    lines = (tmp_path / "ca.crt").read_text().splitlines()
    body = lines[1:-1][: round(len(lines) * keeps / 2)]
    path = tmp_path / "cut.pem"
    path.write_text("\n".join([lines[0], *body, lines[-1]]))
    with pytest.raises(ValueError, match=r"."):
        read_validities(path)


def test_file_without_a_certificate_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "device.pem"
    path.write_text("no certificate")
    with pytest.raises(ValueError, match="no certificate"):
        read_validities(path)
