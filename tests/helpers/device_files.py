"""Certificates and key of a device, as settings."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.helpers.certificates import certificate

_DAY = timedelta(days=1)


def device_files(folder: Path, **dates: timedelta) -> dict[str, object]:
    """Write root CA, server's and device's certificate; return the settings of the device."""
    root_ca = certificate(folder, "ca", ends=400 * _DAY)
    certificate(folder, "server", root_ca)
    certificate(folder, "cam-1", root_ca, **({"ends": 400 * _DAY} | dates))
    return {
        "mqtt.ca_file": folder / "ca.crt",
        "mqtt.cert_file": folder / "cam-1.crt",
        "mqtt.key_file": folder / "cam-1.secret",
    }
