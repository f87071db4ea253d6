"""How reports and outages are stored."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from smile_cloud.batches import Key
from smile_cloud.check_devices.state import Down, Outage, Report
from smile_cloud.keys import DEVICE_ALERTS_PK, OUTAGE_PREFIX, device_pk
from smile_contract import format_time, parse_time

# An index of DynamoDB lags by seconds at most. For this long, a return is remembered: an older
# state of the device, read from the index, then reports nothing again.
RETURN_KEPT: Final = timedelta(hours=1)


def report_key(device_id: str) -> Key:
    """Return the key of what was reported about a device."""
    return DEVICE_ALERTS_PK, device_pk(device_id)


def outage_key(outage_id: str) -> Key:
    """Return the key of an outage."""
    return DEVICE_ALERTS_PK, f"{OUTAGE_PREFIX}{outage_id}"


def report_item(report: Report, now: datetime) -> dict[str, Any]:
    """Return the item of a report. It expires after the return of its device."""
    pk, sk = report_key(report.device_id)
    is_over = report.back_at is not None and report.pending is None
    return _without_none(
        {
            "pk": pk,
            "sk": sk,
            "device_id": report.device_id,
            "trouble": report.down.trouble,
            "since": format_time(report.down.since),
            "back_at": format_time(report.back_at) if report.back_at is not None else None,
            "camera": report.camera,
            "paused": report.paused,
            "outage_id": report.outage_id,
            "pending": report.pending,
            "token": report.token,
            "expires_at": int((now + RETURN_KEPT).timestamp()) if is_over else None,
        }
    )


def report_of(item: Mapping[str, Any]) -> Report:
    """Return the report in a stored item."""
    return Report(
        device_id=item["device_id"],
        down=Down(item["trouble"], parse_time(item["since"])),
        back_at=parse_time(item["back_at"]) if "back_at" in item else None,
        camera=item.get("camera"),
        paused=item["paused"],
        outage_id=item.get("outage_id"),
        pending=item.get("pending"),
        token=item["token"],
    )


def outage_item(outage: Outage) -> dict[str, Any]:
    """Return the item of an outage. It is deleted when the outage is over."""
    pk, sk = outage_key(outage.outage_id)
    half_back = outage.half_back_since
    return _without_none(
        {
            "pk": pk,
            "sk": sk,
            "since": format_time(outage.since),
            "until": format_time(outage.until),
            "cameras": outage.cameras,
            "fleet": outage.fleet,
            "still_down": outage.still_down,
            "named": list(outage.named),
            "half_back_since": format_time(half_back) if half_back is not None else None,
            "pending": outage.pending,
            "token": outage.token,
        }
    )


def outage_of(item: Mapping[str, Any]) -> Outage:
    """Return the outage in a stored item."""
    return Outage(
        outage_id=item["sk"].removeprefix(OUTAGE_PREFIX),
        since=parse_time(item["since"]),
        until=parse_time(item["until"]),
        cameras=item["cameras"],
        fleet=item["fleet"],
        still_down=item["still_down"],
        named=tuple(item["named"]),
        half_back_since=parse_time(item["half_back_since"]) if "half_back_since" in item else None,
        pending=item.get("pending"),
        token=item["token"],
    )


def _without_none(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
