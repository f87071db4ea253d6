"""``make device`` and ``make device-remove`` in a test, and what they leave behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ops.device.__main__ import main

POLICY = "smile-dev-DevicePolicy-1"
FOLDER = Path("devices/dev/cam-1")


def add(name: str = "cam-1", *more: str) -> int:
    """Add a device; return the exit code."""
    return main(["add", "--name", name, *more])


def remove(name: str = "cam-1") -> int:
    """Remove a device; return the exit code."""
    return main(["remove", "--name", name])


def certificates(iot: Any, name: str = "cam-1") -> list[str]:
    """Return the ARNs of a thing's certificates."""
    return list(iot.list_thing_principals(thingName=name)["principals"])


def status(iot: Any, arn: str) -> str:
    """Return the status of a certificate."""
    found = iot.describe_certificate(certificateId=arn.rpartition("/")[2])
    return str(found["certificateDescription"]["status"])


def files() -> dict[str, bytes]:
    """Return the content of the files in `FOLDER` by name."""
    return {path.name: path.read_bytes() for path in FOLDER.iterdir()}
