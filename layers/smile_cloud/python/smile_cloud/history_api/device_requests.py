"""The requests for devices, parsed strictly: every invalid parameter is reported at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from smile_cloud.device_registry.condition import DeviceState
from smile_cloud.http.parameters import Parameters

DEFAULT_DEVICES: Final = 50
MAX_DEVICES: Final = 100
DEVICE_PARAMETERS: Final = ("state", "limit", "cursor")


@dataclass(frozen=True, slots=True)
class ListDevices:
    """``GET /v1/devices``: one page of the devices.

    Attributes
    ----------
    state : DeviceState or None
        None means all states.
    limit : int
        Largest number of devices in the page, 1 to 100.
    cursor : str or None
        ``next_cursor`` of the previous page.
    """

    state: DeviceState | None
    limit: int
    cursor: str | None

    @classmethod
    def parse(cls, parameters: Mapping[str, Sequence[str]]) -> ListDevices:
        """Return the request in the query string of the URL.

        Raises
        ------
        QueryError
            Names every parameter that is unknown, repeated or invalid.
        """
        read = Parameters(parameters, DEVICE_PARAMETERS)
        state = read.choice("state", [str(one) for one in DeviceState])
        limit = read.whole_number("limit", 1, MAX_DEVICES)
        read.check()
        return cls(
            None if state is None else DeviceState(state),
            DEFAULT_DEVICES if limit is None else limit,
            read.text("cursor"),
        )


@dataclass(frozen=True, slots=True)
class GetDevice:
    """``GET /v1/devices/{device}``: one device."""

    device_id: str

    @classmethod
    def parse(cls, device_id: str, parameters: Mapping[str, Sequence[str]]) -> GetDevice:
        """Return the request in the URL; `device_id` is unescaped.

        Raises
        ------
        QueryError
            When the id is invalid, or there are parameters.
        """
        read = Parameters(parameters, ())
        read.path_device(device_id)
        read.check()
        return cls(device_id)
