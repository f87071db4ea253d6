"""The doctor on the files for TLS: each fault is reported under the name of its file."""

from __future__ import annotations

import base64
import ssl
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from edge_lambda.config import EdgeConfig, load_config
from edge_lambda.doctor.broker_checks import check_broker
from edge_lambda.doctor.certificate_checks import check_certificates
from tests.helpers.device_files import device_files
from tests.helpers.waiting import LOOPBACK

DAY = timedelta(days=1)


def config_of(files: dict[str, object]) -> EdgeConfig:
    values = {"source": "0", "sinks": ("mqtt",), "mqtt.url": f"mqtts://{LOOPBACK}:1"}
    return load_config(None, values | files)


@pytest.mark.parametrize(
    ("dates", "result", "found"),
    [
        ({}, "ok", "valid until"),
        ({"ends": 20 * DAY}, "warning", "expires on"),
        ({"starts": -2 * DAY, "ends": -DAY}, "failed", "expired on"),
        ({"starts": DAY, "ends": 2 * DAY}, "failed", "not valid before"),
    ],
)
def test_certificate_dates_are_checked(
    tmp_path: Path, dates: dict[str, Any], result: str, found: str
) -> None:
    checks = list(check_certificates(config_of(device_files(tmp_path, **dates))))
    assert [one.name for one in checks] == ["certificate", "root CAs"]
    assert checks[0].result == result
    assert found in checks[0].found
    assert checks[1].result == "ok"


def test_key_fails_when_it_belongs_to_another_certificate(tmp_path: Path) -> None:
    files = device_files(tmp_path) | {"mqtt.key_file": tmp_path / "server.secret"}
    checks = list(check_certificates(config_of(files)))
    assert [(one.name, one.result) for one in checks][-1] == ("key", "failed")


def test_certificate_fails_when_the_file_is_missing_or_damaged(tmp_path: Path) -> None:
    files = device_files(tmp_path)
    (tmp_path / "cam-1.crt").unlink()
    results = {one.name: one for one in check_certificates(config_of(files))}
    assert results["certificate"].found.startswith("mqtt.cert_file: ")
    assert "no such file" in results["certificate"].found
    assert results["key"].result == "skipped"


def test_certificate_in_der_fails_and_the_reason_names_pem(tmp_path: Path) -> None:
    files = device_files(tmp_path)
    path = tmp_path / "cam-1.crt"
    path.write_bytes(ssl.PEM_cert_to_DER_cert(path.read_text()))
    results = {one.name: one for one in check_certificates(config_of(files))}
    assert results["certificate"].result == "failed"
    assert f"{path}: no certificate in PEM" in results["certificate"].found
    assert "openssl x509 -inform DER" in results["certificate"].found


def test_comments_in_a_bundle_of_root_cas_may_have_accents(tmp_path: Path) -> None:
    files = device_files(tmp_path)
    path = tmp_path / "ca.crt"
    path.write_text(f"# Főtanúsítvány\n{path.read_text()}", encoding="utf-8")
    results = {one.name: one for one in check_certificates(config_of(files))}
    assert results["root CAs"].result == "ok"


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_root_cas_fail_under_their_own_name(tmp_path: Path, content: str | None) -> None:
    files = device_files(tmp_path)
    path = tmp_path / "ca.crt"
    path.unlink()
    if content is not None:
        path.write_text(content)
    config = config_of(files)
    checks = {one.name: one for one in check_certificates(config)}
    assert {name: one.result for name, one in checks.items()} == {
        "certificate": "ok", "root CAs": "failed"
    }  # fmt: skip
    assert checks["root CAs"].found.startswith(f"mqtt.ca_file: {path}: no ")
    assert "mqtt.ca_file" in checks["root CAs"].line
    assert check_broker(config).result == "skipped"


def test_root_cas_fail_when_openssl_cannot_read_them(tmp_path: Path) -> None:
    files = device_files(tmp_path)
    path = tmp_path / "ca.crt"
    body = base64.b64decode("".join(path.read_text().splitlines()[1:-1]))
    damaged = ssl.DER_cert_to_PEM_cert(body[:-300] + bytes(300))
    path.write_text(damaged)
    checks = {one.name: one for one in check_certificates(config_of(files))}
    assert checks["root CAs"].result == "failed"


def test_key_fails_when_it_is_missing(tmp_path: Path) -> None:
    files = device_files(tmp_path)
    (tmp_path / "cam-1.secret").unlink()
    (key,) = [one for one in check_certificates(config_of(files)) if one.name == "key"]
    assert key.result == "failed"
    assert key.found.startswith("mqtt.key_file: no such file")
