"""Checks of the files for TLS: each fault is reported under the name of its file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from edge_lambda.app import make_broker
from edge_lambda.config import EdgeConfig
from edge_lambda.delivery.broker import Broker
from edge_lambda.doctor.certificate import Validity, read_validities
from edge_lambda.doctor.check import Check, failed, ok, skipped, warning
from edge_lambda.errors import ConfigError

_RENEW = timedelta(days=30)
_COPY_AGAIN = "or copy the folder that make device wrote to this machine again"
_NEW_CERTIFICATE = "run make device-remove, then make device: it gives a new certificate"


def check_certificates(config: EdgeConfig) -> Iterator[Check]:
    """Check the dates of certificate and root CAs, and that key and certificate belong together.

    Raises
    ------
    ConfigError
        When the settings do not go together.
    """
    broker = make_broker(config.mqtt)
    is_readable = True
    if broker.cert_file is not None:
        try:
            # A chain is as short-lived as its first certificate.
            dates = read_validities(broker.cert_file)[0]
        except (OSError, ValueError) as error:
            is_readable = False
            yield _unreadable("certificate", "mqtt.cert_file", broker.cert_file, error)
        else:
            yield _check_dates("certificate", dates, _NEW_CERTIFICATE)
    if broker.ca_file is not None:
        yield _check_root_cas(broker, broker.ca_file)
    if not is_readable:
        yield skipped("key", "the certificate cannot be read")
        return
    try:
        replace(broker, ca_file=None).tls_context()
    except ConfigError as error:
        yield failed("key", str(error), f"correct mqtt.key_file, {_COPY_AGAIN}")


def _check_root_cas(broker: Broker, path: Path) -> Check:
    try:
        # One valid root CA is enough.
        dates = max(read_validities(path), key=lambda validity: validity.ends)
        replace(broker, cert_file=None, key_file=None).tls_context()
    except (OSError, ValueError) as error:
        return _unreadable("root CAs", "mqtt.ca_file", path, error)
    except ConfigError as error:
        return failed("root CAs", str(error), f"correct mqtt.ca_file, {_COPY_AGAIN}")
    return _check_dates("root CAs", dates, "get the broker's new root CAs")


def _unreadable(name: str, setting: str, path: Path, error: OSError | ValueError) -> Check:
    reason = getattr(error, "strerror", None) or str(error)
    reason = f"{reason[:1].lower()}{reason[1:]}"
    return failed(name, f"{setting}: {path}: {reason}", f"correct {setting}, {_COPY_AGAIN}")


def _check_dates(name: str, dates: Validity, renew: str) -> Check:
    now = datetime.now(UTC)
    if now < dates.starts:
        return failed(name, f"not valid before {dates.starts:%Y-%m-%d}", "check the clock")
    if now >= dates.ends:
        return failed(name, f"expired on {dates.ends:%Y-%m-%d}", f"check the clock, else {renew}")
    if now >= dates.ends - _RENEW:
        return warning(name, f"expires on {dates.ends:%Y-%m-%d}", renew)
    return ok(name, f"valid until {dates.ends:%Y-%m-%d}")
