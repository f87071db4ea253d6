"""What the named shadow `settings` of a device says: wanted, in use, and rejected.

https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-document.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from smile_cloud.device_settings_api.flat import flattened

_WELCOME: Final = "welcome"  # the console of AWS IoT puts it into each shadow that it makes
_REJECTED: Final = "rejected"


@dataclass(frozen=True, slots=True)
class SettingsShadow:
    """What the shadow of a device says.

    Attributes
    ----------
    version : int or None
        None without a shadow.
    desired : Mapping
        What is wanted, by dotted key.
    reported : Mapping or None
        What the device uses, by dotted key; None when it has reported nothing.
    rejections : tuple of Mapping
        ``field``, ``reason`` and perhaps ``value`` of what the device did not accept when it
        reported last.
    """

    version: int | None = None
    desired: Mapping[str, Any] = field(default_factory=dict)
    reported: Mapping[str, Any] | None = None
    rejections: tuple[Mapping[str, Any], ...] = ()

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> SettingsShadow:
        """Return what the answer to GetThingShadow says."""
        state = document["state"]
        desired, reported = dict(state.get("desired") or {}), dict(state.get("reported") or {})
        for section in (desired, reported):
            for key in [key for key in section if key == _WELCOME or "." in key]:
                del section[key]  # a name with a dot cannot be a setting: sections hold them
        rejected = reported.pop(_REJECTED, None)
        return cls(
            document["version"],
            flattened(desired),
            flattened(reported) if reported else None,
            tuple(_readable(rejected)),
        )

    def after(self, changes: Mapping[str, Any]) -> SettingsShadow:
        """Return the shadow with changes of ``desired``; None removes a setting.

        A section that somebody has set to a plain value becomes an object, as AWS IoT merges it.
        """
        gone = {*changes, *(key.rpartition(".")[0] for key in changes)}
        desired = {key: value for key, value in self.desired.items() if key not in gone}
        desired |= {key: value for key, value in changes.items() if value is not None}
        return replace(self, desired=desired)

    def kept(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the device uses and changes do not touch.

        Of a removed setting, only the device knows the value: that of its start.
        """
        return {key: one for key, one in (self.reported or {}).items() if key not in changes}

    def at(self, version: int) -> SettingsShadow:
        """Return the shadow with another version."""
        return replace(self, version=version)

    @property
    def rejected(self) -> list[dict[str, str]]:
        """``field`` and ``reason`` of each value that is wanted and that the device rejects.

        Not those that somebody has changed or removed since; a name may be cut, with … at its end.
        """
        return [
            {"field": one["field"], "reason": str(one.get("reason", ""))}
            for one in self.rejections
            if (self.desired and one["field"].endswith("…"))
            or (
                one["field"] in self.desired
                and one.get("value", self.desired[one["field"]]) == self.desired[one["field"]]
            )
        ]

    @property
    def waiting(self) -> list[str]:
        """The wanted settings that the device neither uses nor rejects, by dotted key."""
        reported = self.reported or {}
        refused = {rejection["field"] for rejection in self.rejected}
        return [
            key
            for key, value in self.desired.items()
            if (key not in reported or reported[key] != value) and key not in refused
        ]


def _readable(reported: object) -> Iterator[Mapping[str, Any]]:
    """Yield what is readable of the list that the device reports."""
    for one in reported if isinstance(reported, list) else ():
        if isinstance(one, Mapping) and isinstance(one.get("field"), str):
            yield one
