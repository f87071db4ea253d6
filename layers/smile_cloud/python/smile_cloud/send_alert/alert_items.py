"""The items of `alert_state`: how markers and the alerts of a device are stored."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from smile_cloud.alert_settings.model import Level
from smile_cloud.attributes import to_attributes
from smile_cloud.send_alert.alert_state import (
    Claim,
    DeviceAlerts,
    DeviceClaim,
    Handled,
    Marker,
)
from smile_contract import format_time, parse_time

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def marker_fields(marker: Marker) -> dict[str, Any]:
    """Return the fields of a marker's item, without its key."""
    return _without_none(
        {
            "token": marker.token,
            "handled": marker.handled,
            "level": marker.level,
            "counted_in": marker.counted_in,
            "claim": _claim_fields(marker.claim) if marker.claim is not None else None,
        }
    )


def marker_of(item: Mapping[str, Any] | None) -> Marker | None:
    """Return the marker in a stored item, None when there is no item."""
    if item is None:
        return None
    return Marker(
        token=item["token"],
        handled=Handled(item["handled"]) if "handled" in item else None,
        level=item.get("level"),
        counted_in=item["counted_in"],
        claim=_claim(item["claim"]) if "claim" in item else None,
    )


def device_fields(device: DeviceAlerts) -> dict[str, Any]:
    """Return the fields of the item of a device's alerts, without its key."""
    return _without_none(
        {
            "version": device.version,
            "last_sent_at": _text(device.last_sent_at),
            "last_sure_at": _text(device.last_sure_at),
            "sent_at_ms": [_ms(at) for at in device.sent_at],
            "suppressed": device.suppressed,
            "suppressed_since": _text(device.suppressed_since),
            "count_number": device.count_number,
            "claims": {
                event_id: _without_none(
                    _claim_fields(one.claim) | {"reported": one.reported, "since": _text(one.since)}
                )
                for event_id, one in device.claims.items()
            },
        }
    )


def device_of(item: Mapping[str, Any] | None) -> DeviceAlerts:
    """Return the alerts of a device in a stored item, None when there is no item.

    The items of earlier versions lack fields.
    """
    if item is None:
        return DeviceAlerts()
    return DeviceAlerts(
        version=item["version"],
        last_sent_at=_time(item.get("last_sent_at")),
        last_sure_at=_time(item.get("last_sure_at")),
        sent_at=tuple(_EPOCH + at_ms * _MILLISECOND for at_ms in item.get("sent_at_ms", ())),
        suppressed=item["suppressed"],
        suppressed_since=_time(item.get("suppressed_since")),
        count_number=item.get("count_number", 1),
        claims={
            event_id: DeviceClaim(_claim(one), one["reported"], _time(one.get("since")))
            for event_id, one in item.get("claims", {}).items()
        },
    )


def sent_update(event_id: str, level: Level, now: datetime) -> dict[str, Any]:
    """Return the parameters of UpdateItem that record a sent alert in the item of its device.

    The update fits any state of the item, so no other change of the item makes it fail.
    """
    changes = [
        "last_sent_at = :now",
        "sent_at_ms = list_append(if_not_exists(sent_at_ms, :none), :now_ms)",
    ]
    if level == "sure":
        changes.append("last_sure_at = :now")
    values = {":now": format_time(now), ":now_ms": [_ms(now)], ":none": [], ":one": 1}
    return {
        "UpdateExpression": f"SET {', '.join(changes)} REMOVE claims.#event ADD version :one",
        "ExpressionAttributeNames": {"#event": event_id},
        "ExpressionAttributeValues": to_attributes(values),
    }


def _ms(at: datetime) -> int:
    return (at - _EPOCH) // _MILLISECOND


def _claim_fields(claim: Claim) -> dict[str, Any]:
    return {"level": claim.level, "at": format_time(claim.at)}


def _claim(fields: Mapping[str, Any]) -> Claim:
    return Claim(fields["level"], parse_time(fields["at"]))


def _text(at: datetime | None) -> str | None:
    return format_time(at) if at is not None else None


def _time(text: str | None) -> datetime | None:
    return parse_time(text) if text is not None else None


def _without_none(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
