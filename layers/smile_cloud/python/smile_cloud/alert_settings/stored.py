"""Stored settings: the values that somebody has set for the fleet or for a device."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, Literal

from smile_cloud.alert_settings.fields import FIELDS
from smile_cloud.alert_settings.model import AlertSettings
from smile_contract import ContractError, parse_time

Origin = Literal["device", "fleet", "default"]


@dataclass(frozen=True, slots=True)
class StoredSettings:
    """The settings stored at one level; the others come from the level below.

    Attributes
    ----------
    values : Mapping
        Values by name, as `AlertSettings` holds them.
    updated_at : datetime or None
        When somebody last changed them, UTC; None when nothing is stored.
    paused_by_link : datetime or None
        The `suspended_until` that the page of an alert has set.
    """

    values: Mapping[str, Any]
    updated_at: datetime | None = None
    paused_by_link: datetime | None = None


NOTHING_STORED: Final = StoredSettings(MappingProxyType({}))


def parse_stored(item: Mapping[str, Any] | None) -> StoredSettings:
    """Return the settings in a stored item, None when there is no item.

    A value that this code cannot use, such as a zone that the time zone database no longer has,
    is left out: an alert must not fail because of it.
    """
    if item is None:
        return NOTHING_STORED
    values = {}
    for name, codec in FIELDS.items():
        if name in item:
            try:
                values[name] = codec.decode(item[name], name)
            except ContractError:
                continue
    return StoredSettings(values, _time(item.get("updated_at")), _time(item.get("paused_by_link")))


def merge(
    defaults: AlertSettings, fleet: StoredSettings, device: StoredSettings = NOTHING_STORED
) -> AlertSettings:
    """Return the settings in effect: the device's before the fleet's before the defaults.

    Suspensions add up: alerts are suspended until the later time of the two levels. Otherwise a
    device that was once paused for an hour would ignore a suspension of the fleet.
    """
    values = {**fleet.values, **device.values}
    until = [
        level["suspended_until"]
        for level in (fleet.values, device.values)
        if level.get("suspended_until") is not None
    ]
    return replace(defaults, **values | {"suspended_until": max(until, default=None)})


def origins(fleet: StoredSettings, device: StoredSettings = NOTHING_STORED) -> dict[str, Origin]:
    """Return the level that each setting in effect comes from."""
    levels: tuple[tuple[Origin, Mapping[str, Any]], ...] = (
        ("device", device.values),
        ("fleet", fleet.values),
    )
    found: dict[str, Origin] = {
        name: next((level for level, values in levels if name in values), "default")
        for name in FIELDS
    }
    of_fleet, of_device = (v.values.get("suspended_until") for v in (fleet, device))
    if of_fleet is not None and (of_device is None or of_fleet > of_device):
        found["suspended_until"] = "fleet"
    return found


def _time(text: object) -> datetime | None:
    return parse_time(text) if isinstance(text, str) else None
